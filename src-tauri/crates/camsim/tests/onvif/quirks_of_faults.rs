//! Faults in every dress: a refused login is known for one, and so is what a device does not have.

use crate::{connected, device, farm, login, survey};
use watchwall_camsim::{DeviceSpec, Quirk, SoapLogin};
use watchwall_model::ErrorCode;
use watchwall_onvif::{
    ErrorKind, OnvifError,
    operations::{CreateProfile2, StartMulticastStreaming},
};

/// With faults like these the login is asked for, refused and taken; and an operation that is missing is known to be.
async fn knows(quirk: Quirk, expect: ErrorKind) {
    let spec = DeviceSpec { login: SoapLogin::Token, quirks: vec![quirk], ..device() };
    let farm = farm(spec).await;
    let refused = survey(&farm, login("admin", "wrong")).await;
    assert_eq!(refused.first_error().expect("a refusal").1.code, ErrorCode::CredentialsWrong);
    let wrong = farm.device_counters(0).unwrap().password_attempts_total;
    assert!((1..=2).contains(&wrong), "{wrong}");
    let device = connected(&farm).await;
    let profile = device.channels[0].main.clone().unwrap();
    let error = device.client.call(&StartMulticastStreaming { profile }).await.unwrap_err();
    assert_eq!(error.kind(), expect, "{error}");
    farm.shutdown().await;
}

macro_rules! knows {
    ($($test:ident $quirk:ident $expect:ident,)*) => {
        $(
            #[tokio::test]
            async fn $test() {
                knows(Quirk::$quirk, ErrorKind::$expect).await;
            }
        )*
    };
}

knows! {
    quirk_fault_status200 FaultStatus200 Unsupported,
    quirk_fault_status500 FaultStatus500 Unsupported,
    quirk_fault_without_subcode FaultWithoutSubcode Unsupported,
    quirk_fault_in_detail FaultInDetail Unsupported,
    quirk_soap11_faults Soap11Faults Unsupported,
    quirk_html_errors HtmlErrors NotOnvif,
    quirk_text_errors TextErrors Unsupported,
}

#[tokio::test]
async fn quirk_empty_unknown() {
    let farm = farm(DeviceSpec { quirks: vec![Quirk::EmptyUnknown], ..device() }).await;
    let client = connected(&farm).await.client;
    // Nothing tells it from success but what is missing in the answer.
    let error = client.call(&CreateProfile2 { name: "new".into() }).await.unwrap_err();
    assert!(matches!(error, OnvifError::Incomplete { .. }), "{error}");
    farm.shutdown().await;
}
