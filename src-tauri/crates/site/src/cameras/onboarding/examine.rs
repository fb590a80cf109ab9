//! Looks at one device as far as it goes: connects, and really receives each of its streams. Nothing is stored.
//!
//! In two parts, because a device answers one question at a time and a GOP takes seconds: [`Examiner::look`] learns what
//! storing it needs, up to a key frame of each stream, and [`Examiner::complete`] the rest.

use super::{
    address::{Target, endpoint_of},
    examined::{Examined, ExaminedChannel, ExaminedDevice, ExaminedStream, Refusal},
    facts::facts_of,
    row::Row,
    step::{OnboardingStep, StepOutcome, problem_of},
    streams::{WatchedStream, sorted, watch},
    tries::{self, Refused},
};
use futures::future::join_all;
use std::{sync::Arc, time::Instant};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use watchwall_media::ingest::{IngestOptions, device_at};
use watchwall_model::{
    Credentials, DeviceEndpoint, DeviceFacts, DeviceKey, ErrorCode, Problem, SafeUrl, StreamRole, Transport,
};
use watchwall_onvif::{
    Channel, ClientOptions, Device, HttpPool, LoginSeen, Step, StepReport, Survey, Vendor, channels,
};

/// What looking needs, shared by a site.
#[derive(Clone)]
pub struct Examiner {
    pub ingest: IngestOptions,
    pub http: HttpPool,
    pub refused: Arc<Refused>,
    /// Streams received at once on this machine.
    pub probes: Arc<Semaphore>,
}

/// What is looked at, and who hears which step is under way.
#[derive(Clone, Copy)]
pub struct Look<'a> {
    pub row: &'a Row,
    /// Tried in this order where the row has no credentials.
    pub sets: &'a [Credentials],
    pub tell: &'a (dyn Fn(OnboardingStep) + Send + Sync),
}

/// What can be stored already, and what is still to be learnt.
pub struct Looked {
    pub examined: Examined,
    device: Option<Device>,
    watching: Vec<WatchedStream>,
}

impl Looked {
    const fn whole(examined: Examined) -> Self {
        Self { examined, device: None, watching: Vec::new() }
    }

    /// Closes the streams of one role: somebody else is about to open them, and cameras allow few sessions.
    pub async fn close(&mut self, role: StreamRole) {
        let own = self.watching.extract_if(.., |watched| watched.role == role);
        join_all(own.map(|watched| watched.watching.close())).await;
    }
}

impl Examiner {
    /// Looks at what a row names, with its own credentials or else with the sets, in order.
    ///
    /// # Errors
    /// What stopped it, with the steps until there.
    pub async fn examine(&self, look: Look<'_>, cancel: &CancellationToken) -> Result<Examined, Refusal> {
        let looked = self.look(look, cancel).await?;
        tokio::select! {
            biased;
            () = cancel.cancelled() => Err(cancelled()),
            examined = self.complete(looked) => Ok(examined),
        }
    }

    /// The same as far as storing the device needs.
    ///
    /// # Errors
    /// As [`Examiner::examine`].
    pub async fn look(&self, look: Look<'_>, cancel: &CancellationToken) -> Result<Looked, Refusal> {
        tokio::select! {
            biased;
            () = cancel.cancelled() => Err(cancelled()),
            outcome = self.look_at(look) => outcome,
        }
    }

    /// Learns the rest: whole GOPs, clock, network, and channels that only the older lists name.
    pub async fn complete(&self, looked: Looked) -> Examined {
        let Looked { mut examined, device, watching } = looked;
        let details = async {
            let mut device = device?;
            let (details, reports) = device.details().await;
            device.learn_details(details);
            Some((device, reports))
        };
        let (details, watched) = tokio::join!(details, watch(watching));
        examined.note_reports(watched);
        let Some((mut device, reports)) = details else { return examined };
        device.channels = late_channels(&device, &examined.channels);
        let at = endpoint_of(device.client.address());
        if !device.channels.is_empty()
            && let Ok(placeholder) = placeholder(&at)
        {
            let key = at.key();
            let received = self.receive(&device, &placeholder, examined.credentials.as_ref(), &key, &|_| ()).await;
            let (streams, watching) = sorted(received);
            examined.channels.extend(channels_of(&device.channels, streams));
            examined.note_reports(watch(watching).await);
        }
        if let Some(known) = &mut examined.device {
            known.facts = facts_of(&device);
        }
        examined.steps.extend(reports.into_iter().map(StepOutcome::from));
        examined.steps.sort_by_key(|outcome| outcome.step);
        examined
    }

    /// Learns who a device is for certain, where its serial number is not enough to tell.
    pub async fn identify(&self, looked: &mut Looked) {
        let Some(device) = &mut looked.device else { return };
        let (details, reports) = device.details().await;
        device.learn_details(details);
        if let Some(known) = &mut looked.examined.device {
            known.facts = facts_of(device);
        }
        looked.examined.steps.extend(reports.into_iter().map(StepOutcome::from));
        looked.examined.steps.sort_by_key(|outcome| outcome.step);
    }

    async fn look_at(&self, look: Look<'_>) -> Result<Looked, Refusal> {
        let Look { row, sets, tell } = look;
        match &row.target {
            Target::Stream(url) => self.stream_only(look, url).await,
            Target::Device(address) => {
                let at = endpoint_of(address);
                match self.connect(look, &at, address).await {
                    Ok((survey, credentials)) => self.streams_of(look, at, survey, credentials).await,
                    Err(refusal) if row.new.vendor.is_some() && is_no_onvif(refusal.problem.code) => {
                        // The installer knows the brand: its streams may be there all the same.
                        tell(OnboardingStep::Templates);
                        let credentials = row.credentials.clone().or_else(|| sets.first().cloned());
                        let vendor = row.new.vendor.as_deref();
                        let found = self.by_template(vendor, &at, credentials.as_ref(), false).await;
                        plain(refusal, at.host, credentials, found).map(Looked::whole)
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
        look: Look<'_>,
        at: &DeviceEndpoint,
        address: &watchwall_onvif::DeviceAddress,
    ) -> Result<(Survey, Option<Credentials>), Refusal> {
        let Look { row, sets, tell } = look;
        let key = at.key();
        let vendor = row.new.vendor.as_deref().and_then(Vendor::of_name);
        let tell = |step: Step| tell(step.into());
        let connect = |credentials: Option<Credentials>| {
            let options = self.client_options(key.clone());
            Device::enter_telling(address.clone(), credentials, options, vendor.clone(), &tell)
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
        look: Look<'_>,
        at: DeviceEndpoint,
        survey: Survey,
        credentials: Option<Credentials>,
    ) -> Result<Looked, Refusal> {
        let mut steps: Vec<StepOutcome> = survey.steps.into_iter().map(StepOutcome::from).collect();
        let Some(mut device) = survey.device else {
            return Err(Refusal { steps, problem: Problem::new(ErrorCode::Internal) });
        };
        if device.channels.is_empty() {
            return self.without_profiles(look, at, device, steps, credentials).await;
        }
        let key = at.key();
        let placeholder = placeholder(&at)?;
        let started = Instant::now();
        // One question at a time: the addresses first, for pictures take longer than names.
        let (received, (identity, report)) =
            tokio::join!(self.receive(&device, &placeholder, credentials.as_ref(), &key, look.tell), device.identity());
        device.learn_identity(identity);
        steps.push(report.into());
        let found_ms = received.iter().map(|one| one.found_ms).max().unwrap_or_default();
        let found: Vec<_> = received.iter().map(|one| one.found.clone()).collect();
        steps.extend(StepReport::of_streams(found_ms, &found).map(StepOutcome::from));
        let (streams, watching) = sorted(received);
        let channels = channels_of(&device.channels, streams);
        let failure =
            channels.iter().flat_map(|channel| &channel.streams).find_map(|stream| stream.result.as_ref().err());
        let failure = failure.map(problem_of);
        let examined = Examined {
            steps: Vec::new(),
            device: Some(ExaminedDevice { at: at.clone(), facts: facts_of(&device), client: device.client.clone() }),
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
        steps.sort_by_key(|outcome| outcome.step);
        match result {
            Ok(()) => Ok(Looked { examined: Examined { steps, ..examined }, device: Some(device), watching }),
            Err(problem) => Err(Refusal { steps, problem: problem.at(OnboardingStep::ProbeStreams.as_str()) }),
        }
    }

    /// A device that lists nothing to show: its brand's usual addresses, for which it has to say who it is.
    async fn without_profiles(
        &self,
        look: Look<'_>,
        at: DeviceEndpoint,
        mut device: Device,
        mut steps: Vec<StepOutcome>,
        credentials: Option<Credentials>,
    ) -> Result<Looked, Refusal> {
        let Look { row, tell, .. } = look;
        tell(OnboardingStep::Identify);
        let (identity, report) = device.identity().await;
        device.learn_identity(identity);
        let (details, reports) = device.details().await;
        device.learn_details(details);
        steps.extend(std::iter::once(report).chain(reports).map(StepOutcome::from));
        steps.sort_by_key(|outcome| outcome.step);
        let facts = facts_of(&device);
        let started = Instant::now();
        tell(OnboardingStep::Templates);
        let vendor = row.new.vendor.clone().or_else(|| facts.vendor.clone());
        let found = self.by_template(vendor.as_deref(), &at, credentials.as_ref(), is_recorder(&facts)).await;
        let outcome = found.as_ref().map(|_| ()).map_err(Clone::clone);
        steps.push(StepOutcome::new(OnboardingStep::Templates, started, outcome));
        match found {
            Ok(channels) => {
                steps.push(StepOutcome::new(OnboardingStep::ProbeStreams, started, Ok(())));
                let host = at.host.clone();
                let device = Some(ExaminedDevice { at, facts, client: device.client });
                Ok(Looked::whole(Examined { steps, device, host, credentials, channels }))
            }
            Err(problem) => {
                let problem = problem.at(OnboardingStep::Templates.as_str());
                Err(Refusal { steps, problem })
            }
        }
    }

    async fn stream_only(&self, look: Look<'_>, url: &SafeUrl) -> Result<Looked, Refusal> {
        let Look { row, sets, tell } = look;
        tell(OnboardingStep::ProbeStreams);
        let started = Instant::now();
        let key = device_at(url, Transport::Auto);
        let mut tried = Vec::new();
        let mut credentials = row.credentials.clone();
        loop {
            let result = self.first_picture(url, credentials.as_ref(), &key).await;
            let failure = match result {
                Ok((report, watching)) => {
                    let stream = ExaminedStream::bare(StreamRole::Main, url.clone(), Box::new(report));
                    let channel = ExaminedChannel::bare(1, vec![stream]);
                    let steps = vec![StepOutcome::new(OnboardingStep::ProbeStreams, started, Ok(()))];
                    let host = url.host().to_owned();
                    let examined = Examined { steps, device: None, host, credentials, channels: vec![channel] };
                    let watching = vec![WatchedStream { channel: 1, role: StreamRole::Main, watching }];
                    return Ok(Looked { examined, device: None, watching });
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

/// Channels that the device named only when it was asked again.
fn late_channels(device: &Device, known: &[ExaminedChannel]) -> Vec<Channel> {
    let is_known =
        |channel: &Channel| known.iter().any(|known| known.source_token.as_ref() == Some(&channel.source_token));
    channels(&device.profiles).into_iter().filter(|channel| !is_known(channel)).collect()
}

fn cancelled() -> Refusal {
    Refusal { steps: Vec::new(), problem: Problem::new(ErrorCode::JobCancelled) }
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
