//! Where streams and pictures are.

use crate::{dates::parse_duration_ms, soap::Gap, tree::Node};

/// How a stream is to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamProtocol {
    /// RTP inside the RTSP connection: asked for first.
    Tcp,
    Udp,
    Multicast,
    /// RTSP inside HTTP.
    Http,
}

/// An address as the device gave it. It names the device's own idea of its host; pass it through
/// [`DeviceAddress::stream_url`](crate::DeviceAddress::stream_url).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreamUri {
    pub uri: String,
    pub is_invalid_after_connect: bool,
    /// To be asked again when the device comes back.
    pub is_invalid_after_reboot: bool,
    pub timeout_ms: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GetStreamUri {
    pub profile: String,
    pub protocol: StreamProtocol,
}

operation! {
    GetStreamUri "GetStreamUri" of Media -> StreamUri {}
    write(self, body) {
        let (stream, protocol) = match self.protocol {
            StreamProtocol::Tcp => ("RTP-Unicast", "RTSP"),
            StreamProtocol::Udp => ("RTP-Unicast", "UDP"),
            StreamProtocol::Multicast => ("RTP-Multicast", "UDP"),
            StreamProtocol::Http => ("RTP-Unicast", "HTTP"),
        };
        body.parent("StreamSetup", |body| {
            body.leaf("tt:Stream", stream).parent("tt:Transport", |body| {
                body.leaf("tt:Protocol", protocol);
            });
        });
        body.leaf("ProfileToken", &self.profile);
    }
    read(self, answer) { read_uri(answer) }
}

/// Of Media2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GetStreamUri2 {
    pub profile: String,
    pub protocol: StreamProtocol,
}

operation! {
    GetStreamUri2 "GetStreamUri" of Media2 -> StreamUri {}
    write(self, body) {
        let protocol = match self.protocol {
            StreamProtocol::Tcp => "RTSP",
            StreamProtocol::Udp => "RtspUnicast",
            StreamProtocol::Multicast => "RtspMulticast",
            StreamProtocol::Http => "RtspOverHttp",
        };
        body.leaf("Protocol", protocol).leaf("ProfileToken", &self.profile);
    }
    read(self, answer) { read_uri(answer) }
}

/// `MediaUri/Uri` of the old service, bare `Uri` of the new; some mix them up.
fn read_uri(answer: Node<'_>) -> Result<StreamUri, Gap> {
    let node = answer.child("MediaUri").unwrap_or(answer);
    Ok(StreamUri {
        uri: node.text_of("Uri").or_else(|| node.text_of("URI")).ok_or(Gap("Uri"))?.to_owned(),
        is_invalid_after_connect: node.flag_of("InvalidAfterConnect").unwrap_or(false),
        is_invalid_after_reboot: node.flag_of("InvalidAfterReboot").unwrap_or(false),
        timeout_ms: node.text_of("Timeout").and_then(parse_duration_ms),
    })
}

/// The address of a picture; `None` in its answer when the device leaves it out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GetSnapshotUri {
    pub profile: String,
}

/// Of Media2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GetSnapshotUri2 {
    pub profile: String,
}

/// As the device gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotUri(pub Option<String>);

operation! {
    GetSnapshotUri "GetSnapshotUri" of Media -> SnapshotUri {}
    write(self, body) { body.leaf("ProfileToken", &self.profile); }
    read(self, answer) { Ok(SnapshotUri(read_uri(answer).ok().map(|uri| uri.uri))) }
}

operation! {
    GetSnapshotUri2 "GetSnapshotUri" of Media2 -> SnapshotUri {}
    write(self, body) { body.leaf("ProfileToken", &self.profile); }
    read(self, answer) { Ok(SnapshotUri(read_uri(answer).ok().map(|uri| uri.uri))) }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StartMulticastStreaming {
    pub profile: String,
}

operation! {
    StartMulticastStreaming "StartMulticastStreaming" of Media { }
    write(self, body) { body.leaf("ProfileToken", &self.profile); }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StopMulticastStreaming {
    pub profile: String,
}

operation! {
    StopMulticastStreaming "StopMulticastStreaming" of Media { }
    write(self, body) { body.leaf("ProfileToken", &self.profile); }
}
