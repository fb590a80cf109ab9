//! Sources, and where streams and pictures are. Both media services.

use super::{profiles, tokens};
use crate::onvif::{
    Quirk,
    address::host_of,
    call::{Answer, Call, Refusal, Service, escape},
    picture,
};
use crate::rtsp::stream_path;

pub(super) fn answer(call: &Call<'_>) -> Answer {
    match (call.service, call.operation) {
        (Service::Media, "GetVideoSources") => {
            let sources = (0..call.channels()).map(|channel| {
                let size = profiles::source_size(call, channel);
                format!(
                    "<trt:VideoSources token=\"{}\"><tt:Framerate>25</tt:Framerate><tt:Resolution><tt:Width>{}</tt:Width>\
                     <tt:Height>{}</tt:Height></tt:Resolution></trt:VideoSources>",
                    tokens::listed_source(channel),
                    size.0,
                    size.1
                )
            });
            call.answer(sources.collect::<String>())
        }
        (_, "GetVideoSourceConfigurations") => {
            let prefix = call.service.prefix();
            let list = (0..call.channels()).map(|channel| {
                format!(
                    "<{prefix}:Configurations token=\"{}\">{}</{prefix}:Configurations>",
                    tokens::source_configuration(channel),
                    profiles::source_inside(call, channel)
                )
            });
            call.answer(list.collect::<String>())
        }
        (_, "GetStreamUri") => stream_uri(call),
        (_, "GetSnapshotUri") => snapshot_uri(call),
        (_, "SetSynchronizationPoint") => {
            let (channel, role) = tokens::find_profile(call, call.text("ProfileToken")?)?;
            if let Some((_, stream)) = call.device.stream(call.house, channel, role) {
                stream.want_key();
            }
            call.done()
        }
        (_, "GetAudioEncoderConfigurations" | "GetAudioSources") => call.done(),
        _ => Err(Refusal::unsupported()),
    }
}

fn stream_uri(call: &Call<'_>) -> Answer {
    let (channel, role) = tokens::find_profile(call, call.text("ProfileToken")?)?;
    let protocol = call.body.find("Protocol").map_or("", |protocol| protocol.text.as_str());
    let is_udp = matches!(protocol, "UDP" | "RtspUnicast");
    if call.has(Quirk::UdpOnlyUri) && !is_udp {
        return Err(Refusal::sender(&["InvalidArgVal", "InvalidStreamSetup"], "Only UDP"));
    }
    if matches!(protocol, "HTTP" | "RtspOverHttp" | "RtspMulticast") {
        return Err(Refusal::sender(&["InvalidArgVal", "InvalidStreamSetup"], "This transport is not supported"));
    }
    let Some((camera, _)) = call.device.stream(call.house, channel, role) else { return Err(Refusal::no_profile()) };
    let port = call.house.cameras.get(camera).map_or(554, |camera| camera.address.port());
    let host = if call.has(Quirk::ForeignStreamHost) || call.has(Quirk::NatXaddr) {
        "192.168.77.5"
    } else {
        host_of(call.authority)
    };
    let path = stream_path(camera, role);
    let uri = match () {
        () if call.has(Quirk::BareAmpersand) => format!("rtsp://{host}:{port}/{path}?channel=1&subtype=0"),
        () if call.has(Quirk::DoubleEscaped) => format!("rtsp://{host}:{port}/{path}?channel=1&amp;amp;subtype=0"),
        () => {
            let mark = call.device.address_mark().map(|mark| format!("&{mark}")).unwrap_or_default();
            escape(&format!("rtsp://{host}:{port}/{path}?channel={}&proto=Onvif{mark}", channel + 1))
        }
    };
    uri_answer(call, &uri)
}

fn snapshot_uri(call: &Call<'_>) -> Answer {
    let (channel, role) = tokens::find_profile(call, call.text("ProfileToken")?)?;
    if call.has(Quirk::SnapshotMissing) {
        return match call.service {
            Service::Media => call.answer("<trt:MediaUri/>"),
            _ => call.done(),
        };
    }
    let path = call.device.base() + &picture::path(channel, role);
    let host = if call.has(Quirk::SnapshotForeignHost) { "192.168.77.5" } else { call.authority };
    let scheme = if call.has(Quirk::SnapshotRtsp) { "rtsp" } else { call.device.scheme() };
    let query = if call.has(Quirk::SnapshotCredentialsInQuery) {
        format!("?{}", picture::query_login(call.device))
    } else {
        String::new()
    };
    uri_answer(call, &escape(&format!("{scheme}://{host}{path}{query}")))
}

/// The old service wraps an address, the new one does not. `uri` is XML already.
fn uri_answer(call: &Call<'_>, uri: &str) -> Answer {
    if call.service == Service::Media2 {
        return call.answer(format!("<tr2:Uri>{uri}</tr2:Uri>"));
    }
    let until_reboot = call.has(Quirk::InvalidAfterReboot);
    call.answer(format!(
        "<trt:MediaUri><tt:Uri>{uri}</tt:Uri><tt:InvalidAfterConnect>false</tt:InvalidAfterConnect>\
         <tt:InvalidAfterReboot>{until_reboot}</tt:InvalidAfterReboot><tt:Timeout>PT60S</tt:Timeout></trt:MediaUri>"
    ))
}
