//! Asks a device by ONVIF about one of its channels, and where that channel's streams are.

use super::{
    ask_device::millis,
    device_facts::{Offered, ProfileFacts, SnapshotFacts},
    job::DoctorJob,
    judge_device as judge,
    picture_size::picture_size,
    place::Place,
    subject::SubjectStream,
};
use std::time::{Duration, Instant};
use tokio::time::timeout;
use watchwall_model::{ErrorCode, Problem, StreamRole};
use watchwall_onvif::{Channel, Device, ErrorKind, operations::GetPresets, soap::Service};

const SNAPSHOT_WITHIN: Duration = Duration::from_secs(8);

/// A channel as its lines name it.
#[derive(Clone, Copy)]
pub struct Asked<'d> {
    pub device: &'d Device,
    pub channel: &'d Channel,
    /// `None` where there is but one picture.
    pub number: Option<u32>,
}

/// The lines of a channel that are no stream's.
pub async fn ask(asked: Asked<'_>, job: &DoctorJob) {
    let place = Place::of_channel(asked.number);
    job.tell(judge::profiles(&Ok(profiles(asked))).of(place));
    job.tell(judge::snapshot(&snapshot(asked).await).of(place));
    if let Some(line) = judge::ptz(&ptz(asked).await) {
        job.tell(line.of(place));
    }
}

/// Where its streams are, and why one gives no address.
pub async fn streams(asked: Asked<'_>) -> (Vec<SubjectStream>, Vec<(StreamRole, Problem)>) {
    let (mut streams, mut failures) = (Vec::new(), Vec::new());
    let wanted = asked.device.wanted_streams();
    for wanted in wanted.iter().filter(|wanted| wanted.channel == asked.channel.number) {
        let Some(found) = asked.device.find_stream(wanted).await else { continue };
        match &found.url {
            Ok(url) => streams.push(SubjectStream {
                channel: asked.number,
                profile: Some(found.profile.clone()),
                ..SubjectStream::bare(found.role, url)
            }),
            Err(error) => {
                let problem = error.problem.clone().suggesting(error.suggestion.as_str());
                failures.push((found.role, problem));
            }
        }
    }
    (streams, failures)
}

fn profiles(asked: Asked<'_>) -> ProfileFacts {
    ProfileFacts {
        profiles: asked.channel.profiles.len(),
        channels: asked.device.channels.len(),
        has_sub: asked.channel.sub.is_some(),
    }
}

async fn snapshot(asked: Asked<'_>) -> Offered<SnapshotFacts> {
    let Some(profile) = asked.channel.main.as_deref() else { return Offered::Absent };
    let client = &asked.device.client;
    let uri = match client.snapshot_uri(profile).await {
        Ok(Some(uri)) => uri,
        Ok(None) => return Offered::Absent,
        Err(error) if error.kind() == ErrorKind::Unsupported => return Offered::Absent,
        Err(error) => return Offered::Fails(error.problem()),
    };
    let started = Instant::now();
    match timeout(SNAPSHOT_WITHIN, client.picture(&uri)).await {
        Ok(Ok(picture)) => Offered::Works(SnapshotFacts {
            size: picture_size(&picture.bytes),
            bytes: picture.bytes.len(),
            took_ms: millis(started),
        }),
        Ok(Err(error)) => Offered::Fails(error.problem()),
        Err(_) => Offered::Fails(
            Problem::new(ErrorCode::AnswerTimeout)
                .with("host", client.address())
                .with("timeout_ms", SNAPSHOT_WITHIN.as_millis()),
        ),
    }
}

async fn ptz(asked: Asked<'_>) -> Offered<usize> {
    let profile = asked.channel.ptz_profile.clone();
    let Some(profile) = profile.filter(|_| asked.device.services.has(&Service::Ptz)) else { return Offered::Absent };
    match asked.device.client.call(&GetPresets { profile }).await {
        Ok(presets) => Offered::Works(presets.len()),
        // It moves and remembers nothing.
        Err(error) if error.kind() == ErrorKind::Unsupported => Offered::Works(0),
        Err(error) => Offered::Fails(error.problem()),
    }
}
