//! Pull points as SOAP sees them.

use super::capabilities::pull_points;
use crate::onvif::{
    Quirk,
    address::host_of,
    call::{Answer, Call, Refusal},
    dates::{parse_duration_ms, parse_utc},
    events::EventTopic,
    notification::{Stamp, notification_xml},
};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};
use watchwall_model::UtcMillis;

const LONGEST_WAIT_MS: u64 = 60_000;
/// When nothing else is asked for.
const LIFETIME_MS: u64 = 60_000;
const HOUR_MS: i64 = 3_600_000;

pub(super) async fn answer(call: &Call<'_>) -> Answer {
    match call.operation {
        "GetEventProperties" => properties(call),
        "CreatePullPointSubscription" if call.has(Quirk::PullPointsRefused) => {
            Err(Refusal::receiver(&["UnableToCreatePullPointFault"], "The pull point cannot be made"))
        }
        "CreatePullPointSubscription" => subscribe(call),
        "PullMessages" => pull(call).await,
        "Renew" if call.has(Quirk::RenewFault) => Err(Refusal::unsupported()),
        "Renew" => renew(call),
        "SetSynchronizationPoint" if call.has(Quirk::SynchronizationFault) => Err(Refusal::unsupported()),
        "SetSynchronizationPoint" => {
            if call.device.events.synchronise(id(call)?) {
                call.done()
            } else {
                Err(unknown())
            }
        }
        "Unsubscribe" => {
            let is_known = call.device.events.end(id(call)?);
            if call.has(Quirk::UnsubscribeKillsAll) {
                call.device.events.forget_all();
            }
            if is_known { notification(call, "") } else { Err(unknown()) }
        }
        _ => Err(Refusal::unsupported()),
    }
}

fn unknown() -> Refusal {
    Refusal::sender(&["ResourceUnknownFault"], "The subscription does not exist")
}

/// Renew and Unsubscribe are answered in the notification standard's namespace.
fn notification(call: &Call<'_>, content: &str) -> Answer {
    Ok(format!("<wsnt:{0}Response>{content}</wsnt:{0}Response>", call.operation))
}

/// The subscription that a request is for: by its address, or by the parameter that was to come back.
fn id(call: &Call<'_>) -> Result<u64, Refusal> {
    let by_header = call.header.and_then(|header| header.child("SubscriptionId")).map(|id| id.text.as_str());
    let by_address = call.target.split_once("Idx=").map(|(_, id)| id.split('&').next().unwrap_or(id));
    let written = if call.has(Quirk::SubscriptionReference) { by_header } else { by_address };
    written.and_then(|id| id.parse().ok()).ok_or_else(unknown)
}

/// How long a subscription is to live, and the end that is told.
fn lifetime(call: &Call<'_>, written: Option<&str>) -> Result<(Duration, UtcMillis), Refusal> {
    let now = call.device.now();
    let absolute = written.and_then(parse_utc);
    let ms = match (written, absolute) {
        (None, _) => LIFETIME_MS,
        (Some(_), Some(at)) => u64::try_from(at - now).unwrap_or(0),
        (Some(text), None) => parse_duration_ms(text)
            .ok_or_else(|| Refusal::sender(&["InvalidArgVal", "UnacceptableTerminationTimeFault"], "No time"))?,
    };
    if ms == 0 {
        return Err(Refusal::sender(&["InvalidArgVal", "UnacceptableTerminationTimeFault"], "The end is not ahead"));
    }
    if call.has(Quirk::IgnoresRelativeTermination) && absolute.is_none() {
        return Ok((Duration::from_millis(LIFETIME_MS), now));
    }
    let told = if call.has(Quirk::TerminationPast) {
        now.saturating_add_ms(-HOUR_MS)
    } else {
        now.saturating_add_ms(i64::try_from(ms).unwrap_or(i64::MAX))
    };
    Ok((Duration::from_millis(ms), told))
}

fn date(call: &Call<'_>, at: UtcMillis) -> String {
    Stamp::new(call.quirks).text(at)
}

fn subscribe(call: &Call<'_>) -> Answer {
    let (lifetime, ends) = lifetime(call, call.body.text_of("InitialTerminationTime"))?;
    let Some(id) = call.device.events.subscribe(lifetime, pull_points(call)) else {
        return Err(Refusal::receiver(&["Action", "MaxPullPoints"], "There is no room for more pull points"));
    };
    let device = call.device;
    let authority = if call.has(Quirk::SubscriptionPort) {
        format!("{}:1024", host_of(call.authority))
    } else if call.has(Quirk::NatXaddr) {
        "192.168.77.5".into()
    } else {
        call.authority.to_owned()
    };
    let path = format!("{}://{authority}{}/onvif/subscription", device.scheme(), device.base());
    let reference = if call.has(Quirk::SubscriptionReference) {
        format!(
            "<wsa:Address>{path}</wsa:Address><wsa:ReferenceParameters><dom0:SubscriptionId xmlns:dom0=\"urn:camsim\">{id}\
             </dom0:SubscriptionId></wsa:ReferenceParameters>"
        )
    } else {
        format!("<wsa:Address>{path}?Idx={id}</wsa:Address>")
    };
    call.answer(format!(
        "<tev:SubscriptionReference>{reference}</tev:SubscriptionReference><wsnt:CurrentTime>{}</wsnt:CurrentTime>\
         <wsnt:TerminationTime>{}</wsnt:TerminationTime>",
        date(call, device.now()),
        date(call, ends)
    ))
}

fn renew(call: &Call<'_>) -> Answer {
    let id = id(call)?;
    let (lifetime, ends) = lifetime(call, call.body.text_of("TerminationTime"))?;
    if !call.device.events.renew(id, lifetime) {
        return Err(unknown());
    }
    let content = format!(
        "<wsnt:TerminationTime>{}</wsnt:TerminationTime><wsnt:CurrentTime>{}</wsnt:CurrentTime>",
        date(call, ends),
        date(call, call.device.now())
    );
    notification(call, &content)
}

async fn pull(call: &Call<'_>) -> Answer {
    let id = id(call)?;
    let hub = &call.device.events;
    let wait_ms = call.body.text_of("Timeout").and_then(parse_duration_ms).unwrap_or(1000).min(LONGEST_WAIT_MS);
    let wait_ms = if call.has(Quirk::PullAnswersAtOnce) { 0 } else { wait_ms };
    let most = call.body.number_of("MessageLimit").unwrap_or(100);
    if hub.count_pull(id).is_multiple_of(3) && call.has(Quirk::PullBadRequest) {
        // Not even a fault.
        return Err(Refusal { status: 0, ..unknown() });
    }
    let deadline = Instant::now() + Duration::from_millis(wait_ms);
    let mut news = hub.news();
    let messages = loop {
        let messages = hub.take(id, most).ok_or_else(unknown)?;
        if !messages.is_empty() || Instant::now() >= deadline {
            break messages;
        }
        tokio::select! {
            // The hub lives as long as the device.
            _ = news.changed() => {}
            () = sleep_until(deadline) => {}
        }
    };
    let now = call.device.now();
    let stamp = Stamp::new(call.quirks);
    let list: String = messages
        .iter()
        .enumerate()
        .map(|(index, message)| notification_xml(call.device, message, &stamp.of_message(index, message.at)))
        .collect();
    call.answer(format!(
        "<tev:CurrentTime>{}</tev:CurrentTime><tev:TerminationTime>{}</tev:TerminationTime>{list}",
        date(call, now),
        date(call, now.saturating_add_ms(60_000))
    ))
}

/// Topics as nested elements, each level once.
fn properties(call: &Call<'_>) -> Answer {
    let topics: Vec<Vec<&str>> = EventTopic::ALL.iter().map(|topic| topic.form().topic.split('/').collect()).collect();
    let paths: Vec<&[&str]> = topics.iter().map(Vec::as_slice).collect();
    call.answer(format!(
        "<tev:TopicNamespaceLocation>http://www.onvif.org/onvif/ver10/topics/topicns.xml</tev:TopicNamespaceLocation>\
         <wsnt:FixedTopicSet>true</wsnt:FixedTopicSet><wstop:TopicSet xmlns:wstop=\"http://docs.oasis-open.org/wsn/t-1\">{}\
         </wstop:TopicSet>",
        branch(&paths, "tns1:")
    ))
}

fn branch(paths: &[&[&str]], prefix: &str) -> String {
    let mut names: Vec<&str> = paths.iter().filter_map(|path| path.first().copied()).collect();
    names.sort_unstable();
    names.dedup();
    let one = |name: &str| {
        let inside: Vec<&[&str]> =
            paths.iter().filter(|path| path.first() == Some(&name)).map(|path| &path[1..]).collect();
        let leaf =
            if inside.iter().any(|path| path.is_empty()) { "<tt:MessageDescription IsProperty=\"true\"/>" } else { "" };
        let mark = if leaf.is_empty() { "" } else { " wstop:topic=\"true\"" };
        format!("<{prefix}{name}{mark}>{leaf}{}</{prefix}{name}>", branch(&inside, ""))
    };
    names.into_iter().map(one).collect()
}
