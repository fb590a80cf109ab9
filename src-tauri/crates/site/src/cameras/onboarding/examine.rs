//! Looks at one device as far as it goes: connects, and really receives each of its streams. Nothing is stored.

use super::{
    address::{Target, endpoint_of},
    examined::{Examined, ExaminedChannel, ExaminedDevice, ExaminedStream, Refusal},
    facts::facts_of,
    row::Row,
    step::{OnboardingStep, StepOutcome, problem_of, stream_suggestion},
    template,
    tries::{self, Refused},
};
use futures::{StreamExt, stream};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use watchwall_media::ingest::{IngestOptions, ProbeReport, ProbeRequest, device_at, probe};
use watchwall_model::{
    Credentials, DeviceEndpoint, DeviceFacts, DeviceKey, ErrorCode, IngestEngine, Problem, SafeUrl, StreamFailure,
    StreamRole, Transport, UtcMillis,
};
use watchwall_onvif::{Channel, ClientOptions, Device, FoundStream, HttpPool, LoginSeen, StepError, Survey, Vendor};

/// From the first connection to the facts of a stream.
const PROBE_WITHIN: Duration = Duration::from_secs(15);
/// Streams of one device that are received at once: cameras allow few sessions.
const STREAMS_AT_ONCE: usize = 4;
/// Channels of a recorder that are looked for by template.
const MOST_TEMPLATE_CHANNELS: u32 = 32;

/// What looking needs, shared by a site.
#[derive(Clone)]
pub struct Examiner {
    pub ingest: IngestOptions,
    pub http: HttpPool,
    pub refused: Arc<Refused>,
    /// Streams received at once on this machine.
    pub probes: Arc<Semaphore>,
}

impl Examiner {
    /// Looks at what a row names, with its own credentials or else with `sets`, in order.
    ///
    /// # Errors
    /// What stopped it, with the steps until there.
    pub async fn examine(
        &self,
        row: &Row,
        sets: &[Credentials],
        cancel: &CancellationToken,
    ) -> Result<Examined, Refusal> {
        tokio::select! {
            biased;
            () = cancel.cancelled() => {
                Err(Refusal { steps: Vec::new(), problem: Problem::new(ErrorCode::JobCancelled) })
            }
            outcome = self.look(row, sets) => outcome,
        }
    }

    async fn look(&self, row: &Row, sets: &[Credentials]) -> Result<Examined, Refusal> {
        match &row.target {
            Target::Stream(url) => self.stream_only(row, url, sets).await,
            Target::Device(address) => {
                let at = endpoint_of(address);
                match self.connect(row, &at, address, sets).await {
                    Ok((survey, credentials)) => self.streams_of(row, at, survey, credentials).await,
                    Err(refusal) if row.new.vendor.is_some() && is_no_onvif(refusal.problem.code) => {
                        // The installer knows the brand: its streams may be there all the same.
                        let credentials = row.credentials.clone().or_else(|| sets.first().cloned());
                        let vendor = row.new.vendor.as_deref();
                        let found = self.by_template(vendor, &at, credentials.as_ref(), false).await;
                        plain(refusal, at.host, credentials, found)
                    }
                    Err(refusal) => Err(refusal),
                }
            }
        }
    }

    pub fn client_options(&self, key: DeviceKey) -> ClientOptions {
        ClientOptions {
            connect_timeout: self.ingest.connect_timeout,
            latch: self.ingest.lockout.clone(),
            device_key: Some(key),
            http: self.http.clone(),
            ..ClientOptions::default()
        }
    }

    /// Connects with the row's credentials, or with one set after the other as far as the device may be asked.
    async fn connect(
        &self,
        row: &Row,
        at: &DeviceEndpoint,
        address: &watchwall_onvif::DeviceAddress,
        sets: &[Credentials],
    ) -> Result<(Survey, Option<Credentials>), Refusal> {
        let key = at.key();
        let vendor = row.new.vendor.as_deref().and_then(Vendor::of_name);
        let connect = |credentials: Option<Credentials>| {
            Device::connect_known(address.clone(), credentials, self.client_options(key.clone()), vendor.clone())
        };
        if row.credentials.is_some() || sets.is_empty() {
            let survey = connect(row.credentials.clone()).await;
            self.note(&key, row.credentials.as_ref(), &survey);
            return match refusal_of(&survey) {
                None => Ok((survey, row.credentials.clone())),
                Some(refusal) => Err(refusal),
            };
        }
        let mut tried = Vec::new();
        let mut last = None;
        while let Some(next) = tries::next_try(sets, &tried, &self.refused.of(&key)) {
            tried.push(next.clone());
            let survey = connect(Some(next.clone())).await;
            self.note(&key, Some(next), &survey);
            let Some(refusal) = refusal_of(&survey) else { return Ok((survey, Some(next.clone()))) };
            if !tries::may_go_on(refusal.problem.code) {
                return Err(refusal);
            }
            last = Some(refusal);
        }
        let steps = last.as_ref().map(|refusal| refusal.steps.clone()).unwrap_or_default();
        let detail = last.and_then(|refusal| refusal.problem.detail);
        let mut problem = Problem::new(ErrorCode::CredentialsExhausted)
            .with("host", address)
            .with("tried", tried.len())
            .at(OnboardingStep::Authenticate.as_str());
        problem.detail = detail;
        Err(Refusal { steps, problem })
    }

    fn note(&self, key: &DeviceKey, credentials: Option<&Credentials>, survey: &Survey) {
        let Some(credentials) = credentials else { return };
        match (&survey.device, survey.first_error()) {
            (Some(device), _) if device.facts.login.is_some_and(|login| login != LoginSeen::Nothing) => {
                self.refused.forget(key);
            }
            (None, Some((_, error)))
                if matches!(error.code, ErrorCode::CredentialsWrong | ErrorCode::AccountLocked) =>
            {
                self.refused.note(key, credentials);
            }
            _ => {}
        }
    }

    async fn streams_of(
        &self,
        row: &Row,
        at: DeviceEndpoint,
        survey: Survey,
        credentials: Option<Credentials>,
    ) -> Result<Examined, Refusal> {
        let mut steps: Vec<StepOutcome> = survey.steps.into_iter().map(StepOutcome::from).collect();
        let Some(device) = survey.device else {
            return Err(Refusal { steps, problem: Problem::new(ErrorCode::Internal) });
        };
        let facts = facts_of(&device);
        let started = Instant::now();
        let channels = if device.channels.is_empty() {
            let vendor = row.new.vendor.clone().or_else(|| facts.vendor.clone());
            let found = self.by_template(vendor.as_deref(), &at, credentials.as_ref(), is_recorder(&facts)).await;
            let outcome = found.as_ref().map(|_| ()).map_err(Clone::clone);
            steps.push(StepOutcome::new(OnboardingStep::Templates, started, outcome));
            match found {
                Ok(channels) => channels,
                Err(problem) => {
                    let problem = problem.at(OnboardingStep::Templates.as_str());
                    return Err(Refusal { steps, problem });
                }
            }
        } else {
            let key = at.key();
            let placeholder = placeholder(&at)?;
            let found = self.receive(&device.streams, &placeholder, credentials.as_ref(), &key).await;
            channels_of(&device.channels, found)
        };
        let failure =
            channels.iter().flat_map(|channel| &channel.streams).find_map(|stream| stream.result.as_ref().err());
        let failure = failure.map(problem_of);
        let examined = Examined {
            steps: Vec::new(),
            device: Some(ExaminedDevice { at: at.clone(), facts, client: device.client }),
            host: at.host,
            credentials,
            channels,
        };
        let result = if examined.has_picture() {
            Ok(())
        } else {
            Err(failure.unwrap_or_else(|| Problem::new(ErrorCode::NoVideo).with("host", &examined.host)))
        };
        steps.push(StepOutcome::new(OnboardingStep::ProbeStreams, started, result.clone()));
        match result {
            Ok(()) => Ok(Examined { steps, ..examined }),
            Err(problem) => Err(Refusal { steps, problem: problem.at(OnboardingStep::ProbeStreams.as_str()) }),
        }
    }

    /// Receives each stream that has an address, some at once.
    async fn receive(
        &self,
        streams: &[FoundStream],
        placeholder: &SafeUrl,
        credentials: Option<&Credentials>,
        key: &DeviceKey,
    ) -> Vec<(u32, ExaminedStream)> {
        let looks: Vec<_> = streams
            .iter()
            .map(|found| async move {
                let (url, result) = match &found.url {
                    Err(error) => (placeholder.clone(), Err(failure_of(error))),
                    Ok(url) => (url.clone(), self.probe(url, credentials, key).await),
                };
                let stream = ExaminedStream {
                    role: found.role,
                    url,
                    profile: Some(found.profile.clone()),
                    is_invalid_after_reboot: found.is_invalid_after_reboot,
                    result,
                };
                (found.channel, stream)
            })
            .collect();
        stream::iter(looks).buffered(STREAMS_AT_ONCE).collect().await
    }

    /// Receives one stream.
    pub async fn probe(
        &self,
        url: &SafeUrl,
        credentials: Option<&Credentials>,
        key: &DeviceKey,
    ) -> Result<Box<ProbeReport>, StreamFailure> {
        let request = ProbeRequest {
            url: url.clone(),
            credentials: credentials.cloned(),
            engine: IngestEngine::Auto,
            transport: Transport::Auto,
            device_key: Some(key.clone()),
        };
        // The semaphore is never closed.
        let _turn = self.probes.acquire().await;
        match probe(request, &self.ingest, PROBE_WITHIN).await {
            Ok(report) => Ok(Box::new(report)),
            Err(problem) => Err(stream_failure(&problem)),
        }
    }

    async fn stream_only(&self, row: &Row, url: &SafeUrl, sets: &[Credentials]) -> Result<Examined, Refusal> {
        let started = Instant::now();
        let key = device_at(url, Transport::Auto);
        let mut tried = Vec::new();
        let mut credentials = row.credentials.clone();
        loop {
            let result = self.probe(url, credentials.as_ref(), &key).await;
            let failure = match result {
                Ok(report) => {
                    let stream = ExaminedStream::bare(StreamRole::Main, url.clone(), report);
                    let channel = ExaminedChannel::bare(1, vec![stream]);
                    let steps = vec![StepOutcome::new(OnboardingStep::ProbeStreams, started, Ok(()))];
                    let host = url.host().to_owned();
                    return Ok(Examined { steps, device: None, host, credentials, channels: vec![channel] });
                }
                Err(failure) => failure,
            };
            if let Some(wrong) = credentials.as_ref().filter(|_| failure.code == ErrorCode::CredentialsWrong) {
                self.refused.note(&key, wrong);
            }
            let next = tries::next_try(sets, &tried, &self.refused.of(&key));
            match next.filter(|_| row.credentials.is_none() && tries::may_go_on(failure.code)) {
                Some(next) => {
                    tried.push(next.clone());
                    credentials = Some(next.clone());
                }
                None => {
                    let problem = problem_of(&failure);
                    let step = StepOutcome::new(OnboardingStep::ProbeStreams, started, Err(problem.clone()));
                    return Err(Refusal { steps: vec![step], problem });
                }
            }
        }
    }

    /// Tries a brand's usual addresses. A refused login ends it: no password is tried on a second address.
    async fn by_template(
        &self,
        vendor: Option<&str>,
        at: &DeviceEndpoint,
        credentials: Option<&Credentials>,
        is_recorder: bool,
    ) -> Result<Vec<ExaminedChannel>, Problem> {
        let key = at.key();
        let mut first_failure = None;
        for candidate in template::candidates(vendor, &at.host) {
            let main = candidate.main(1)?;
            match self.probe(&main, credentials, &key).await {
                Err(failure) if template::may_go_on(failure.code) => first_failure = first_failure.or(Some(failure)),
                Err(failure) => return Err(problem_of(&failure)),
                Ok(report) => {
                    let sub = candidate.sub(1);
                    let mut channels = vec![self.template_channel(1, main, report, sub, credentials, &key).await];
                    let more = if is_recorder && candidate.has_channels() { MOST_TEMPLATE_CHANNELS } else { 1 };
                    for number in 2..=more {
                        let main = candidate.main(number)?;
                        let Ok(report) = self.probe(&main, credentials, &key).await else { break };
                        let sub = candidate.sub(number);
                        channels.push(self.template_channel(number, main, report, sub, credentials, &key).await);
                    }
                    return Ok(channels);
                }
            }
        }
        let problem = first_failure.map_or_else(|| Problem::new(ErrorCode::NoVideo), |failure| failure.problem());
        Err(problem.with("host", &at.host).suggesting(watchwall_onvif::Suggestion::UseStreamAddress.as_str()))
    }

    async fn template_channel(
        &self,
        number: u32,
        main: SafeUrl,
        report: Box<ProbeReport>,
        sub: Option<SafeUrl>,
        credentials: Option<&Credentials>,
        key: &DeviceKey,
    ) -> ExaminedChannel {
        let mut streams = vec![ExaminedStream::bare(StreamRole::Main, main, report)];
        // A guessed sub stream that is not there is no failure of the device.
        if let Some(url) = sub
            && let Ok(report) = self.probe(&url, credentials, key).await
        {
            streams.push(ExaminedStream::bare(StreamRole::Sub, url, report));
        }
        ExaminedChannel::bare(number, streams)
    }
}

/// Streams by template of a device that speaks no ONVIF.
fn plain(
    mut refusal: Refusal,
    host: String,
    credentials: Option<Credentials>,
    found: Result<Vec<ExaminedChannel>, Problem>,
) -> Result<Examined, Refusal> {
    let started = Instant::now();
    let outcome = found.as_ref().map(|_| ()).map_err(Clone::clone);
    refusal.steps.push(StepOutcome::new(OnboardingStep::Templates, started, outcome));
    match found {
        Ok(channels) => Ok(Examined { steps: refusal.steps, device: None, host, credentials, channels }),
        // What ONVIF said comes first: it is what can be mended.
        Err(_) => Err(refusal),
    }
}

fn refusal_of(survey: &Survey) -> Option<Refusal> {
    if survey.device.is_some() {
        return None;
    }
    let problem = survey.first_error().map(|(_, error)| error.problem.clone().suggesting(error.suggestion.as_str()));
    let steps = survey.steps.iter().cloned().map(StepOutcome::from).collect();
    Some(Refusal { steps, problem: problem.unwrap_or_else(|| Problem::new(ErrorCode::NotOnvif)) })
}

/// Nothing there speaks ONVIF, and no password was refused.
const fn is_no_onvif(code: ErrorCode) -> bool {
    matches!(code, ErrorCode::NotOnvif | ErrorCode::PortRefused | ErrorCode::AnswerInvalid | ErrorCode::AnswerTimeout)
}

fn is_recorder(facts: &DeviceFacts) -> bool {
    let text = format!("{} {}", facts.model, facts.hardware_id).to_ascii_uppercase();
    ["NVR", "DVR", "XVR", "HVR"].iter().any(|word| text.contains(word))
}

/// Stands where a device gave no address.
fn placeholder(at: &DeviceEndpoint) -> Result<SafeUrl, Refusal> {
    let host = if at.host.contains(':') { format!("[{}]", at.host) } else { at.host.clone() };
    let url = SafeUrl::split(&format!("rtsp://{host}/"));
    url.map(|(url, _)| url).map_err(|problem| Refusal { steps: Vec::new(), problem })
}

fn channels_of(channels: &[Channel], mut streams: Vec<(u32, ExaminedStream)>) -> Vec<ExaminedChannel> {
    let made = channels.iter().map(|channel| {
        let own = streams.extract_if(.., |(number, _)| *number == channel.number).map(|(_, stream)| stream).collect();
        ExaminedChannel {
            number: channel.number,
            name: channel.name.clone(),
            source_token: Some(channel.source_token.clone()),
            ptz_profile: channel.ptz_profile.clone(),
            profiles: channel.profiles.clone(),
            streams: own,
        }
    });
    // A channel of empty profiles only shows nothing.
    made.filter(|channel| !channel.streams.is_empty()).collect()
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
