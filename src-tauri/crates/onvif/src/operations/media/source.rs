//! Picture sources. Recorders list other sources here than their profiles use: channels are made from profiles.

use super::profile::{VideoSourceConfiguration, read_source};
use crate::operations::Size;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetVideoSources;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct VideoSource {
    pub token: String,
    pub frame_rate: Option<f32>,
    pub size: Option<Size>,
}

operation! {
    GetVideoSources "GetVideoSources" of Media -> Vec<VideoSource> {}
    read(self, answer) {
        let sources = answer.children("VideoSources").filter_map(|node| {
            Some(VideoSource {
                token: node.token()?.to_owned(),
                frame_rate: node.number_of("Framerate"),
                size: node.child("Resolution").and_then(Size::read),
            })
        });
        Ok(sources.collect())
    }
}

/// Configurations of sources in Media2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetVideoSourceConfigurations2;

operation! {
    GetVideoSourceConfigurations2 "GetVideoSourceConfigurations" of Media2 -> Vec<VideoSourceConfiguration> {}
    read(self, answer) { Ok(answer.children("Configurations").filter_map(read_source).collect()) }
}
