//! Profiles: main and sub of each channel, as either media service writes them.

use super::{encoders, metadata, ptz_nodes, tokens};
use crate::onvif::{
    Quirk,
    call::{Answer, Call, Refusal, Service, escape},
    odd_text::GBK_NAME,
};
use watchwall_model::StreamRole;

pub(super) fn answer(call: &Call<'_>) -> Answer {
    let wanted = call.body.text_of("ProfileToken").or_else(|| call.body.text_of("Token"));
    let kinds: Vec<&str> = call.body.children_of("Type").map(|kind| kind.text.as_str()).collect();
    if call.service == Service::Media2 && call.has(Quirk::Media2Crashes) && kinds.contains(&"All") {
        // Shown as a web page whatever the manner of faults: the server behind it is gone.
        return Err(Refusal { status: 500, ..Refusal::receiver(&["Crash"], "CGI: signal 11") });
    }
    let element = if call.operation == "GetProfile" { "Profile" } else { "Profiles" };
    let mut list = String::new();
    for (channel, role) in call.streams() {
        if call.has(Quirk::EmptyProfiles) && role == StreamRole::Main && wanted.is_none() {
            list.push_str(&empty(call, element, channel));
        }
        let token = tokens::profile(call, channel, role);
        if wanted.is_none_or(|wanted| wanted == token) {
            list.push_str(&match call.service {
                Service::Media2 => new(call, element, channel, role, &kinds),
                _ => old(call, element, channel, role),
            });
        }
    }
    if list.is_empty() && wanted.is_some() {
        return Err(Refusal::no_profile());
    }
    call.answer(list)
}

fn name(call: &Call<'_>, channel: usize, role: StreamRole) -> String {
    if call.has(Quirk::GbkNames) {
        return GBK_NAME.to_owned();
    }
    let stream = if role == StreamRole::Main { "mainStream" } else { "subStream" };
    escape(&format!("{} {stream}", call.channel_name(channel)))
}

fn old(call: &Call<'_>, element: &str, channel: usize, role: StreamRole) -> String {
    let ptz = if call.device.spec.has_ptz {
        format!(
            "<tt:PTZConfiguration token=\"{}\">{}</tt:PTZConfiguration>",
            tokens::ptz(channel),
            ptz_nodes::configuration_inside(channel)
        )
    } else {
        String::new()
    };
    let metadata = if call.quirks.offers_metadata() {
        metadata::element("tt:MetadataConfiguration", channel)
    } else {
        String::new()
    };
    format!(
        "<trt:{element} token=\"{}\" fixed=\"true\"><tt:Name>{}</tt:Name><tt:VideoSourceConfiguration token=\"{}\">{}\
         </tt:VideoSourceConfiguration><tt:VideoEncoderConfiguration token=\"{}\">{}</tt:VideoEncoderConfiguration>{ptz}\
         {metadata}</trt:{element}>",
        tokens::written(&tokens::profile(call, channel, role)),
        name(call, channel, role),
        tokens::source_configuration(channel),
        source_inside(call, channel),
        tokens::encoder(call, channel, role),
        encoders::inside_old(call, channel, role)
    )
}

/// Nothing of a profile's inside is listed unless it was asked for.
fn new(call: &Call<'_>, element: &str, channel: usize, role: StreamRole, kinds: &[&str]) -> String {
    let wants = |kind: &str| kinds.iter().any(|own| *own == kind || *own == "All") && !call.has(Quirk::Media2Bare);
    let mut inside = String::new();
    if wants("VideoSource") {
        inside.push_str(&format!(
            "<tr2:VideoSource token=\"{}\">{}</tr2:VideoSource>",
            tokens::source_configuration(channel),
            source_inside(call, channel)
        ));
    }
    if wants("VideoEncoder") {
        inside.push_str(&encoders::new(call, "tr2:VideoEncoder", channel, role));
    }
    if wants("PTZ") && call.device.spec.has_ptz {
        inside.push_str(&format!(
            "<tr2:PTZ token=\"{}\">{}</tr2:PTZ>",
            tokens::ptz(channel),
            ptz_nodes::configuration_inside(channel)
        ));
    }
    if wants("Metadata") && call.quirks.offers_metadata() {
        inside.push_str(&metadata::element("tr2:Metadata", channel));
    }
    if !inside.is_empty() {
        inside = format!("<tr2:Configurations>{inside}</tr2:Configurations>");
    }
    format!(
        "<tr2:{element} token=\"{}\" fixed=\"true\"><tr2:Name>{}</tr2:Name>{inside}</tr2:{element}>",
        tokens::written(&tokens::profile(call, channel, role)),
        name(call, channel, role)
    )
}

fn empty(call: &Call<'_>, element: &str, channel: usize) -> String {
    let prefix = call.service.prefix();
    let name = if call.service == Service::Media { "tt:Name" } else { "tr2:Name" };
    format!(
        "<{prefix}:{element} token=\"{}\" fixed=\"true\"><{name}>E-PTZ {}</{name}></{prefix}:{element}>",
        tokens::empty_profile(channel),
        channel + 1
    )
}

/// The picture a channel's sensor gives: that of its main stream.
pub(super) fn source_size(call: &Call<'_>, channel: usize) -> (u32, u32) {
    call.device
        .stream(call.house, channel, StreamRole::Main)
        .map_or((0, 0), |(_, stream)| (stream.spec.width, stream.spec.height))
}

/// The inside of a source configuration.
pub(super) fn source_inside(call: &Call<'_>, channel: usize) -> String {
    let (width, height) = source_size(call, channel);
    let name = if call.has(Quirk::GbkNames) { GBK_NAME.to_owned() } else { escape(call.channel_name(channel)) };
    format!(
        "<tt:Name>{name}</tt:Name><tt:UseCount>2</tt:UseCount><tt:SourceToken>{}</tt:SourceToken>\
         <tt:Bounds x=\"0\" y=\"0\" width=\"{width}\" height=\"{height}\"/>",
        tokens::source(call, channel)
    )
}
