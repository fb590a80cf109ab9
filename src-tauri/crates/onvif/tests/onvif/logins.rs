//! Every login a device may want, and the count of passwords it has to see for it.

use crate::{
    address, client,
    device::{Camera, Guard, Reply, Setup},
    login, options, right, with_latch, wrong,
};
use std::{sync::Arc, time::Duration};
use watchwall_model::{DeviceKey, LockoutLatch};
use watchwall_onvif::{
    AuthMode, Client, ClientOptions, DeviceAddress, LoginSeen, OnvifError, PlainPassword,
    operations::{GetDeviceInformation, GetProfiles, GetSystemDateAndTime, GetUsers},
    soap::FaultKind,
};

async fn guarded(guard: Guard) -> Camera {
    Camera::start(Setup { guard, ..Setup::default() }).await
}

/// Logs in twice; the device must have seen no wrong password.
async fn opens(camera: &Camera, options: ClientOptions, seen: LoginSeen) -> Client {
    let client = Client::new(address(camera), Some(right()), options);
    for _ in 0..2 {
        assert_eq!(client.call(&GetProfiles).await.unwrap().len(), 2);
    }
    assert_eq!((camera.wrong(), camera.right()), (0, 2));
    assert_eq!(client.login_seen(), seen);
    client
}

#[tokio::test]
async fn digest_md5_is_learnt_without_spending_a_password() {
    let camera = guarded(Guard::Digest(&["MD5"])).await;
    opens(&camera, options(), LoginSeen::Digest).await;
    let asked: Vec<_> = camera.requests().iter().map(|request| request.header("authorization").is_some()).collect();
    assert_eq!(asked, [false, true, true]);
    assert!(camera.requests()[2].header("authorization").unwrap().contains("nc=00000002"));
}

#[tokio::test]
async fn digest_sha_256_is_preferred_whatever_its_place() {
    for algorithms in [&["MD5", "SHA-256"], &["SHA-256", "MD5"]] {
        let camera = guarded(Guard::Digest(algorithms)).await;
        opens(&camera, options(), LoginSeen::Digest).await;
        assert!(camera.requests()[1].header("authorization").unwrap().contains("SHA-256"));
    }
}

#[tokio::test]
async fn a_token_after_a_fault_of_any_status() {
    for status in [400, 500, 200] {
        let camera = guarded(Guard::Token { status }).await;
        opens(&camera, options(), LoginSeen::Wsse).await;
        assert_eq!(camera.operations(), ["GetProfiles", "GetSystemDateAndTime", "GetProfiles", "GetProfiles"]);
    }
}

#[tokio::test]
async fn a_device_that_offers_digest_and_means_a_token() {
    // TP-Link C520WS answers faults, whatever it is sent but a token. The wrong try is the device's own fault.
    let camera = guarded(Guard::DigestThatFaults).await;
    let client = client(&camera, Some(right()));
    assert_eq!(client.call(&GetProfiles).await.unwrap().len(), 2);
    assert_eq!((camera.wrong(), camera.right()), (1, 1));
}

#[tokio::test]
async fn everything_guarded_even_the_clock() {
    for guard in [Guard::DigestForAll, Guard::TokenForAll] {
        let camera = guarded(guard).await;
        let client = client(&camera, Some(right()));
        assert!(client.call(&GetSystemDateAndTime).await.unwrap().shown().is_some());
        assert_eq!(client.call(&GetProfiles).await.unwrap().len(), 2);
        assert_eq!(camera.wrong(), 0);
    }
}

#[tokio::test]
async fn both_at_once_by_a_persons_word() {
    let camera = guarded(Guard::Both).await;
    let client = Client::new(address(&camera), Some(right()), ClientOptions { auth: AuthMode::Both, ..options() });
    assert_eq!(client.call(&GetProfiles).await.unwrap().len(), 2);
    assert_eq!((camera.wrong(), client.login_seen()), (0, LoginSeen::Both));
}

#[tokio::test]
async fn basic_only_by_leave_or_over_tls() {
    let camera = guarded(Guard::Basic).await;
    let error = client(&camera, Some(right())).call(&GetProfiles).await.unwrap_err();
    assert!(matches!(error, OnvifError::BasicOnly { .. }), "{error}");
    assert!(camera.requests().iter().all(|request| request.header("authorization").is_none()));
    let allowed = ClientOptions { plain_password: PlainPassword::Allowed, ..options() };
    assert!(Client::new(address(&camera), Some(right()), allowed).call(&GetProfiles).await.is_ok());

    let safe = Camera::start(Setup { guard: Guard::Basic, tls: true, ..Setup::default() }).await;
    let address = DeviceAddress::parse(&format!("https://127.0.0.1:{}", safe.port())).unwrap();
    assert!(Client::new(address, Some(right()), options()).call(&GetProfiles).await.is_ok());
}

#[tokio::test]
async fn a_stale_nonce_is_no_refusal() {
    let camera = Camera::start(Setup { nonce_uses: 1, ..Setup::default() }).await;
    let latch = LockoutLatch::default();
    let client = Client::new(address(&camera), Some(right()), with_latch(&latch));
    for _ in 0..6 {
        assert!(client.call(&GetProfiles).await.is_ok());
    }
    assert_eq!((camera.wrong(), camera.right()), (0, 6));
}

#[tokio::test]
async fn odd_characters_in_names_and_passwords() {
    let odd = "@:/%&<>\" 密码'\\";
    for guard in [Guard::Digest(&["MD5"]), Guard::Token { status: 400 }] {
        let camera = Camera::start(Setup { guard, username: "管理&<员>", password: odd, ..Setup::default() }).await;
        let answer = client(&camera, Some(login("管理&<员>", odd))).call(&GetProfiles).await;
        assert!(answer.is_ok(), "{guard:?}: {answer:?}");
    }
}

#[tokio::test]
async fn an_empty_user_name_is_a_user_name() {
    let camera = Camera::start(Setup { username: "", password: "", ..Setup::default() }).await;
    assert!(client(&camera, Some(login("", ""))).call(&GetProfiles).await.is_ok());
}

#[tokio::test]
async fn no_credentials_no_try() {
    for guard in [Guard::Digest(&["MD5"]), Guard::Token { status: 400 }] {
        let camera = guarded(guard).await;
        let error = client(&camera, None).call(&GetProfiles).await.unwrap_err();
        assert!(matches!(error, OnvifError::CredentialsMissing { .. }), "{error}");
        assert_eq!(camera.operations(), ["GetProfiles"]);
    }
}

#[tokio::test]
async fn a_wrong_password_costs_the_device_two_tries_at_most_whoever_asks() {
    let guards = [
        Guard::Digest(&["MD5", "SHA-256"]),
        Guard::Token { status: 400 },
        Guard::DigestThatFaults,
        Guard::DigestForAll,
        Guard::TokenForAll,
    ];
    for guard in guards {
        let camera = guarded(guard).await;
        let latch = LockoutLatch::default();
        // Three clients, as after restarts of parts of the site, with many callers each.
        for _ in 0..3 {
            let client = Client::new(address(&camera), Some(wrong()), with_latch(&latch));
            let callers = (0..8).map(|number| {
                let client = client.clone();
                tokio::spawn(async move {
                    if number % 2 == 0 {
                        client.call(&GetProfiles).await.map(|_| ())
                    } else {
                        client.picture("http://10.9.9.9/snap.jpg").await.map(|_| ())
                    }
                })
            });
            for caller in callers.collect::<Vec<_>>() {
                let error = caller.await.unwrap().unwrap_err();
                assert!(matches!(error, OnvifError::CredentialsWrong { .. }), "{guard:?}: {error}");
            }
        }
        assert!((1..=2).contains(&camera.wrong()), "{guard:?}: {}", camera.wrong());
        // A person mends it.
        let client = Client::new(address(&camera), Some(wrong()), with_latch(&latch));
        client.set_credentials(Some(right()));
        assert!(client.call(&GetProfiles).await.is_ok(), "{guard:?}");
    }
}

#[tokio::test]
async fn a_device_behind_the_same_address_has_a_latch_of_its_own_when_it_is_named() {
    let (one, two) = (guarded(Guard::Digest(&["MD5"])).await, guarded(Guard::Digest(&["MD5"])).await);
    let latch = LockoutLatch::default();
    for (camera, key) in [(&one, "nat:1"), (&two, "nat:2")] {
        let options = ClientOptions { device_key: Some(DeviceKey::new(key)), ..with_latch(&latch) };
        let client = Client::new(address(camera), Some(wrong()), options);
        for _ in 0..3 {
            client.call(&GetProfiles).await.unwrap_err();
        }
        assert!((1..=2).contains(&camera.wrong()));
    }
}

#[tokio::test]
async fn a_password_changed_on_the_device_costs_two_tries() {
    for guard in [Guard::Digest(&["MD5"]), Guard::Token { status: 400 }] {
        let camera = guarded(guard).await;
        let client = client(&camera, Some(right()));
        assert!(client.call(&GetProfiles).await.is_ok());
        camera.set_password("new");
        for _ in 0..5 {
            let error = client.call(&GetUsers).await.unwrap_err();
            assert!(matches!(error, OnvifError::CredentialsWrong { .. }), "{guard:?}: {error}");
        }
        assert_eq!(camera.wrong(), 2, "{guard:?}");
        client.set_credentials(Some(login("admin", "new")));
        assert!(client.call(&GetUsers).await.is_ok());
    }
}

#[tokio::test]
async fn a_right_that_is_missing_does_not_shut_the_door() {
    let camera = Camera::hooked(Guard::Token { status: 400 }, |request| {
        let is_signed = request.body.contains("UsernameToken");
        (request.is("GetUsers") && is_signed).then(|| Reply::fault(400, &["NotAuthorized"], "Sender not Authorized"))
    })
    .await;
    let client = client(&camera, Some(right()));
    assert!(client.call(&GetProfiles).await.is_ok());
    for _ in 0..4 {
        let error = client.call(&GetUsers).await.unwrap_err();
        assert_eq!(error.fault_kind(), Some(FaultKind::Forbidden), "{error}");
    }
    assert!(client.call(&GetProfiles).await.is_ok());
    assert_eq!(camera.wrong(), 0);
}

#[tokio::test]
async fn a_clock_hours_away_is_no_wrong_password() {
    for clock_ms in [8 * 3_600_000, -40 * 365 * 86_400_000_i64] {
        let camera = Camera::start(Setup { guard: Guard::Token { status: 400 }, clock_ms, ..Setup::default() }).await;
        let client = client(&camera, Some(right()));
        assert!(client.call(&GetProfiles).await.is_ok());
        assert_eq!(camera.wrong(), 0, "{clock_ms}");
        assert!((client.clock_offset_ms().unwrap() - clock_ms).abs() < 10_000);
        // The device restarts and has forgotten the time.
        camera.set_clock(clock_ms - 600_000);
        assert!(client.call(&GetProfiles).await.is_ok());
        assert_eq!(camera.wrong(), 1, "the first request after it had the old time");
    }
}

#[tokio::test]
async fn utc_that_is_local_time() {
    // It shows its local time as UTC, and its login checks the real one.
    let camera = Camera::start(Setup {
        guard: Guard::Token { status: 400 },
        clock_ms: 28_800_000,
        login_clock_ms: Some(0),
        ..Setup::default()
    })
    .await;
    let client = client(&camera, Some(right()));
    for _ in 0..3 {
        assert!(client.call(&GetProfiles).await.is_ok());
    }
    assert_eq!(camera.wrong(), 1);
}

#[tokio::test]
async fn a_wrong_password_does_not_spoil_the_clock_for_the_right_one() {
    let guard = Guard::Token { status: 400 };
    let camera = Camera::start(Setup { guard, clock_ms: 28_800_000, ..Setup::default() }).await;
    let client = client(&camera, Some(wrong()));
    client.call(&GetProfiles).await.unwrap_err();
    assert_eq!(camera.wrong(), 2, "with its clock and with ours");
    client.set_credentials(Some(right()));
    assert!(client.call(&GetProfiles).await.is_ok());
    assert_eq!(camera.wrong(), 2);
}

#[tokio::test]
async fn quirk_7_attempts_counted_down_stop_everything() {
    let camera = Camera::hooked(Guard::Token { status: 400 }, |request| {
        let is_signed = request.body.contains("UsernameToken");
        is_signed.then(|| Reply::fault(400, &["NotAuthorized"], "Authority failure, You still have 3 attempt(s)"))
    })
    .await;
    let client = client(&camera, Some(wrong()));
    let error = client.call(&GetProfiles).await.unwrap_err();
    assert!(matches!(error, OnvifError::Locked { attempts_left: Some(3), .. }), "{error}");
    assert_eq!(error.problem().params["attempts"], "3");
    let error = client.call(&GetProfiles).await.unwrap_err();
    assert!(matches!(error, OnvifError::CredentialsWrong { is_latched: true, .. }), "{error}");
    let signed = camera.requests().iter().filter(|request| request.body.contains("UsernameToken")).count();
    assert_eq!(signed, 1);
}

#[tokio::test]
async fn quirk_13_security_that_is_not_understood_is_left_out() {
    let camera = Camera::hooked(Guard::Nothing, |request| {
        let is_signed = request.body.contains("UsernameToken");
        is_signed
            .then(|| Reply::fault(500, &[], "SOAP must understand: Security must be understood but cannot be handled"))
    })
    .await;
    let client = Client::new(address(&camera), Some(right()), ClientOptions { auth: AuthMode::Wsse, ..options() });
    assert_eq!(client.call(&GetProfiles).await.unwrap().len(), 2);
    assert_eq!(client.call(&GetProfiles).await.unwrap().len(), 2);
    let signed = camera.requests().iter().filter(|request| request.body.contains("UsernameToken")).count();
    assert_eq!(signed, 1);
}

#[tokio::test]
async fn what_anybody_may_ask_does_not_forgive_refusals() {
    // GetDeviceInformation is served to anybody: that it works says nothing about the password.
    let camera = Camera::hooked(Guard::Token { status: 400 }, |request| {
        let body = "<tds:GetDeviceInformationResponse><tds:Model>x</tds:Model></tds:GetDeviceInformationResponse>";
        request.is("GetDeviceInformation").then(|| Reply::soap(200, body))
    })
    .await;
    let client = client(&camera, Some(wrong()));
    for _ in 0..5 {
        assert!(client.call(&GetDeviceInformation).await.is_ok());
        assert!(client.call(&GetProfiles).await.is_err());
    }
    assert!((1..=2).contains(&camera.wrong()), "{}", camera.wrong());
}

#[tokio::test]
async fn callers_of_one_device_take_turns() {
    let camera = Camera::start(Setup {
        hook: Some(Arc::new(|request| {
            let body = "<trt:GetProfilesResponse/>";
            let reply = Box::new(Reply::soap(200, body));
            request.is("GetProfiles").then(|| Reply::Late { after: Duration::from_millis(10), reply })
        })),
        guard: Guard::Nothing,
        ..Setup::default()
    })
    .await;
    let client = client(&camera, None);
    let callers: Vec<_> = (0..12)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.call(&GetProfiles).await.is_ok() })
        })
        .collect();
    for caller in callers {
        assert!(caller.await.unwrap());
    }
    assert_eq!((camera.count("GetProfiles"), camera.most_at_once(), camera.connections()), (12, 1, 1));
}
