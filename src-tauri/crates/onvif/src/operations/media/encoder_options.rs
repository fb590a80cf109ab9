//! What an encoder may be set to.

use super::encoder::video_codec;
use crate::{
    operations::{Size, Span},
    soap::Patience,
    tree::{Node, Number},
};
use watchwall_model::VideoCodec;

/// Choices for one codec.
#[derive(Clone, Debug, PartialEq)]
pub struct EncoderOption {
    pub codec: VideoCodec,
    pub sizes: Vec<Size>,
    pub quality: Option<Span<f32>>,
    pub frame_rates: Option<Span<f32>>,
    /// Where only certain rates are allowed.
    pub frame_rate_list: Vec<f32>,
    pub bitrate_kbps: Option<Span<u32>>,
    pub gop_length: Option<Span<u32>>,
    pub encoding_interval: Option<Span<u32>>,
    pub profiles: Vec<String>,
}

/// Of the old service; tokens narrow it down.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GetVideoEncoderConfigurationOptions {
    pub configuration: Option<String>,
    pub profile: Option<String>,
}

operation! {
    GetVideoEncoderConfigurationOptions "GetVideoEncoderConfigurationOptions" of Media -> Vec<EncoderOption> {
        const PATIENCE: Patience = Patience::List;
    }
    write(self, body) {
        body.leaf_if("ConfigurationToken", self.configuration.as_ref()).leaf_if("ProfileToken", self.profile.as_ref());
    }
    read(self, answer) {
        let Some(options) = answer.child("Options") else { return Ok(Vec::new()) };
        let extension = options.child("Extension");
        let quality = Span::read(options, "QualityRange");
        let read = |name: &str| {
            let node = options.child(name)?;
            // The bit rate came later, in an extension that repeats the rest.
            let more = extension.and_then(|extension| extension.child(name));
            Some(EncoderOption {
                codec: video_codec(name),
                sizes: sizes(node),
                quality,
                frame_rates: Span::read(node, "FrameRateRange"),
                frame_rate_list: Vec::new(),
                bitrate_kbps: more.and_then(|more| Span::read(more, "BitrateRange")),
                gop_length: Span::read(node, "GovLengthRange"),
                encoding_interval: Span::read(node, "EncodingIntervalRange"),
                profiles: profiles(node),
            })
        };
        Ok(["H264", "H265", "JPEG", "MPEG4"].into_iter().filter_map(read).collect())
    }
}

/// Of Media2.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GetEncoderOptions2 {
    pub configuration: Option<String>,
    pub profile: Option<String>,
}

operation! {
    GetEncoderOptions2 "GetVideoEncoderConfigurationOptions" of Media2 -> Vec<EncoderOption> {
        const PATIENCE: Patience = Patience::List;
    }
    write(self, body) {
        body.leaf_if("ConfigurationToken", self.configuration.as_ref()).leaf_if("ProfileToken", self.profile.as_ref());
    }
    read(self, answer) {
        let options = answer.children("Options").filter_map(|node| {
            let list = |name: &str| node.attribute(name).or_else(|| node.text_of(name)).unwrap_or_default();
            let rates: Vec<f32> = list("FrameRatesSupported").split_whitespace().filter_map(f32::read).collect();
            Some(EncoderOption {
                codec: video_codec(node.text_of("Encoding")?),
                sizes: sizes(node),
                quality: Span::read(node, "QualityRange"),
                frame_rates: around(&rates),
                frame_rate_list: rates,
                bitrate_kbps: Span::read(node, "BitrateRange"),
                gop_length: Span::read_pair(list("GovLengthRange")),
                encoding_interval: None,
                profiles: list("ProfilesSupported").split_whitespace().map(ToOwned::to_owned).collect(),
            })
        });
        Ok(options.collect())
    }
}

fn sizes(node: Node<'_>) -> Vec<Size> {
    node.children("ResolutionsAvailable").filter_map(Size::read).collect()
}

fn profiles(node: Node<'_>) -> Vec<String> {
    let names = node.elements().filter(|child| child.name().ends_with("ProfilesSupported"));
    names.map(|child| child.text().to_owned()).collect()
}

fn around(values: &[f32]) -> Option<Span<f32>> {
    let min = values.iter().copied().reduce(f32::min)?;
    Some(Span { min, max: values.iter().copied().fold(min, f32::max) })
}
