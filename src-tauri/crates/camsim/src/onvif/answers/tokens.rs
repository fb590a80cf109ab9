//! Tokens: opaque to clients, and of several kinds for those who look inside all the same.

use crate::onvif::{
    Quirk,
    call::{Call, Refusal, escape},
};
use watchwall_model::StreamRole;

/// Position of a stream among those of its device.
fn index(call: &Call<'_>, channel: usize, role: StreamRole) -> usize {
    call.streams().iter().position(|stream| *stream == (channel, role)).unwrap_or(0)
}

/// Of a profile, as it is.
pub(super) fn profile(call: &Call<'_>, channel: usize, role: StreamRole) -> String {
    let index = index(call, channel, role);
    if call.has(Quirk::SpacedTokens) {
        return format!("Profile {} <{}&\">", channel + 1, role.as_str());
    }
    if call.has(Quirk::NumericTokens) {
        return format!("{index:03}");
    }
    format!("Profile_{}", index + 1)
}

/// Of the picture source that profiles name.
pub(super) fn source(call: &Call<'_>, channel: usize) -> String {
    if call.has(Quirk::UnlistedSources) { format!("IpcSource_{channel}") } else { listed_source(channel) }
}

/// Of the picture source that GetVideoSources lists.
pub(in crate::onvif) fn listed_source(channel: usize) -> String {
    format!("VideoSource_{}", channel + 1)
}

pub(in crate::onvif) fn source_configuration(channel: usize) -> String {
    format!("VideoSourceToken_{}", channel + 1)
}

pub(super) fn encoder(call: &Call<'_>, channel: usize, role: StreamRole) -> String {
    format!("VideoEncoderToken_{}", index(call, channel, role) + 1)
}

pub(super) fn metadata(channel: usize) -> String {
    format!("MetadataToken_{}", channel + 1)
}

pub(super) fn ptz(channel: usize) -> String {
    format!("PTZToken_{}", channel + 1)
}

pub(super) fn ptz_node(channel: usize) -> String {
    format!("PTZNODE_{}", channel + 1)
}

/// Token of the profile without an encoder that [`Quirk::EmptyProfiles`] puts before each channel.
pub(super) fn empty_profile(channel: usize) -> String {
    format!("Empty_{}", channel + 1)
}

/// Escaped, for an attribute or a text.
pub(super) fn written(token: &str) -> String {
    escape(token)
}

/// The stream of a profile's token.
pub(super) fn find_profile(call: &Call<'_>, token: &str) -> Result<(usize, StreamRole), Refusal> {
    let found = call.streams().into_iter().find(|(channel, role)| profile(call, *channel, *role) == token);
    found.ok_or_else(|| match (0..call.channels()).any(|channel| empty_profile(channel) == token) {
        true if call.has(Quirk::EmptyProfiles) => {
            Refusal::sender(&["Action", "IncompleteConfiguration"], "The profile has no encoder")
        }
        _ => Refusal::no_profile(),
    })
}

/// The stream of an encoder's token.
pub(super) fn find_encoder(call: &Call<'_>, token: &str) -> Result<(usize, StreamRole), Refusal> {
    let found = call.streams().into_iter().find(|(channel, role)| encoder(call, *channel, *role) == token);
    found.ok_or_else(|| Refusal::sender(&["InvalidArgVal", "NoConfig"], "The configuration does not exist"))
}

/// The channel of a source's token, listed or not.
pub(super) fn find_source(call: &Call<'_>, token: &str) -> Result<usize, Refusal> {
    let fits = |channel: &usize| source(call, *channel) == token || listed_source(*channel) == token;
    let found = (0..call.channels()).find(fits);
    found.ok_or_else(|| Refusal::sender(&["InvalidArgVal", "NoSource"], "The video source does not exist"))
}
