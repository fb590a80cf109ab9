//! Pictures by plain GET: what the camera shows now, as a JPEG, and some that are none.

use super::{
    Device, Quirk,
    http::{Page, Reply, Request},
    login::{self, Verdict},
};
use crate::{content::encode_still, fault::ContentFaults, house::House, login::LoginDoor};
use base64::{Engine, prelude::BASE64_STANDARD};
use std::sync::{Arc, atomic::Ordering::Relaxed};
use tokio::sync::Semaphore;
use watchwall_model::{StreamRole, UtcMillis};

/// One pixel.
const PNG: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";

/// Two pictures are drawn at a time, however many ask.
static DRAWING: Semaphore = Semaphore::const_new(2);

/// Path of a picture, without the device's prefix.
pub(super) fn path(channel: usize, role: StreamRole) -> String {
    format!("/snapshot/{}/{}.jpg", channel + 1, role.as_str())
}

/// Answers a GET below the device's prefix.
pub(super) async fn answer(house: &Arc<House>, device: &Device, path: &str, request: &Request) -> Reply {
    let quirks = device.quirks();
    let Some((channel, role)) = parse(path) else { return Reply::Whole(Page::html(404, "Not Found")) };
    let Some((_, stream)) = device.stream(house, channel, role) else {
        return Reply::Whole(Page::html(404, "Not Found"));
    };
    if quirks.has(Quirk::SnapshotHangs) {
        return Reply::Nothing;
    }
    let has_login_in_query = request.query().contains("pwd=");
    if has_login_in_query && request.header("authorization").is_some() {
        return Reply::Whole(Page::new(400, "text/plain", "one login at a time"));
    }
    let verdict = if has_login_in_query && request.query() == query_login(device) {
        Verdict::Welcome(crate::AccountLevel::User)
    } else {
        login::judge_picture(house, device, request)
    };
    if !matches!(verdict, Verdict::Welcome(_)) {
        let demand = login::demand(device, &verdict, LoginDoor::Http);
        let text = demand.refusal.reason.clone();
        return Reply::Whole(demand.onto(Page::new(401, "text/plain", text)));
    }
    device.tally.pictures.fetch_add(1, Relaxed);
    if quirks.has(Quirk::SnapshotHtml) {
        return Reply::Whole(Page::html(200, "Login"));
    }
    if quirks.has(Quirk::SnapshotPng) {
        return Reply::Whole(Page::new(200, "image/jpeg", BASE64_STANDARD.decode(PNG).unwrap_or_default()));
    }
    let scene = stream.profile(ContentFaults { encoder: Some(stream.encoder()), ..ContentFaults::default() }).scene;
    let Ok(_turn) = DRAWING.acquire().await else { return Reply::Close };
    match tokio::task::spawn_blocking(move || encode_still(&scene, UtcMillis::now())).await {
        Ok(Ok(picture)) => Reply::Whole(Page::new(200, "image/jpeg", picture.to_vec())),
        Ok(Err(error)) => {
            tracing::error!(device = device.spec.name, %error, "a picture could not be drawn");
            Reply::Whole(Page::html(500, "Internal Server Error"))
        }
        Err(_) => Reply::Close,
    }
}

/// The login that [`Quirk::SnapshotCredentialsInQuery`] writes into the address.
pub(super) fn query_login(device: &Device) -> String {
    match device.desk.accounts().first() {
        Some(account) => format!("usr={}&pwd={}", account.name, account.password.reveal()),
        None => "usr=&pwd=".into(),
    }
}

fn parse(path: &str) -> Option<(usize, StreamRole)> {
    let (channel, file) = path.strip_prefix("/snapshot/")?.split_once('/')?;
    let role = match file {
        "main.jpg" => StreamRole::Main,
        "sub.jpg" => StreamRole::Sub,
        _ => return None,
    };
    Some((channel.parse::<usize>().ok()?.checked_sub(1)?, role))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_back() {
        assert_eq!(parse(&path(15, StreamRole::Sub)), Some((15, StreamRole::Sub)));
        for wrong in ["/snapshot/0/main.jpg", "/snapshot/1/other.jpg", "/snapshot/x/main.jpg", "/"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
