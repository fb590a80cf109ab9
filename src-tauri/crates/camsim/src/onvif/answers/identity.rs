//! Who the device is, its clock, its reboot.

use crate::{
    AccountLevel,
    onvif::{
        Quirk,
        call::{Answer, Call, Refusal, escape},
        dates::Civil,
    },
};
use watchwall_model::UtcMillis;

const HOUR_MS: i64 = 3_600_000;
/// China: what most cameras leave the factory with.
const ZONE_MS: i64 = 8 * HOUR_MS;

pub(super) fn answer(call: &Call<'_>) -> Answer {
    let device = call.device;
    match call.operation {
        "GetSystemDateAndTime" => clock(call),
        "SetSystemDateAndTime" => set_clock(call),
        "GetDeviceInformation" => call.answer(format!(
            "<tds:Manufacturer>{}</tds:Manufacturer><tds:Model>{}</tds:Model><tds:FirmwareVersion>{}</tds:FirmwareVersion>\
             <tds:SerialNumber>{}</tds:SerialNumber><tds:HardwareId>{}</tds:HardwareId>",
            escape(&device.spec.manufacturer),
            escape(&device.spec.model),
            escape(&device.spec.firmware),
            escape(&device.serial),
            escape(&device.spec.model)
        )),
        "GetScopes" => scopes(call),
        "SetScopes" => set_scopes(call),
        "GetEndpointReference" => call.answer(format!("<tds:GUID>{}</tds:GUID>", device.endpoint())),
        "GetWsdlUrl" => call.answer("<tds:WsdlUrl>http://www.onvif.org/</tds:WsdlUrl>"),
        "GetDiscoveryMode" => call.answer("<tds:DiscoveryMode>Discoverable</tds:DiscoveryMode>"),
        "SystemReboot" => {
            call.at_least(AccountLevel::Administrator)?;
            call.answer(format!("<tds:Message>Rebooting in {} seconds</tds:Message>", device.spec.reboot.as_secs()))
        }
        _ => Err(Refusal::unsupported()),
    }
}

fn clock(call: &Call<'_>) -> Answer {
    let now = call.device.now();
    let utc = if call.has(Quirk::LocalClock) { now.saturating_add_ms(ZONE_MS) } else { now };
    let both = |name: &str, at: UtcMillis| {
        let t = Civil::of(at);
        format!(
            "<tt:{name}><tt:Time><tt:Hour>{}</tt:Hour><tt:Minute>{}</tt:Minute><tt:Second>{}</tt:Second></tt:Time><tt:Date>\
             <tt:Year>{}</tt:Year><tt:Month>{}</tt:Month><tt:Day>{}</tt:Day></tt:Date></tt:{name}>",
            t.hour, t.minute, t.second, t.year, t.month, t.day
        )
    };
    // Without UTC, what is called local is what its login goes by.
    let (utc, local) = if call.has(Quirk::NoUtcClock) {
        (String::new(), both("LocalDateTime", now))
    } else {
        (both("UTCDateTime", utc), both("LocalDateTime", now.saturating_add_ms(ZONE_MS)))
    };
    let state = call.device.state();
    let zone = if call.has(Quirk::OddTimeZone) {
        "UTC+5:00:00DST+4:00:00,M3.2.0/02:00:00,M11.1.0/02:00:00".to_owned()
    } else {
        escape(&state.time_zone)
    };
    call.answer(format!(
        "<tds:SystemDateAndTime><tt:DateTimeType>{}</tt:DateTimeType><tt:DaylightSavings>false</tt:DaylightSavings>\
         <tt:TimeZone><tt:TZ>{zone}</tt:TZ></tt:TimeZone>{utc}{local}</tds:SystemDateAndTime>",
        if state.is_ntp { "NTP" } else { "Manual" }
    ))
}

fn set_clock(call: &Call<'_>) -> Answer {
    call.at_least(AccountLevel::Administrator)?;
    let kind = call.text("DateTimeType")?;
    let zone = call.body.child("TimeZone").and_then(|zone| zone.text_of("TZ"));
    if zone.is_some_and(|zone| !zone.is_ascii() || zone.len() < 3) {
        return Err(Refusal::sender(&["InvalidArgVal", "InvalidTimeZone"], "The time zone is not of POSIX"));
    }
    match kind {
        "Manual" => {
            let at = call.body.child("UTCDateTime").and_then(|utc| {
                let (date, time) = (utc.child("Date")?, utc.child("Time")?);
                let civil = Civil {
                    year: date.number_of("Year")?,
                    month: date.number_of("Month")?,
                    day: date.number_of("Day")?,
                    hour: time.number_of("Hour")?,
                    minute: time.number_of("Minute")?,
                    second: time.number_of("Second")?,
                    millisecond: 0,
                };
                civil.to_utc()
            });
            let at =
                at.ok_or_else(|| Refusal::sender(&["InvalidArgVal", "InvalidDateTime"], "There is no such time"))?;
            call.device.set_clock_offset_ms(at - UtcMillis::now());
        }
        // A time server is right.
        "NTP" => call.device.set_clock_offset_ms(0),
        _ => return Err(Refusal::invalid("DateTimeType is Manual or NTP")),
    }
    let mut state = call.device.state();
    state.is_ntp = kind == "NTP";
    if let Some(zone) = zone {
        zone.clone_into(&mut state.time_zone);
    }
    drop(state);
    call.done()
}

fn scopes(call: &Call<'_>) -> Answer {
    let fixed = fixed_scopes(call.device);
    let state = call.device.state();
    let items = fixed.iter().map(|uri| ("Fixed", uri)).chain(state.scopes.iter().map(|uri| ("Configurable", uri))).map(
        |(kind, uri)| {
            format!(
                "<tds:Scopes><tt:ScopeDef>{kind}</tt:ScopeDef><tt:ScopeItem>{}</tt:ScopeItem></tds:Scopes>",
                escape(uri)
            )
        },
    );
    call.answer(items.collect::<String>())
}

/// The scopes that cannot be changed, as discovery tells them too.
pub(in crate::onvif) fn fixed_scopes(device: &crate::onvif::Device) -> Vec<String> {
    let spec = &device.spec;
    let value = |text: &str| {
        let keep = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.~/".contains(byte);
        text.bytes()
            .map(|byte| if keep(&byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
            .collect::<String>()
    };
    let scope = |kind: &str, text: &str| format!("onvif://www.onvif.org/{kind}/{}", value(text));
    let mut scopes = vec![
        "onvif://www.onvif.org/type/video_encoder".to_owned(),
        "onvif://www.onvif.org/Profile/Streaming".to_owned(),
        "onvif://www.onvif.org/Profile/T".to_owned(),
        scope("MacAddress", &device.mac()),
        scope("SerialNumber", &device.serial),
        scope("hardware", &spec.model),
        scope("name", &spec.name),
    ];
    if spec.has_ptz {
        scopes.push("onvif://www.onvif.org/type/ptz".to_owned());
    }
    if !spec.location.is_empty() {
        scopes.push(scope("location", &spec.location));
    }
    scopes
}

fn set_scopes(call: &Call<'_>) -> Answer {
    call.at_least(AccountLevel::Administrator)?;
    let scopes: Vec<String> = call.body.children_of("Scopes").map(|scope| scope.text.clone()).collect();
    if scopes.iter().any(|scope| !scope.starts_with("onvif://")) {
        return Err(Refusal::invalid("A scope begins with onvif://"));
    }
    call.device.state().scopes = scopes;
    call.done()
}
