//! Profiles: what a device sends together under one token.

use super::encoder::{AudioEncoder, VideoEncoder};
use crate::{
    operations::Size,
    soap::{Gap, Patience},
    tree::Node,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetProfiles;

/// Profiles of Media2, which lists nothing of their inside unless it is told to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetProfiles2(pub ProfileKinds);

/// Configurations wanted with the profiles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProfileKinds {
    All,
    /// Source and encoder only: asking for all crashes some servers.
    Video,
}

/// Tokens are opaque: nothing may be read from them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Profile {
    pub token: String,
    pub name: String,
    pub is_fixed: bool,
    pub source: Option<VideoSourceConfiguration>,
    pub video: Option<VideoEncoder>,
    pub audio: Option<AudioEncoder>,
    pub ptz: Option<PtzReference>,
    pub has_metadata: bool,
    pub has_analytics: bool,
}

/// Which picture source a profile shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VideoSourceConfiguration {
    pub token: String,
    pub name: String,
    /// The channel.
    pub source_token: String,
    pub bounds: Option<Size>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PtzReference {
    pub token: String,
    pub node_token: String,
}

operation! {
    GetProfiles "GetProfiles" of Media -> Vec<Profile> { const PATIENCE: Patience = Patience::List; }
    read(self, answer) { Ok(answer.children("Profiles").take(MOST_PROFILES).filter_map(read_profile).collect()) }
}

operation! {
    GetProfiles2 "GetProfiles" of Media2 -> Vec<Profile> { const PATIENCE: Patience = Patience::List; }
    write(self, body) {
        match self.0 {
            ProfileKinds::All => body.leaf("Type", "All"),
            ProfileKinds::Video => body.leaf("Type", "VideoSource").leaf("Type", "VideoEncoder"),
        };
    }
    read(self, answer) { Ok(answer.children("Profiles").take(MOST_PROFILES).filter_map(read_profile).collect()) }
}

/// A recorder of 256 channels has a thousand. They are compared with each other.
const MOST_PROFILES: usize = 10_000;

fn read_profile(node: Node<'_>) -> Option<Profile> {
    // Media2 nests them and drops the last word of their names.
    let inside = node.child("Configurations").unwrap_or(node);
    let part = |name: &str| inside.child(&format!("{name}Configuration")).or_else(|| inside.child(name));
    Some(Profile {
        token: node.token()?.to_owned(),
        name: node.string_of("Name"),
        is_fixed: node.flag_in("fixed").unwrap_or(false),
        source: part("VideoSource").and_then(read_source),
        video: part("VideoEncoder").map(VideoEncoder::read),
        audio: part("AudioEncoder").map(AudioEncoder::read),
        ptz: part("PTZ").map(|node| PtzReference {
            token: node.token().unwrap_or_default().to_owned(),
            node_token: node.string_of("NodeToken"),
        }),
        has_metadata: part("Metadata").is_some(),
        has_analytics: part("VideoAnalytics").or_else(|| part("Analytics")).is_some(),
    })
}

pub(super) fn read_source(node: Node<'_>) -> Option<VideoSourceConfiguration> {
    let bounds = node.child("Bounds").and_then(|bounds| {
        let size = Size { width: bounds.number_in("width")?, height: bounds.number_in("height")? };
        (size.width > 0 && size.height > 0).then_some(size)
    });
    let token = node.token().unwrap_or_default().to_owned();
    let source_token = node.text_of("SourceToken").unwrap_or(&token).to_owned();
    (!source_token.is_empty()).then(|| VideoSourceConfiguration {
        token,
        name: node.string_of("Name"),
        source_token,
        bounds,
    })
}

/// One list of what both services tell, by token: the old one's order, the new one's encoders.
///
/// With an H.265 profile the old service says H.264 for the same token, so what Media2 says of an encoder counts. Some
/// Media2 lists hold no configurations at all: then the old ones stay.
pub fn merge_profiles(old: Vec<Profile>, new: Vec<Profile>) -> Vec<Profile> {
    let mut merged = old;
    for profile in new {
        let Some(known) = merged.iter_mut().find(|known| known.token == profile.token) else {
            merged.push(profile);
            continue;
        };
        let has_codec = profile.video.as_ref().is_some_and(|video| video.codec.is_some());
        if has_codec {
            let multicast = known.video.take().and_then(|video| video.multicast);
            known.video =
                profile.video.map(|video| VideoEncoder { multicast: video.multicast.clone().or(multicast), ..video });
        }
        known.source = known.source.take().or(profile.source);
        known.audio = profile.audio.or(known.audio.take());
        known.ptz = known.ptz.take().or(profile.ptz);
        known.has_metadata |= profile.has_metadata;
        known.has_analytics |= profile.has_analytics;
    }
    merged
}

/// Makes an empty profile in Media2; its token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateProfile2 {
    pub name: String,
}

operation! {
    CreateProfile2 "CreateProfile" of Media2 -> String { const EFFECT: crate::soap::Effect = crate::soap::Effect::Change; }
    write(self, body) { body.leaf("Name", &self.name); }
    read(self, answer) { answer.text_of("Token").map(ToOwned::to_owned).ok_or(Gap("Token")) }
}
