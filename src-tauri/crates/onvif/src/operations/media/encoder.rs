//! Encoder configurations: codec, size, rates, distance of key frames.

use crate::{
    dates::{format_duration_ms, parse_duration_ms},
    operations::Size,
    soap::{Patience, Xml},
    tree::Node,
};
use watchwall_model::{AudioCodec, VideoCodec};

/// How a picture is encoded. What the device does not tell is missing; nothing is assumed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VideoEncoder {
    pub token: String,
    pub name: String,
    pub use_count: u32,
    pub codec: Option<VideoCodec>,
    pub size: Option<Size>,
    pub quality: Option<f32>,
    /// Per second.
    pub frame_rate: Option<f32>,
    /// Every how many frames one is encoded.
    pub encoding_interval: Option<u32>,
    pub bitrate_kbps: Option<u32>,
    pub is_constant_bitrate: Option<bool>,
    /// Frames from one key frame to the next.
    pub gop_length: Option<u32>,
    /// `Main`, `High`, ...
    pub profile: Option<String>,
    pub multicast: Option<Multicast>,
    pub session_timeout_ms: Option<u64>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Multicast {
    pub address: String,
    pub port: u16,
    pub ttl: u32,
    pub starts_by_itself: bool,
}

/// How sound is encoded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AudioEncoder {
    pub token: String,
    pub name: String,
    pub codec: Option<AudioCodec>,
    pub bitrate_kbps: Option<u32>,
    pub sample_rate_khz: Option<u32>,
}

/// Names of codecs as either service writes them. ONVIF's `G711` does not say which law: it is mu-law by its text.
pub(crate) fn video_codec(text: &str) -> VideoCodec {
    match text.to_ascii_uppercase().as_str() {
        "H264" | "H.264" | "AVC" => VideoCodec::H264,
        "H265" | "H.265" | "HEVC" => VideoCodec::H265,
        "JPEG" | "MJPEG" => VideoCodec::Mjpeg,
        _ => VideoCodec::Other(text.to_owned()),
    }
}

pub(crate) fn audio_codec(text: &str) -> AudioCodec {
    match text.to_ascii_uppercase().as_str() {
        "AAC" | "MP4A-LATM" | "MPEG4-GENERIC" => AudioCodec::Aac,
        "G711" | "PCMU" => AudioCodec::Pcmu,
        "PCMA" => AudioCodec::Pcma,
        "G726" => AudioCodec::G726,
        "OPUS" => AudioCodec::Opus,
        _ => AudioCodec::Other(text.to_owned()),
    }
}

fn codec_name(codec: &VideoCodec) -> &str {
    match codec {
        VideoCodec::H264 => "H264",
        VideoCodec::H265 => "H265",
        VideoCodec::Mjpeg => "JPEG",
        VideoCodec::Other(name) => name,
    }
}

impl VideoEncoder {
    pub(super) fn read(node: Node<'_>) -> Self {
        let rates = node.child("RateControl");
        // The old service keeps these in an element named after the codec, the new one in attributes.
        let own = ["H264", "H265", "MPEG4"].into_iter().find_map(|name| node.find(name));
        let own_profile = own.and_then(|own| {
            ["H264Profile", "H265Profile", "Mpeg4Profile"].into_iter().find_map(|name| own.text_of(name))
        });
        let positive = |value: Option<u32>| value.filter(|value| *value > 0);
        Self {
            token: node.token().unwrap_or_default().to_owned(),
            name: node.string_of("Name"),
            use_count: node.number_of("UseCount").unwrap_or(0),
            codec: node.text_of("Encoding").map(video_codec),
            size: node.child("Resolution").and_then(Size::read),
            quality: node.number_of("Quality"),
            frame_rate: rates.and_then(|rates| rates.number_of("FrameRateLimit")).filter(|rate| *rate > 0.0),
            encoding_interval: positive(rates.and_then(|rates| rates.number_of("EncodingInterval"))),
            // Axis writes the largest number there is for no limit at all.
            bitrate_kbps: positive(rates.and_then(|rates| rates.number_of("BitrateLimit")))
                .filter(|rate| *rate < 1_000_000),
            is_constant_bitrate: rates.and_then(|rates| rates.flag_in("ConstantBitRate")),
            gop_length: positive(
                own.and_then(|own| own.number_of("GovLength")).or_else(|| node.number_in("GovLength")),
            ),
            profile: own_profile.or_else(|| node.attribute("Profile")).map(ToOwned::to_owned),
            multicast: node.child("Multicast").and_then(Multicast::read),
            session_timeout_ms: node.text_of("SessionTimeout").and_then(parse_duration_ms),
        }
    }

    /// The old service's configuration, in its order.
    fn write(&self, body: &mut Xml) {
        let codec = self.codec.as_ref().map_or("H264", codec_name);
        body.parent_with("Configuration", &[("token", &self.token)], |body| {
            body.leaf("tt:Name", &self.name).leaf("tt:UseCount", self.use_count).leaf("tt:Encoding", codec);
            self.write_size(body);
            body.leaf("tt:Quality", self.quality.unwrap_or(0.0));
            body.parent("tt:RateControl", |body| {
                body.leaf("tt:FrameRateLimit", self.frame_rate.unwrap_or(25.0).round())
                    .leaf("tt:EncodingInterval", self.encoding_interval.unwrap_or(1))
                    .leaf("tt:BitrateLimit", self.bitrate_kbps.unwrap_or(0));
            });
            if codec == "H264" {
                body.parent("tt:H264", |body| {
                    body.leaf("tt:GovLength", self.gop_length.unwrap_or(50))
                        .leaf("tt:H264Profile", self.profile.as_deref().unwrap_or("Main"));
                });
            }
            self.write_multicast(body);
            body.leaf("tt:SessionTimeout", format_duration_ms(self.session_timeout_ms.unwrap_or(60_000)));
        });
    }

    /// The new service's configuration, in its order.
    fn write2(&self, body: &mut Xml) {
        let gop_length = self.gop_length.map(|length| length.to_string()).unwrap_or_default();
        let mut attributes = vec![("token", self.token.as_str())];
        if !gop_length.is_empty() {
            attributes.push(("GovLength", &gop_length));
        }
        attributes.extend(self.profile.as_deref().map(|profile| ("Profile", profile)));
        body.parent_with("Configuration", &attributes, |body| {
            body.leaf("tt:Name", &self.name).leaf("tt:UseCount", self.use_count);
            body.leaf("tt:Encoding", self.codec.as_ref().map_or("H264", codec_name));
            self.write_size(body);
            let constant = self.is_constant_bitrate.map(|is_constant| is_constant.to_string());
            let constant: Vec<_> = constant.iter().map(|text| ("ConstantBitRate", text.as_str())).collect();
            if self.frame_rate.is_some() || self.bitrate_kbps.is_some() {
                body.parent_with("tt:RateControl", &constant, |body| {
                    body.leaf("tt:FrameRateLimit", self.frame_rate.unwrap_or(25.0))
                        .leaf("tt:BitrateLimit", self.bitrate_kbps.unwrap_or(0));
                });
            }
            self.write_multicast(body);
            body.leaf("tt:Quality", self.quality.unwrap_or(0.0));
        });
    }

    fn write_size(&self, body: &mut Xml) {
        let size = self.size.unwrap_or_default();
        body.parent("tt:Resolution", |body| {
            body.leaf("tt:Width", size.width).leaf("tt:Height", size.height);
        });
    }

    fn write_multicast(&self, body: &mut Xml) {
        if let Some(multicast) = &self.multicast {
            multicast.write(body);
        }
    }
}

impl Multicast {
    fn read(node: Node<'_>) -> Option<Self> {
        let address = node.child("Address")?;
        Some(Self {
            address: address.text_of("IPv4Address").or_else(|| address.text_of("IPv6Address"))?.to_owned(),
            port: node.number_of("Port").unwrap_or(0),
            ttl: node.number_of("TTL").unwrap_or(0),
            starts_by_itself: node.flag_of("AutoStart").unwrap_or(false),
        })
    }

    fn write(&self, body: &mut Xml) {
        let (kind, element) =
            if self.address.contains(':') { ("IPv6", "tt:IPv6Address") } else { ("IPv4", "tt:IPv4Address") };
        body.parent("tt:Multicast", |body| {
            body.parent("tt:Address", |body| {
                body.leaf("tt:Type", kind).leaf(element, &self.address);
            });
            body.leaf("tt:Port", self.port).leaf("tt:TTL", self.ttl).leaf("tt:AutoStart", self.starts_by_itself);
        });
    }
}

impl AudioEncoder {
    pub(super) fn read(node: Node<'_>) -> Self {
        Self {
            token: node.token().unwrap_or_default().to_owned(),
            name: node.string_of("Name"),
            codec: node.text_of("Encoding").map(audio_codec),
            bitrate_kbps: node.number_of("Bitrate"),
            sample_rate_khz: node.number_of("SampleRate"),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetVideoEncoderConfigurations;

operation! {
    GetVideoEncoderConfigurations "GetVideoEncoderConfigurations" of Media -> Vec<VideoEncoder> {
        const PATIENCE: Patience = Patience::List;
    }
    read(self, answer) { Ok(answer.children("Configurations").map(VideoEncoder::read).collect()) }
}

/// The same of Media2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetVideoEncoders2;

operation! {
    GetVideoEncoders2 "GetVideoEncoderConfigurations" of Media2 -> Vec<VideoEncoder> {
        const PATIENCE: Patience = Patience::List;
    }
    read(self, answer) { Ok(answer.children("Configurations").map(VideoEncoder::read).collect()) }
}

/// Replaces a configuration: read it first, change what is to change, send all of it.
#[derive(Clone, Debug, PartialEq)]
pub struct SetVideoEncoderConfiguration(pub VideoEncoder);

operation! {
    SetVideoEncoderConfiguration "SetVideoEncoderConfiguration" of Media {}
    write(self, body) {
        self.0.write(body);
        body.leaf("ForcePersistence", true);
    }
}

/// The same of Media2, the only one that sets H.265.
#[derive(Clone, Debug, PartialEq)]
pub struct SetVideoEncoder2(pub VideoEncoder);

operation! {
    SetVideoEncoder2 "SetVideoEncoderConfiguration" of Media2 {}
    write(self, body) { self.0.write2(body); }
}
