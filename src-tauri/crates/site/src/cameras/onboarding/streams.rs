//! Receives the streams of a device, as far as the first picture or for a whole GOP.

use super::{
    examine::Examiner,
    examined::ExaminedStream,
    job::millis,
    step::{OnboardingStep, stream_suggestion},
};
use futures::{StreamExt, future::join_all, stream};
use std::time::{Duration, Instant};
use watchwall_media::ingest::{ProbeReport, ProbeRequest, Watching, look};
use watchwall_model::{
    Credentials, DeviceKey, IngestEngine, Problem, SafeUrl, StreamFailure, StreamRole, Transport, UtcMillis,
};
use watchwall_onvif::{Device, FoundStream, StepError, WantedStream};

/// From the first connection to the first picture of a stream.
const PROBE_WITHIN: Duration = Duration::from_secs(15);
/// Streams of one device that are received at once: cameras allow few sessions.
const STREAMS_AT_ONCE: usize = 4;

/// A stream whose first picture came, by channel and role.
pub(super) struct WatchedStream {
    pub channel: u32,
    pub role: StreamRole,
    pub watching: Watching,
}

/// What came of one stream.
pub(super) struct Received {
    pub found: FoundStream,
    /// From the start of looking to its address.
    pub found_ms: u64,
    stream: ExaminedStream,
    watching: Option<Watching>,
}

impl Examiner {
    /// Asks where each stream is and receives it, some at once.
    pub(super) async fn receive(
        &self,
        device: &Device,
        placeholder: &SafeUrl,
        credentials: Option<&Credentials>,
        key: &DeviceKey,
        tell: &(dyn Fn(OnboardingStep) + Send + Sync),
    ) -> Vec<Received> {
        let started = Instant::now();
        tell(OnboardingStep::StreamUris);
        let wanted = device.wanted_streams();
        let looks: Vec<_> = wanted
            .iter()
            .map(|wanted| self.receive_one(device, wanted, placeholder, credentials, key, (started, tell)))
            .collect();
        stream::iter(looks).buffered(STREAMS_AT_ONCE).filter_map(std::future::ready).collect().await
    }

    async fn receive_one(
        &self,
        device: &Device,
        wanted: &WantedStream,
        placeholder: &SafeUrl,
        credentials: Option<&Credentials>,
        key: &DeviceKey,
        (started, tell): (Instant, &(dyn Fn(OnboardingStep) + Send + Sync)),
    ) -> Option<Received> {
        let found = device.find_stream(wanted).await?;
        tell(OnboardingStep::ProbeStreams);
        let found_ms = millis(started.elapsed());
        let (url, result, watching) = match &found.url {
            Err(error) => (placeholder.clone(), Err(failure_of(error)), None),
            Ok(url) => match self.first_picture(url, credentials, key).await {
                Ok((report, watching)) => (url.clone(), Ok(Box::new(report)), Some(watching)),
                Err(failure) => (url.clone(), Err(failure), None),
            },
        };
        let stream = ExaminedStream {
            role: found.role,
            url,
            profile: Some(found.profile.clone()),
            is_invalid_after_reboot: found.is_invalid_after_reboot,
            result,
        };
        Some(Received { found, found_ms, stream, watching })
    }

    /// Receives one GOP of one stream.
    pub async fn probe(
        &self,
        url: &SafeUrl,
        credentials: Option<&Credentials>,
        key: &DeviceKey,
    ) -> Result<Box<ProbeReport>, StreamFailure> {
        let (_, watching) = self.first_picture(url, credentials, key).await?;
        Ok(Box::new(watching.whole().await))
    }

    /// Receives one stream as far as its first picture.
    pub(super) async fn first_picture(
        &self,
        url: &SafeUrl,
        credentials: Option<&Credentials>,
        key: &DeviceKey,
    ) -> Result<(ProbeReport, Watching), StreamFailure> {
        let request = ProbeRequest {
            url: url.clone(),
            credentials: credentials.cloned(),
            engine: IngestEngine::Auto,
            transport: Transport::Auto,
            device_key: Some(key.clone()),
        };
        // The semaphore is never closed.
        let _turn = self.probes.acquire().await;
        look(request, &self.ingest, PROBE_WITHIN).await.map_err(|problem| stream_failure(&problem))
    }
}

/// The streams by channel, and those that are still open.
pub(super) fn sorted(received: Vec<Received>) -> (Vec<(u32, ExaminedStream)>, Vec<WatchedStream>) {
    let mut streams = Vec::new();
    let mut watching = Vec::new();
    for one in received {
        let channel = one.found.channel;
        watching.extend(one.watching.map(|watching| WatchedStream { channel, role: one.found.role, watching }));
        streams.push((channel, one.stream));
    }
    (streams, watching)
}

pub(super) async fn watch(streams: Vec<WatchedStream>) -> Vec<(u32, StreamRole, ProbeReport)> {
    let whole = streams.into_iter().map(|stream| async move {
        let WatchedStream { channel, role, watching } = stream;
        (channel, role, watching.whole().await)
    });
    join_all(whole).await
}

/// A stream that gave no address.
fn failure_of(error: &StepError) -> StreamFailure {
    StreamFailure {
        code: error.code,
        step: StreamFailure::STREAM_URIS.to_owned(),
        message: error.message.clone(),
        suggestion: error.suggestion.as_str().to_owned(),
        params: error.problem.params.clone(),
        at: UtcMillis::now(),
    }
}

/// A stream that could not be received.
pub fn stream_failure(problem: &Problem) -> StreamFailure {
    StreamFailure {
        code: problem.code,
        step: StreamFailure::PROBE_STREAMS.to_owned(),
        message: problem.detail.clone().unwrap_or_else(|| problem.to_string()),
        suggestion: stream_suggestion(problem.code).map(|word| word.as_str().to_owned()).unwrap_or_default(),
        params: problem.params.clone(),
        at: UtcMillis::now(),
    }
}
