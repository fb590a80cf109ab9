//! A connection to a device: requests in, answers out, until one side, a fault or the farm ends it.

use super::{
    Device, Quirk, SoapAnswer, answers,
    call::{Call, Refusal, Service},
    element::Element,
    http::{self, Page, Reply, Request},
    login::{self, OPEN_TO_ALL, Verdict},
    picture, soap,
};
use crate::{house::House, login::LoginDoor};
use bytes::BytesMut;
use std::{
    io,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::{sleep, timeout},
};

/// A connection without a request.
const IDLE: Duration = Duration::from_secs(60);
const SLOW: Duration = Duration::from_secs(2);

/// What comes after an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum After {
    Nothing,
    Reboot,
}

/// Serves one connection. `only` is the device behind this port; `None` on the shared one.
pub(super) async fn talk(
    house: Arc<House>,
    only: Option<usize>,
    mut socket: impl AsyncRead + AsyncWrite + Unpin,
) -> io::Result<()> {
    let mut inbox = BytesMut::with_capacity(4096);
    let mut known = only.and_then(|number| house.devices.get(number));
    if let Some(device) = known {
        device.tally.connections.fetch_add(1, Relaxed);
    }
    loop {
        let request = tokio::select! {
            () = house.stop.cancelled() => return Ok(()),
            () = goes_offline(&house, known) => return Ok(()),
            read = timeout(IDLE, http::read(&mut socket, &mut inbox)) => match read {
                Ok(read) => read?,
                Err(_) => return Ok(()),
            },
        };
        let Some(request) = request else { return Ok(()) };
        let Some((device, path)) = route(&house, only, request.path()) else {
            http::write(&mut socket, &Reply::Whole(Page::html(404, "Not Found"))).await?;
            continue;
        };
        if known.is_none_or(|known| known.number != device.number) {
            known = Some(device);
            device.tally.connections.fetch_add(1, Relaxed);
        }
        if device.is_offline(&house) {
            http::write(&mut socket, &Reply::Whole(Page::html(503, "Service Unavailable"))).await?;
            return Ok(());
        }
        let served = async {
            let (reply, after) = answer(&house, device, path, &request).await;
            let stays = http::write(&mut socket, &reply).await?;
            if after == After::Reboot {
                house.tasks.spawn(super::doors::reboot(house.clone(), device.number));
            }
            io::Result::Ok(stays && !device.quirks().has(Quirk::SilentClose))
        };
        let stays = tokio::select! {
            () = house.stop.cancelled() => return Ok(()),
            () = goes_offline(&house, Some(device)) => return Ok(()),
            served = served => served?,
        };
        if !stays {
            return Ok(());
        }
    }
}

async fn goes_offline(house: &House, device: Option<&Device>) {
    match device {
        Some(device) => device.becomes(house, true).await,
        None => std::future::pending().await,
    }
}

/// The device of a path, and the rest of the path.
fn route<'h, 'p>(house: &'h House, only: Option<usize>, path: &'p str) -> Option<(&'h Device, &'p str)> {
    if let Some(number) = only {
        return Some((house.devices.get(number)?, path));
    }
    let rest = path.strip_prefix("/d/")?;
    let end = rest.find('/')?;
    let device = house.devices.get(rest[..end].parse::<usize>().ok()?)?;
    // A device with an address of its own is not here.
    (!device.base().is_empty()).then(|| (device, &rest[end..]))
}

async fn answer(house: &Arc<House>, device: &Device, path: &str, request: &Request) -> (Reply, After) {
    let quirks = device.quirks();
    if device.suffers(house, |faults| faults.vanished) {
        return (Reply::Nothing, After::Nothing);
    }
    if device.suffers(house, |faults| faults.html_answer) {
        return (Reply::Whole(Page::html(200, "Login")), After::Nothing);
    }
    if quirks.has(Quirk::LowercaseHeadersFail) && !request.has_header_spelt("Host") {
        return (Reply::Whole(Page::new(400, "text/plain", "no Host")), After::Nothing);
    }
    if request.method == "GET" {
        let reply = match device.take_soap_fault("GET") {
            Some(fault) => {
                spoil(&fault.answer, "GET", async { picture::answer(house, device, path, request).await }).await
            }
            None => picture::answer(house, device, path, request).await,
        };
        return (reply, After::Nothing);
    }
    if !is_service(device, path) {
        return (Reply::Whole(Page::html(404, "Not Found")), After::Nothing);
    }
    let (reply, after) = answer_soap(house, device, request).await;
    let reply = match reply {
        Reply::Whole(page) if quirks.has(Quirk::ChunkedAnswers) => Reply::Chunked(page),
        reply => reply,
    };
    (reply, after)
}

fn is_service(device: &Device, path: &str) -> bool {
    let quirks = device.quirks();
    if quirks.has(Quirk::OnePath) {
        return path == "/onvif/service" || path == "/onvif/subscription";
    }
    let Some(name) = path.strip_prefix("/onvif/") else { return false };
    let is_known = Service::ALL.iter().any(|service| service.path().eq_ignore_ascii_case(name));
    is_known || name == "subscription"
}

async fn answer_soap(house: &Arc<House>, device: &Device, request: &Request) -> (Reply, After) {
    let quirks = device.quirks();
    let refused = |refusal: &Refusal, operation: &str| {
        (Reply::Whole(soap::fault_page(quirks, refusal, operation)), After::Nothing)
    };
    let text = String::from_utf8_lossy(&request.body);
    let root = Element::parse(&text);
    let body = root.as_ref().and_then(|root| root.child("Body")).and_then(|body| body.children.first());
    let Some(body) = body else {
        return refused(&Refusal::sender(&["WellFormed"], "The request is no envelope"), "unknown");
    };
    let action = action(request);
    let (namespace, operation) = match (&action, quirks.has(Quirk::ActionOnly)) {
        (Some(action), true) => {
            let last = action.rsplit('/').next().unwrap_or_default();
            (action.as_str(), last.strip_suffix("Request").unwrap_or(last))
        }
        (None, true) => ("", ""),
        (_, false) => (body.namespace.as_str(), body.name.as_str()),
    };
    device.tally.operation(operation);
    let Some(service) = Service::of(namespace) else {
        let unknown = Refusal::sender(&["UnknownAction"], "The action is unknown");
        return refused(&unknown, operation);
    };
    let named = format!("{}:{operation}", service.prefix());
    let header = root.as_ref().and_then(|root| root.child("Header"));
    let security = header.and_then(|header| header.child("Security"));
    if let Some(refusal) = mannerisms(device, &text, service, operation, body, header) {
        return refused(&refusal, &named);
    }
    let level = match admit(house, device, request, operation, security) {
        Ok(level) => level,
        Err((verdict, demand)) => {
            tracing::debug!(device = device.spec.name, operation, ?verdict, "a request was not let in");
            let mut page = soap::fault_page(quirks, &demand.refusal, &named);
            if demand.challenges.is_empty() {
                sleep(device.spec.think_time).await;
            } else {
                // Its web server refuses, before anything is looked at.
                page.status = 401;
            }
            return (Reply::Whole(demand.onto(page)), After::Nothing);
        }
    };
    sleep(device.spec.think_time).await;
    // A waiting pull is no load.
    let under_way = (operation != "PullMessages").then(|| device.tally.begin());
    if quirks.has(Quirk::OneAtATime) && under_way.as_ref().is_some_and(|(_, others)| *others > 0) {
        return (Reply::Nothing, After::Nothing);
    }
    if quirks.has(Quirk::SlowLists) && matches!(operation, "GetProfiles" | "GetServices" | "GetCapabilities") {
        sleep(SLOW).await;
    }
    let authority = request.header("host").map_or_else(|| device.address.to_string(), ToOwned::to_owned);
    let call = Call {
        house,
        device,
        quirks,
        service,
        operation,
        body,
        header,
        target: &request.target,
        authority: &authority,
        level,
    };
    let usual = async {
        let answered = answers::answer(&call).await;
        let is_reboot = operation == "SystemReboot" && answered.is_ok();
        let page = match answered {
            Ok(content) => {
                let echo = if quirks.has(Quirk::EchoesSecurity) { security_text(&text) } else { "" };
                soap::page(quirks, service, &content, echo)
            }
            Err(refusal) if refusal.status == 0 => Page::new(400, "", ""),
            Err(refusal) if refusal.subcodes == ["Crash"] => Page::html(500, &refusal.reason),
            Err(refusal) => soap::fault_page(quirks, &refusal, &named),
        };
        (Reply::Whole(page), if is_reboot { After::Reboot } else { After::Nothing })
    };
    match device.take_soap_fault(operation) {
        Some(fault) => (spoil(&fault.answer, &named, async { usual.await.0 }).await, After::Nothing),
        None => usual.await,
    }
}

/// Lets a request in with the level of its account.
fn admit(
    house: &House,
    device: &Device,
    request: &Request,
    operation: &str,
    security: Option<&Element>,
) -> Result<crate::AccountLevel, (Verdict, login::Demand)> {
    let is_public = OPEN_TO_ALL.contains(&operation) && !device.quirks().has(Quirk::GuardsAll);
    let carries = security.is_some() || request.header("authorization").is_some();
    if is_public && !carries {
        return Ok(crate::AccountLevel::User);
    }
    match login::judge_soap(house, device, request, security) {
        Verdict::Welcome(level) => Ok(level),
        // A wrong login is counted, and what is public is told all the same.
        _ if is_public => Ok(crate::AccountLevel::User),
        verdict => {
            let demand = login::demand(device, &verdict, LoginDoor::Soap);
            Err((verdict, demand))
        }
    }
}

/// What a device stumbles over before it looks at the login.
fn mannerisms(
    device: &Device,
    text: &str,
    service: Service,
    operation: &str,
    body: &Element,
    header: Option<&Element>,
) -> Option<Refusal> {
    let quirks = device.quirks();
    let has = |name: &str| header.is_some_and(|header| header.child(name).is_some());
    if quirks.has(Quirk::NoWsse) && has("Security") {
        let reason = "SOAP header Security must be understood but cannot be handled";
        return Some(Refusal::sender(&["MustUnderstand"], reason));
    }
    if quirks.has(Quirk::ActionHeaderFails) && has("Action") && service != Service::Events {
        return Some(Refusal::sender(&["InvalidArgs"], "The header holds an action"));
    }
    let shape = format!("<s:Body><{operation} xmlns=\"{}\"", body.namespace);
    if quirks.has(Quirk::RegexParser) && !text.contains(&shape) {
        return Some(Refusal::sender(&["UnknownAction"], "The action is unknown"));
    }
    None
}

/// The action parameter of the content type.
fn action(request: &Request) -> Option<String> {
    let kind = request.header("content-type")?;
    let (_, rest) = kind.split_once("action=")?;
    let value = rest.trim_start_matches('"').split(['"', ';']).next()?;
    Some(value.to_owned())
}

/// The security header as it was written.
fn security_text(text: &str) -> &str {
    let Some(start) = text.find("<Security").or_else(|| text.find("<wsse:Security")) else { return "" };
    let Some(end) = text[start..].find("Security>").map(|at| start + at + "Security>".len()) else { return "" };
    &text[start..end]
}

/// What a fault on command makes of the usual answer.
async fn spoil(answer: &SoapAnswer, operation: &str, usual: impl Future<Output = Reply>) -> Reply {
    const SOAP: &str = "application/soap+xml; charset=utf-8";
    match answer {
        SoapAnswer::Fault { status, subcodes, reason } => {
            let codes: Vec<&str> = subcodes.iter().map(String::as_str).collect();
            let refusal = Refusal { status: *status, ..Refusal::sender(&codes, reason.as_str()) };
            Reply::Whole(soap::fault_page(super::quirk::QuirkSet::default(), &refusal, operation))
        }
        SoapAnswer::Status { status } => Reply::Whole(Page::new(*status, "", "")),
        SoapAnswer::Html { status } => Reply::Whole(Page::html(*status, "Login")),
        SoapAnswer::Huge { bytes } => Reply::Whole(Page::new(200, SOAP, soap::huge(*bytes))),
        SoapAnswer::Deep { depth } => Reply::Whole(Page::new(200, SOAP, soap::deep(*depth))),
        SoapAnswer::EntityBomb => Reply::Whole(Page::new(200, SOAP, soap::entity_bomb())),
        SoapAnswer::Drip { gap_ms } => match usual.await {
            Reply::Whole(page) | Reply::Chunked(page) => Reply::Drip { page, gap: Duration::from_millis(*gap_ms) },
            other => other,
        },
        SoapAnswer::Late { ms } => {
            sleep(Duration::from_millis(*ms)).await;
            usual.await
        }
        SoapAnswer::Nothing => Reply::Nothing,
        SoapAnswer::Close => Reply::Close,
    }
}
