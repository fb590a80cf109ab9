//! Where the streams of a device's channels are.

use super::{
    connect::{Device, FoundStream},
    step::{Step, StepError, StepReport},
};
use crate::{OnvifError, soap::FaultKind};
use watchwall_model::StreamRole;

/// A stream worth asking for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedStream {
    /// Number of the channel.
    pub channel: u32,
    pub role: StreamRole,
    pub profile: String,
}

impl Device {
    /// Main and sub stream of each channel, in the order to ask for them.
    pub fn wanted_streams(&self) -> Vec<WantedStream> {
        let roles = |channel: &crate::Channel| {
            let main = channel.main.clone().map(|profile| (StreamRole::Main, profile));
            let sub = channel.sub.clone().map(|profile| (StreamRole::Sub, profile));
            main.into_iter().chain(sub)
        };
        let wanted = self.channels.iter().flat_map(|channel| {
            roles(channel).map(|(role, profile)| WantedStream { channel: channel.number, role, profile })
        });
        wanted.collect()
    }

    /// Asks where one stream is. `None` when its profile turns out to be empty, which is no failure of the device.
    pub async fn find_stream(&self, wanted: &WantedStream) -> Option<FoundStream> {
        let uri = self.client.stream_uri(&wanted.profile).await;
        if uri.as_ref().err().and_then(OnvifError::fault_kind) == Some(FaultKind::IncompleteConfiguration) {
            return None;
        }
        let is_invalid_after_reboot = uri.as_ref().is_ok_and(|uri| uri.is_invalid_after_reboot);
        let url = uri.and_then(|uri| self.client.address().stream_url(&uri.uri));
        let url = url.map_err(|error| StepError::new(Step::StreamUris, &error, self.facts.vendor.as_ref()));
        Some(FoundStream {
            channel: wanted.channel,
            role: wanted.role,
            profile: wanted.profile.clone(),
            url,
            is_invalid_after_reboot,
        })
    }
}

impl StepReport {
    /// One stream that has an address is enough; `None` when there was none to ask for.
    pub fn of_streams(took_ms: u64, streams: &[FoundStream]) -> Option<Self> {
        let first = streams.first()?;
        let outcome = match streams.iter().any(|stream| stream.url.is_ok()) {
            true => Ok(()),
            false => first.url.as_ref().map(|_| ()).map_err(Clone::clone),
        };
        Some(Self { step: Step::StreamUris, took_ms, outcome })
    }
}
