//! Many devices that think before they answer cost next to nothing: they wait side by side.

use crate::{cameras, options, options_of, right};
use std::time::Duration;
use tokio::time::Instant;
use watchwall_camsim::{DeviceSpec, Farm};
use watchwall_onvif::{Device, DeviceAddress};

#[tokio::test]
async fn two_hundred_devices_think_side_by_side() {
    const DEVICES: usize = 200;
    let think_time = Duration::from_millis(60);
    let spec = |number| DeviceSpec { think_time, ..DeviceSpec::new(format!("D{number}"), vec![number]) };
    let farm = Farm::start(options_of(cameras(DEVICES), (0..DEVICES).map(spec).collect())).await.unwrap();
    let http = options().http;
    let start = Instant::now();
    let connecting = (0..DEVICES).map(|number| {
        let address = DeviceAddress::parse(&farm.device_url(number).unwrap()).unwrap();
        let key = Some(watchwall_model::DeviceKey::new(format!("device {number}")));
        let options = watchwall_onvif::ClientOptions { http: http.clone(), device_key: key, ..options() };
        Device::connect(address, right(), options)
    });
    let surveys = futures::future::join_all(connecting).await;
    let took = start.elapsed();
    assert!(surveys.iter().all(|survey| survey.first_error().is_none()));
    let calls: u64 = farm.device_counters(0).unwrap().operations.values().sum();
    // One after the other they would take longer than all of them together did.
    let in_a_row = think_time * u32::try_from(calls).unwrap() * u32::try_from(DEVICES).unwrap();
    println!("{DEVICES} devices, {calls} calls each: {took:?}, in a row {in_a_row:?}");
    assert!(took < in_a_row / 2, "{took:?} of {in_a_row:?}");
    farm.shutdown().await;
}
