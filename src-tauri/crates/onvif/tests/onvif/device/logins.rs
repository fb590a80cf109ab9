//! Checks logins as cameras do, and counts them.

use super::{Reply, Request, Shared};
use base64::{Engine, engine::general_purpose::STANDARD};
use digest_auth::{AuthContext, AuthorizationHeader, HttpMethod};
use sha1::{Digest, Sha1};
use std::sync::atomic::{AtomicU32, Ordering};
use watchwall_model::UtcMillis;

/// What the camera wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    Nothing,
    /// HTTP Digest with these algorithms, in this order.
    Digest(&'static [&'static str]),
    /// WS-UsernameToken; refuses with a fault and this status.
    Token {
        status: u16,
    },
    /// Offers Digest, and answers it with a fault.
    DigestThatFaults,
    Basic,
    /// Digest for everything, the clock included.
    DigestForAll,
    /// Token for everything, the clock included.
    TokenForAll,
    /// Both at once.
    Both,
}

const PUBLIC: [&str; 6] = [
    "GetSystemDateAndTime",
    "GetServices",
    "GetCapabilities",
    "GetServiceCapabilities",
    "GetHostname",
    "GetEndpointReference",
];

/// `None` when the request may be answered.
pub fn refuse(shared: &Shared, request: &Request) -> Option<Reply> {
    let guards_all = matches!(shared.guard, Guard::DigestForAll | Guard::TokenForAll);
    if !guards_all && PUBLIC.contains(&request.operation().as_str()) {
        return None;
    }
    let fault = |status| Reply::fault(status, &["NotAuthorized"], "Sender not Authorized");
    match shared.guard {
        Guard::Nothing => None,
        Guard::Digest(algorithms) => digest(shared, request, algorithms),
        Guard::DigestForAll => digest(shared, request, &["MD5"]),
        Guard::Token { status } => token(shared, request, status),
        // Snapshots know no tokens.
        Guard::TokenForAll => token(shared, request, 400),
        Guard::DigestThatFaults => match (request.header("authorization"), request.body.contains("UsernameToken")) {
            (_, true) => token(shared, request, 200),
            (Some(_), false) => {
                shared.seen.wrong.fetch_add(1, Ordering::SeqCst);
                Some(fault(200))
            }
            (None, false) => Some(challenge(shared, &["MD5"], "")),
        },
        Guard::Basic => {
            let expected = format!("{}:{}", shared.username, shared.password.lock().unwrap());
            let given = request.header("authorization").and_then(|header| header.strip_prefix("Basic "));
            let refusal = Reply::raw(401, "").with("WWW-Authenticate", "Basic realm=\"camera\"");
            given.map_or(Some(refusal.clone()), |given| verdict(shared, given == STANDARD.encode(expected), refusal))
        }
        Guard::Both => {
            let is_digest = request.header("authorization").is_some();
            let is_token = request.body.contains("UsernameToken");
            if is_digest && is_token {
                digest(shared, request, &["MD5"])
            } else {
                Some(challenge(shared, &["MD5"], ""))
            }
        }
    }
}

fn verdict(shared: &Shared, is_right: bool, refusal: Reply) -> Option<Reply> {
    let seen = &shared.seen;
    if is_right {
        seen.right.fetch_add(1, Ordering::SeqCst);
        return None;
    }
    seen.wrong.fetch_add(1, Ordering::SeqCst);
    Some(refusal)
}

fn challenge(shared: &Shared, algorithms: &[&str], extra: &str) -> Reply {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let mut reply = Reply::raw(401, "<html><body>401</body></html>");
    for algorithm in algorithms {
        let nonce = format!("nonce{}", COUNT.fetch_add(1, Ordering::SeqCst));
        shared.seen.nonces.lock().unwrap().insert(nonce.clone(), 0);
        let header = format!(
            "Digest realm=\"Camera, 摄像机\", nonce=\"{nonce}\", opaque=\"op\", qop=\"auth\", algorithm={algorithm}{extra}"
        );
        reply = reply.with("WWW-Authenticate", &header);
    }
    reply
}

fn digest(shared: &Shared, request: &Request, algorithms: &[&str]) -> Option<Reply> {
    let Some(header) = request.header("authorization") else { return Some(challenge(shared, algorithms, "")) };
    // The library reads headers by characters and cuts them by bytes: what is not ASCII is put aside for it.
    let own_name = format!("username=\"{}\"", shared.username);
    let plain = header.replace("Camera, 摄像机", "R").replace(&own_name, "username=\"U\"");
    let mut given = AuthorizationHeader::parse(&plain).unwrap();
    if header.contains(&own_name) {
        given.username.clone_from(&shared.username);
    }
    given.realm = "Camera, 摄像机".to_owned();
    let claimed = given.response.clone();
    let username = given.username.clone();
    let password = shared.password.lock().unwrap().clone();
    let context = AuthContext::new_with_method(
        username.clone(),
        password,
        given.uri.clone(),
        Some(request.body.as_bytes()),
        HttpMethod::from(request.method.as_str()),
    );
    given.digest(&context);
    let is_right = given.response == claimed && username == shared.username && given.uri == request.target;
    let mut nonces = shared.seen.nonces.lock().unwrap();
    let uses = nonces.entry(given.nonce.clone()).or_insert(u32::MAX);
    let is_stale = *uses >= shared.nonce_uses;
    *uses = uses.saturating_add(1);
    drop(nonces);
    if is_right && is_stale {
        return Some(challenge(shared, algorithms, ", stale=true"));
    }
    verdict(shared, is_right, challenge(shared, algorithms, ""))
}

fn token(shared: &Shared, request: &Request, status: u16) -> Option<Reply> {
    let refusal = Reply::fault(status, &["NotAuthorized"], "Sender not Authorized");
    if request.method == "GET" {
        return digest(shared, request, &["MD5"]);
    }
    let part = |start: &str| {
        let from = request.body.find(start)?;
        let rest = &request.body[from..];
        let open = rest.find('>')? + 1;
        Some(rest[open..open + rest[open..].find('<')?].to_owned())
    };
    let (Some(user), Some(digest), Some(nonce), Some(created)) =
        (part("<Username>"), part("<Password"), part("<Nonce"), part("<Created"))
    else {
        return Some(refusal);
    };
    let nonce = STANDARD.decode(nonce).unwrap();
    let mut hash = Sha1::new();
    hash.update(&nonce);
    hash.update(created.as_bytes());
    hash.update(shared.password.lock().unwrap().as_bytes());
    let is_fresh = shared.seen.nonces.lock().unwrap().insert(digest.clone(), 0).is_none();
    let clock = shared.login_clock_ms.unwrap_or_else(|| shared.clock_ms.load(Ordering::SeqCst));
    let now = UtcMillis::now().saturating_add_ms(clock);
    let created = watchwall_onvif::parse_utc(&created).unwrap();
    // A busy machine may need a while from signing to checking.
    let is_now = (now - created).abs() < 15_000;
    let user = user.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    let is_right = user == shared.username && STANDARD.encode(hash.finalize()) == digest && is_fresh && is_now;
    verdict(shared, is_right, refusal)
}
