//! Whether a request over HTTP may pass, and what is asked of it otherwise.

use super::{
    Device, Quirk,
    call::Refusal,
    dates::parse_utc,
    element::Element,
    http::{Page, Request},
    spec::SoapLogin,
};
use crate::{
    house::House,
    login::{
        Account, AccountLevel, LoginDoor,
        digest::{Algorithm, Fields, REALM, fits},
        token,
    },
};
use base64::{Engine, prelude::BASE64_STANDARD};
use std::sync::atomic::Ordering::Relaxed;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Welcome(AccountLevel),
    /// No login, or one for a nonce that is no longer good.
    Ask {
        is_stale: bool,
    },
    Refused,
    Locked,
}

/// What a request carries.
enum Carried {
    Nothing,
    Stale,
    Wrong,
    Right(AccountLevel),
}

/// Anybody may ask these (ONVIF Core, access class PRE_AUTH).
pub(super) const OPEN_TO_ALL: [&str; 7] = [
    "GetSystemDateAndTime",
    "GetServices",
    "GetCapabilities",
    "GetServiceCapabilities",
    "GetHostname",
    "GetEndpointReference",
    "GetWsdlUrl",
];

/// Judges a SOAP request; `security` is its WS-Security header.
pub(super) fn judge_soap(house: &House, device: &Device, request: &Request, security: Option<&Element>) -> Verdict {
    if device.is_open() {
        return Verdict::Welcome(AccountLevel::Administrator);
    }
    let login = device.spec.login;
    let takes_token =
        matches!(login, SoapLogin::Token | SoapLogin::DigestOrToken) && !device.quirks().has(Quirk::NoWsse);
    let by_token = || security.map_or(Carried::Nothing, |security| judge_token(house, device, security));
    if device.quirks().has(Quirk::WantsBothLogins) {
        let by_header = judge_header(house, device, request, login, LoginDoor::Soap);
        let carried = match (by_header, by_token()) {
            (Carried::Right(level), Carried::Right(_)) => Carried::Right(level),
            (Carried::Wrong, _) | (_, Carried::Wrong) => Carried::Wrong,
            (Carried::Stale, _) => Carried::Stale,
            _ => Carried::Nothing,
        };
        return settle(device, carried, LoginDoor::Soap);
    }
    // The standard: a header of HTTP counts before a token.
    let carried = match login {
        SoapLogin::Token => by_token(),
        _ => match judge_header(house, device, request, login, LoginDoor::Soap) {
            Carried::Nothing if takes_token => by_token(),
            carried => carried,
        },
    };
    settle(device, carried, LoginDoor::Soap)
}

/// Judges a request for a picture.
pub(super) fn judge_picture(house: &House, device: &Device, request: &Request) -> Verdict {
    if device.desk.is_open() {
        return Verdict::Welcome(AccountLevel::User);
    }
    let carried = judge_header(house, device, request, picture_login(device), LoginDoor::Http);
    settle(device, carried, LoginDoor::Http)
}

fn settle(device: &Device, carried: Carried, door: LoginDoor) -> Verdict {
    match carried {
        Carried::Nothing => Verdict::Ask { is_stale: false },
        Carried::Stale => Verdict::Ask { is_stale: true },
        Carried::Wrong => {
            device.desk.refused(door);
            if device.desk.is_locked() { Verdict::Locked } else { Verdict::Refused }
        }
        Carried::Right(_) if device.desk.is_locked() => Verdict::Locked,
        Carried::Right(level) => {
            device.desk.accepted();
            Verdict::Welcome(level)
        }
    }
}

/// Pictures know no tokens.
const fn picture_login(device: &Device) -> SoapLogin {
    match device.spec.login {
        SoapLogin::Open | SoapLogin::Token | SoapLogin::DigestOrToken => SoapLogin::Digest,
        login => login,
    }
}

const fn algorithms(login: SoapLogin) -> &'static [Algorithm] {
    match login {
        SoapLogin::Digest | SoapLogin::DigestOrToken => &[Algorithm::Md5],
        SoapLogin::DigestSha256 => &[Algorithm::Sha256],
        SoapLogin::DigestEither => &[Algorithm::Sha256, Algorithm::Md5],
        SoapLogin::Open | SoapLogin::Token | SoapLogin::Basic => &[],
    }
}

fn judge_header(house: &House, device: &Device, request: &Request, login: SoapLogin, door: LoginDoor) -> Carried {
    let Some(header) = request.header("authorization") else { return Carried::Nothing };
    let (scheme, rest) = header.split_once(' ').unwrap_or((header, ""));
    if scheme.eq_ignore_ascii_case("basic") {
        let bytes = BASE64_STANDARD.decode(rest.trim()).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let (user, password) = text.split_once(':').unwrap_or_default();
        let account = account(house, device, door, user).filter(|_| login == SoapLogin::Basic);
        return account
            .filter(|account| account.password.reveal() == password)
            .map_or(Carried::Wrong, |account| Carried::Right(account.level));
    }
    if !scheme.eq_ignore_ascii_case("digest") || algorithms(login).is_empty() {
        return Carried::Wrong;
    }
    let fields = Fields::parse(rest);
    if !device.knows_nonce(fields.get("nonce").unwrap_or_default()) {
        return Carried::Stale;
    }
    if fields.get("uri") != Some(request.target.as_str()) {
        return Carried::Wrong;
    }
    account(house, device, door, fields.get("username").unwrap_or_default())
        .filter(|account| fits(&fields, account.password.reveal(), &request.method, algorithms(login)))
        .map_or(Carried::Wrong, |account| Carried::Right(account.level))
}

fn judge_token(house: &House, device: &Device, security: &Element) -> Carried {
    let Some(token) = security.find("UsernameToken") else { return Carried::Nothing };
    let user = token.text_of("Username").unwrap_or_default();
    let (Some(digest), Some(nonce), Some(created)) =
        (token.text_of("Password"), token.text_of("Nonce"), token.text_of("Created"))
    else {
        return Carried::Wrong;
    };
    // Some show local time as UTC while their login uses the real clock.
    let now = if device.quirks().has(Quirk::LocalClock) { watchwall_model::UtcMillis::now() } else { device.now() };
    let window_ms = i64::try_from(device.spec.token_window.as_millis()).unwrap_or(i64::MAX);
    let is_timely = parse_utc(created).is_some_and(|created| (created - now).abs() <= window_ms);
    // A nonce that came before is a replay.
    if !is_timely || device.has_seen(nonce) {
        return Carried::Wrong;
    }
    account(house, device, LoginDoor::Soap, user)
        .filter(|account| token::fits(digest, nonce, created, account.password.reveal()))
        .map_or(Carried::Wrong, |account| Carried::Right(account.level))
}

/// The account of that name, with the password in force.
fn account(house: &House, device: &Device, door: LoginDoor, name: &str) -> Option<Account> {
    let mut account = device.desk.find(door, name)?;
    if device.suffers(house, |faults| faults.wrong_password) {
        account.password = watchwall_model::Secret::new("changed by a fault");
    }
    Some(account)
}

/// What is answered to a request that may not pass: the challenges, or a fault where those are the device's manner.
pub(super) struct Demand {
    pub challenges: Vec<String>,
    pub refusal: Refusal,
}

pub(super) fn demand(device: &Device, verdict: &Verdict, door: LoginDoor) -> Demand {
    let login = if door == LoginDoor::Http { picture_login(device) } else { device.spec.login };
    let is_stale = matches!(verdict, Verdict::Ask { is_stale: true });
    if !matches!(verdict, Verdict::Refused) {
        device.tally.challenges.fetch_add(1, Relaxed);
    }
    let quirks = device.quirks();
    let nonce = device.fresh_nonce();
    let qop = if quirks.has(Quirk::NoQop) { "" } else { ", qop=\"auth\"" };
    let stale = if is_stale { ", stale=true" } else { "" };
    let mut challenges: Vec<String> = algorithms(login)
        .iter()
        .map(|algorithm| {
            format!(
                "Digest realm=\"{REALM}\", nonce=\"{nonce}\"{qop}, algorithm={}, opaque=\"c5\"{stale}",
                algorithm.name()
            )
        })
        .collect();
    if login == SoapLogin::Basic {
        challenges.push(format!("Basic realm=\"{REALM}\""));
    }
    let mut refusal = Refusal::not_authorized();
    match verdict {
        Verdict::Locked => refusal.reason = "The account is locked, try again later".into(),
        Verdict::Refused if quirks.has(Quirk::AttemptCountdown) => {
            let left = device.desk.attempts_left().unwrap_or(4);
            refusal.reason =
                format!("Sender not Authorized. Invalid username or password! You still have {left} attempt(s)!");
        }
        _ => {}
    }
    Demand { challenges, refusal }
}

impl Demand {
    pub fn onto(self, page: Page) -> Page {
        self.challenges.into_iter().fold(page, |page, challenge| page.with("WWW-Authenticate", challenge))
    }
}
