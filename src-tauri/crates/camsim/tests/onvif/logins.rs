//! Every way to log in, wrong passwords counted, locks.

use crate::{address, connected, device, farm, login, options, right, rtsp, survey};
use watchwall_camsim::{Account, AccountLevel, DeviceSpec, Fault, Lockout, LoginAttempts, SoapLogin};
use watchwall_model::{ErrorCode, LockoutLatch, Secret, StreamRole};
use watchwall_onvif::{
    AuthMode, Client, ClientOptions, Device, LoginSeen, OnvifError, PlainPassword, Step,
    operations::{CreateUsers, DeleteUsers, DeviceUser, GetProfiles, GetUsers, SetUser, SystemReboot, UserLevel},
};

async fn check(login: SoapLogin, options: ClientOptions, expect: LoginSeen) {
    let farm = farm(DeviceSpec { login, ..device() }).await;
    let survey = Device::connect(address(&farm, 0), right(), options).await;
    assert_eq!(survey.first_error(), None, "{login:?}");
    let device = survey.device.unwrap();
    assert_eq!(device.facts.login, Some(expect), "{login:?}");
    assert_eq!(device.streams.len(), 2);
    assert_eq!(farm.device_counters(0).unwrap().password_attempts_total, 0, "{login:?}");
    farm.shutdown().await;
}

#[tokio::test]
async fn every_way_to_log_in() {
    check(SoapLogin::Open, options(), LoginSeen::Nothing).await;
    check(SoapLogin::Digest, options(), LoginSeen::Digest).await;
    check(SoapLogin::DigestSha256, options(), LoginSeen::Digest).await;
    check(SoapLogin::DigestEither, options(), LoginSeen::Digest).await;
    check(SoapLogin::Token, options(), LoginSeen::Wsse).await;
    check(SoapLogin::DigestOrToken, options(), LoginSeen::Digest).await;
    check(SoapLogin::DigestOrToken, ClientOptions { auth: AuthMode::Wsse, ..options() }, LoginSeen::Wsse).await;
    check(SoapLogin::Basic, ClientOptions { plain_password: PlainPassword::Allowed, ..options() }, LoginSeen::Basic)
        .await;
}

#[tokio::test]
async fn a_camera_without_accounts_lets_everybody_in() {
    let camera = watchwall_camsim::CameraSpec { credentials: None, ..crate::camera("Open") };
    let farm = watchwall_camsim::Farm::start(crate::options_of(vec![camera], vec![device()])).await.unwrap();
    let survey = survey(&farm, None).await;
    assert_eq!(survey.first_error(), None);
    assert_eq!(farm.device_counters(0).unwrap().challenges, 0);
    farm.shutdown().await;
}

#[tokio::test]
async fn a_wrong_password_is_counted_at_the_door_it_came_through() {
    for way in [SoapLogin::Digest, SoapLogin::DigestEither, SoapLogin::Token] {
        let farm = farm(DeviceSpec { login: way, ..device() }).await;
        let latch = LockoutLatch::default();
        for _ in 0..3 {
            let options = ClientOptions { latch: latch.clone(), ..options() };
            let survey = Device::connect(address(&farm, 0), login("admin", "wrong"), options).await;
            let (step, error) = survey.first_error().unwrap();
            assert_eq!((step, error.code), (Step::Authenticate, ErrorCode::CredentialsWrong), "{way:?}");
        }
        let soap = farm.device_counters(0).unwrap().password_attempts;
        assert!((1..=2).contains(&soap.soap) && soap.total() == soap.soap, "{way:?}: {soap:?}");
        let answer = rtsp::describe(&farm.rtsp_url(0, StreamRole::Main), "admin", "wrong").await;
        assert!(answer.starts_with("RTSP/1.0 401"), "{answer}");
        let both = farm.device_counters(0).unwrap().password_attempts;
        assert_eq!(both, LoginAttempts { rtsp: 1, ..soap });
        assert_eq!(farm.counters(0).unwrap().password_attempts, 1);
        farm.shutdown().await;
    }
}

#[tokio::test]
async fn a_locked_device_says_so_at_every_door() {
    let lockout = Some(Lockout { attempts: 1, ms: 3_600_000 });
    let farm = farm(DeviceSpec { lockout, login: SoapLogin::Token, ..device() }).await;
    let first = survey(&farm, login("admin", "wrong")).await;
    assert_eq!(first.first_error().unwrap().1.code, ErrorCode::AccountLocked);
    let survey = survey(&farm, right()).await;
    assert_eq!(survey.first_error().unwrap().1.code, ErrorCode::AccountLocked);
    let counters = farm.device_counters(0).unwrap();
    assert!(counters.is_locked);
    assert_eq!(counters.password_attempts_total, 1);
    let answer = rtsp::describe(&farm.rtsp_url(0, StreamRole::Main), "admin", "right").await;
    assert!(answer.starts_with("RTSP/1.0 401"), "{answer}");
    farm.shutdown().await;
}

#[tokio::test]
async fn a_device_with_accounts_apart_refuses_the_web_account_at_soap() {
    let onvif_accounts = vec![Account::administrator("onvif", Secret::new("other"))];
    let farm = farm(DeviceSpec { onvif_accounts, ..device() }).await;
    let refused = survey(&farm, right()).await;
    assert_eq!(refused.first_error().unwrap().1.code, ErrorCode::CredentialsWrong);
    let survey = survey(&farm, login("onvif", "other")).await;
    assert_eq!(survey.first_error(), None);
    for (user, password) in [("admin", "right"), ("onvif", "other")] {
        let answer = rtsp::describe(&farm.rtsp_url(0, StreamRole::Main), user, password).await;
        assert!(answer.starts_with("RTSP/1.0 200"), "{user}: {answer}");
    }
    farm.shutdown().await;
}

#[tokio::test]
async fn every_character_of_a_password_counts() {
    let password = "p@:/%&<>\"'\\密码";
    for way in [SoapLogin::Digest, SoapLogin::DigestSha256, SoapLogin::Token] {
        let accounts = vec![Account::administrator("用户 \"a\"", Secret::new(password))];
        let farm = farm(DeviceSpec { accounts, login: way, ..device() }).await;
        let survey = survey(&farm, login("用户 \"a\"", password)).await;
        assert_eq!(survey.first_error(), None, "{way:?}");
        farm.shutdown().await;
    }
}

#[tokio::test]
async fn users_are_made_changed_and_deleted_and_rtsp_follows() {
    let farm = farm(device()).await;
    let device = connected(&farm).await;
    let client = &device.client;
    let user = |name: &str, level| DeviceUser { name: name.into(), level };
    let describe = async |user: &str, password: &str| {
        let answer = rtsp::describe(&farm.rtsp_url(0, StreamRole::Main), user, password).await;
        answer.split(' ').nth(1).unwrap().parse::<u16>().unwrap()
    };
    let guest = user("guest", UserLevel::User);
    client.call(&CreateUsers { user: guest.clone(), password: Secret::new("g") }).await.unwrap();
    assert!(client.call(&CreateUsers { user: guest.clone(), password: Secret::new("g") }).await.is_err());
    let names: Vec<_> = client.call(&GetUsers).await.unwrap().into_iter().map(|user| user.name).collect();
    assert_eq!(names, ["admin", "guest"]);
    assert_eq!(describe("guest", "g").await, 200);
    // The guest looks and does not touch.
    let visitor = Client::new(address(&farm, 0), login("guest", "g"), options());
    assert!(visitor.call(&GetProfiles).await.is_ok());
    let error = visitor.call(&SystemReboot).await.unwrap_err();
    assert!(matches!(error, OnvifError::Fault { .. }), "{error}");
    client
        .call(&SetUser { user: user("admin", UserLevel::Administrator), password: Secret::new("new") })
        .await
        .unwrap();
    assert_eq!((describe("admin", "right").await, describe("admin", "new").await), (401, 200));
    client.set_credentials(login("admin", "new"));
    assert!(client.call(&GetUsers).await.is_ok());
    client.call(&DeleteUsers(vec!["guest".into()])).await.unwrap();
    assert_eq!(describe("guest", "g").await, 401);
    assert!(client.call(&DeleteUsers(vec!["admin".into()])).await.is_err(), "the last administrator stays");
    assert!(AccountLevel::User < AccountLevel::Administrator);
    farm.shutdown().await;
}

#[tokio::test]
async fn a_password_that_a_fault_changed_is_wrong_for_soap_too() {
    let farm = farm(device()).await;
    farm.fault(0, Fault::WrongPassword).await.unwrap();
    let refused = survey(&farm, right()).await;
    assert_eq!(refused.first_error().unwrap().1.code, ErrorCode::CredentialsWrong);
    farm.clear(0).await.unwrap();
    connected(&farm).await;
    farm.shutdown().await;
}
