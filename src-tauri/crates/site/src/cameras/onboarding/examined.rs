//! What looking at a device found. Nouns only.

use super::step::StepOutcome;
use watchwall_media::ingest::ProbeReport;
use watchwall_model::{Credentials, DeviceEndpoint, DeviceFacts, Problem, SafeUrl, StreamFailure, StreamRole};
use watchwall_onvif::Client;

/// A device that was looked at.
#[derive(Clone, Debug)]
pub struct Examined {
    pub steps: Vec<StepOutcome>,
    /// `None` without ONVIF.
    pub device: Option<ExaminedDevice>,
    /// Host the cameras are named after.
    pub host: String,
    /// Those that worked.
    pub credentials: Option<Credentials>,
    pub channels: Vec<ExaminedChannel>,
}

#[derive(Clone, Debug)]
pub struct ExaminedDevice {
    pub at: DeviceEndpoint,
    pub facts: DeviceFacts,
    pub(in crate::cameras) client: Client,
}

/// One picture source, to become a camera.
#[derive(Clone, Debug)]
pub struct ExaminedChannel {
    /// From 1.
    pub number: u32,
    pub name: String,
    pub source_token: Option<String>,
    pub ptz_profile: Option<String>,
    /// Tokens of all profiles that show it.
    pub profiles: Vec<String>,
    /// Main first.
    pub streams: Vec<ExaminedStream>,
}

#[derive(Clone, Debug)]
pub struct ExaminedStream {
    pub role: StreamRole,
    /// A placeholder when the failure says that there is none.
    pub url: SafeUrl,
    pub profile: Option<String>,
    pub is_invalid_after_reboot: bool,
    pub result: Result<Box<ProbeReport>, StreamFailure>,
}

/// How far it went, and what stopped it.
#[derive(Clone, Debug)]
pub struct Refusal {
    pub steps: Vec<StepOutcome>,
    pub problem: Problem,
}

impl Examined {
    /// At least one stream was received.
    pub fn has_picture(&self) -> bool {
        self.channels.iter().flat_map(|channel| &channel.streams).any(|stream| stream.result.is_ok())
    }

    /// Puts what watching streams told in the place of their first reports.
    pub(super) fn note_reports(&mut self, reports: Vec<(u32, StreamRole, ProbeReport)>) {
        for (channel, role, report) in reports {
            let own = self.channels.iter_mut().filter(|known| known.number == channel);
            if let Some(stream) = own.flat_map(|known| &mut known.streams).find(|stream| stream.role == role) {
                stream.result = Ok(Box::new(report));
            }
        }
    }
}

impl ExaminedChannel {
    /// One that ONVIF tells nothing of.
    pub const fn bare(number: u32, streams: Vec<ExaminedStream>) -> Self {
        Self { number, name: String::new(), source_token: None, ptz_profile: None, profiles: Vec::new(), streams }
    }
}

impl ExaminedStream {
    pub const fn bare(role: StreamRole, url: SafeUrl, report: Box<ProbeReport>) -> Self {
        Self { role, url, profile: None, is_invalid_after_reboot: false, result: Ok(report) }
    }
}
