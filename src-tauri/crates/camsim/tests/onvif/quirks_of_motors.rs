//! PTZ as real devices have it: whatever is started is stopped.

use crate::{connected, device, eventually, farm};
use watchwall_camsim::{DeviceSpec, Farm, Quirk};
use watchwall_onvif::{
    Device, PtzControl,
    operations::{GetPtzConfigurationOptions, GetPtzConfigurations, GetPtzStatus, MoveStatus, PtzVector, Span},
    soap::Service,
};

async fn timeouts(device: &Device) -> Option<Span<u64>> {
    let configurations = device.client.call(&GetPtzConfigurations).await.unwrap();
    let options = GetPtzConfigurationOptions { configuration: configurations[0].token.clone() };
    device.client.call(&options).await.unwrap().timeout_ms
}

/// Moves and stops.
async fn stops(quirk: Quirk) -> (Farm, Device) {
    let farm = farm(DeviceSpec { quirks: vec![quirk], ..device() }).await;
    let device = connected(&farm).await;
    let profile = device.channels[0].ptz_profile.clone().unwrap();
    let control = PtzControl::new(device.client.clone(), profile.clone(), timeouts(&device).await);
    control.start(PtzVector { pan_tilt: Some((0.5, 0.5)), zoom: Some(0.5) }, 30_000).await.unwrap();
    let status = async || device.client.call(&GetPtzStatus { profile: profile.clone() }).await.unwrap();
    eventually("it moves", async || status().await.position.unwrap().pan_tilt.unwrap().0 > 0.0).await;
    control.stop().await.unwrap();
    assert_eq!((status().await.pan_tilt, status().await.zoom), (Some(MoveStatus::Idle), Some(MoveStatus::Idle)));
    (farm, device)
}

macro_rules! stops {
    ($($test:ident $quirk:ident,)*) => {
        $(
            #[tokio::test]
            async fn $test() {
                let (farm, _) = stops(Quirk::$quirk).await;
                farm.shutdown().await;
            }
        )*
    };
}

stops! {
    quirk_ptz_no_stop PtzNoStop,
    quirk_ptz_wants_space PtzWantsSpace,
    quirk_ptz_refuses_timeout PtzRefusesTimeout,
    quirk_ptz_ignores_timeout PtzIgnoresTimeout,
}

#[tokio::test]
async fn quirk_ptz_old_namespace() {
    let (farm, device) = stops(Quirk::PtzOldNamespace).await;
    assert!(device.services.has(&Service::Ptz));
    farm.shutdown().await;
}

#[tokio::test]
async fn quirk_ptz_zero_timeout() {
    let (farm, device) = stops(Quirk::PtzZeroTimeout).await;
    assert_eq!(timeouts(&device).await, None);
    farm.shutdown().await;
}
