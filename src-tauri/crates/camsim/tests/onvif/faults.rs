//! Operations spoiled on command, and the cameras' own faults as SOAP meets them.

use crate::{address, connected, device, eventually, farm, options, right, survey};
use std::time::Duration;
use watchwall_camsim::{Fault, SoapAnswer, SoapFault};
use watchwall_model::ErrorCode;
use watchwall_onvif::{
    Client, ClientOptions, ErrorKind, OnvifError,
    operations::{GetProfiles, GetUsers},
    soap::FaultKind,
};

#[tokio::test]
async fn an_operation_is_spoiled_in_every_way_and_healed() {
    let farm = farm(device()).await;
    let patient = ClientOptions { size_limit_bytes: 8 * 1024 * 1024, ..options() };
    let client = Client::new(address(&farm, 0), right(), patient);
    assert!(client.call(&GetUsers).await.is_ok());
    let fault = SoapAnswer::Fault { status: 400, subcodes: vec!["InvalidArgVal".into()], reason: "no".into() };
    let spoiled = [
        (fault, ErrorKind::Refused),
        (SoapAnswer::Status { status: 500 }, ErrorKind::NotOnvif),
        (SoapAnswer::Html { status: 200 }, ErrorKind::NotOnvif),
        (SoapAnswer::Huge { bytes: 8 * 1024 * 1024 }, ErrorKind::NotOnvif),
        (SoapAnswer::Deep { depth: 10_000 }, ErrorKind::NotOnvif),
        (SoapAnswer::EntityBomb, ErrorKind::NotOnvif),
        (SoapAnswer::Close, ErrorKind::Unreachable),
    ];
    for (answer, expect) in spoiled {
        farm.soap_fault(0, SoapFault::new("GetUsers", answer.clone())).unwrap();
        let error = client.call(&GetUsers).await.unwrap_err();
        assert_eq!(error.kind(), expect, "{answer:?}: {error}");
        farm.clear_soap_faults(0).unwrap();
        assert!(client.call(&GetUsers).await.is_ok(), "{answer:?}");
    }
    farm.shutdown().await;
}

#[tokio::test]
async fn one_byte_at_a_time_and_nothing_at_all_end_by_the_clients_patience() {
    let farm = farm(device()).await;
    let hasty = ClientOptions { read_timeout: Duration::from_millis(700), ..options() };
    let client = Client::new(address(&farm, 0), right(), hasty);
    for answer in [SoapAnswer::Drip { gap_ms: 1000 }, SoapAnswer::Nothing, SoapAnswer::Late { ms: 60_000 }] {
        farm.soap_fault(0, SoapFault::new("GetUsers", answer.clone())).unwrap();
        let error = client.call(&GetUsers).await.unwrap_err();
        assert!(matches!(error, OnvifError::Timeout { .. }), "{answer:?}: {error}");
        farm.clear_soap_faults(0).unwrap();
    }
    let client = Client::new(address(&farm, 0), right(), options());
    farm.soap_fault(0, SoapFault::new("GetUsers", SoapAnswer::Drip { gap_ms: 0 })).unwrap();
    assert!(client.call(&GetUsers).await.is_ok(), "slow and right");
    farm.shutdown().await;
}

#[tokio::test]
async fn a_fault_heals_after_its_times() {
    let farm = farm(device()).await;
    let answer = SoapAnswer::Fault { status: 500, subcodes: vec!["ActionNotSupported".into()], reason: String::new() };
    farm.soap_fault(0, SoapFault { times: Some(1), ..SoapFault::new("*", answer) }).unwrap();
    let client = Client::new(address(&farm, 0), right(), options());
    assert_eq!(client.call(&GetProfiles).await.unwrap_err().fault_kind(), Some(FaultKind::Unsupported));
    assert!(client.call(&GetProfiles).await.is_ok());
    farm.shutdown().await;
}

#[tokio::test]
async fn a_camera_that_is_off_answers_no_soap() {
    let farm = farm(device()).await;
    connected(&farm).await;
    farm.fault(0, Fault::Offline).await.unwrap();
    eventually("the port is closed", async || {
        survey(&farm, right()).await.first_error().is_some_and(|(_, error)| error.code == ErrorCode::PortRefused)
    })
    .await;
    farm.clear(0).await.unwrap();
    eventually("it is back", async || survey(&farm, right()).await.first_error().is_none()).await;
    farm.fault(0, Fault::HtmlAnswer).await.unwrap();
    assert_eq!(survey(&farm, right()).await.first_error().unwrap().1.code, ErrorCode::NotOnvif);
    farm.shutdown().await;
}
