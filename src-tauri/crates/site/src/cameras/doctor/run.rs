//! Carries an examination out, within its time.

use super::{
    ask_channel::{self, Asked},
    ask_device, ask_stream,
    check::{Check, Skip},
    device_facts::{LetIn, LoginFacts},
    job::{DoctorJob, DoctorState},
    judge_device, judge_stream,
    line::{Line, MendKind},
    place::Place,
    reach,
    scene::{Scene, claim_of},
    subject::{Subject, SubjectStream, WantedChannels},
    tools::Tools,
};
use crate::cameras::onboarding::Target;
use futures::{StreamExt, stream};
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};
use watchwall_media::ingest::{ProbeRequest, hold};
use watchwall_model::{ErrorCode, Problem, SafeUrl, StreamRole};
use watchwall_onvif::{Channel, Device, DeviceAddress, operations::Profile};

/// A whole examination, as long as it is of one picture.
const WITHIN: Duration = Duration::from_secs(60);
/// What belongs to the device: a silent service must not take the streams' time.
const DEVICE_WITHIN: Duration = Duration::from_secs(25);
/// The same of a channel.
const CHANNEL_WITHIN: Duration = Duration::from_secs(12);
/// A channel of a recorder with its streams.
const CHANNEL_OF_RECORDER_WITHIN: Duration = Duration::from_secs(45);
const HOLD_WITHIN: Duration = Duration::from_secs(6);
/// Sessions are counted one after another.
const COUNT_WITHIN: Duration = Duration::from_secs(30);
/// Before each look at an encoder that was set.
const SETTLING: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(5)];
/// Channels of a recorder that are examined, and how many of them at once.
pub const MOST_CHANNELS: usize = 64;
const CHANNELS_AT_ONCE: usize = 4;

/// Examines the job's subject; how that ended, which the job is to be told. Every line is there then, if only to say why
/// nothing was looked at.
pub async fn run(tools: &Tools, job: &DoctorJob) -> DoctorState {
    bounded(job, examine(tools, job)).await
}

/// Looks again at what a mend changed; as [`run`].
pub async fn look_again(tools: &Tools, job: &DoctorJob, kind: MendKind, place: Place) -> DoctorState {
    let look = async {
        let Some(scene) = job.scene() else { return };
        match kind {
            MendKind::SyncClock | MendKind::SetNtp => {
                if let Some(client) = &scene.client {
                    ask_device::ask_clock(client, job).await;
                }
            }
            MendKind::SetGop | MendKind::SetCodec => {
                if let Some(stream) = scene.stream(place) {
                    look_until_it_shows(tools, job, &scene, stream, kind).await;
                }
            }
        }
    };
    bounded(job, async { timeout(WITHIN, look).await.map_or(Skip::OutOfTime, |()| Skip::NoStream) }).await
}

/// A device takes a moment to encode anew, and some close all their streams for it.
async fn look_until_it_shows(tools: &Tools, job: &DoctorJob, scene: &Scene, stream: &SubjectStream, kind: MendKind) {
    let place = stream.place();
    for pause in SETTLING {
        job.look_again(|line| is_affected(line, kind, place));
        sleep(pause).await;
        let claim = scene.claim(place).await.unwrap_or_default();
        let came = ask_stream::ask(tools, &job.subject, stream, &claim, job).await;
        let is_asked = |line: &Line| line.mend.as_ref().is_some_and(|mend| mend.kind() == kind);
        if came && job.line(|line| line.place() == place && is_asked(line)).is_none() {
            break;
        }
    }
}

/// Whether a line shows what a mend changed.
pub fn is_affected(line: &Line, kind: MendKind, place: Place) -> bool {
    match kind {
        MendKind::SyncClock | MendKind::SetNtp => matches!(line.check, Check::Clock | Check::Ntp),
        MendKind::SetGop | MendKind::SetCodec => {
            line.place() == place && place.stream.is_some() && Check::OF_STREAM.contains(&line.check)
        }
    }
}

/// `work` answers why lines that are missing at its end are.
async fn bounded(job: &DoctorJob, work: impl Future<Output = Skip>) -> DoctorState {
    let (state, why) = tokio::select! {
        biased;
        () = job.cancel.cancelled() => (DoctorState::Cancelled, Skip::Cancelled),
        why = work => (DoctorState::Done, why),
    };
    job.fill(expected(job), why);
    state
}

/// Every line of a report; that of PTZ comes only where it is claimed.
fn expected(job: &DoctorJob) -> Vec<(Check, Place)> {
    let scene = job.scene();
    let known = scene.as_ref().map(|scene| scene.channels.clone()).unwrap_or_default();
    let channels = if known.is_empty() { vec![None] } else { known };
    let streams = job.subject.streams.iter().chain(scene.iter().flat_map(|scene| &scene.streams));
    let mut places: Vec<_> = streams.map(SubjectStream::place).collect();
    for channel in &channels {
        if !places.iter().any(|place| place.channel == *channel) {
            places.push(Place::of_channel(*channel).stream(StreamRole::Main));
        }
    }
    places.sort_unstable();
    places.dedup();
    let of_device = Check::OF_DEVICE.iter().map(|check| (*check, Place::DEVICE));
    let of_channels = channels
        .iter()
        .flat_map(|channel| Check::OF_CHANNEL.iter().map(move |check| (*check, Place::of_channel(*channel))));
    let of_streams = places.iter().flat_map(|place| Check::OF_STREAM.iter().map(move |check| (*check, *place)));
    let counted = counted_of(&places).filter(|_| job.line(|line| line.check == Check::SessionLimit).is_none());
    of_device.chain(of_channels).chain(of_streams).chain(counted.map(|place| (Check::SessionLimit, place))).collect()
}

/// Sub streams cost least, and what the device allows is counted once.
fn counted_of(places: &[Place]) -> Option<Place> {
    let first = places.iter().map(|place| place.channel).min()?;
    places.iter().filter(|place| place.channel == first).max().copied()
}

async fn examine(tools: &Tools, job: &DoctorJob) -> Skip {
    let subject = &job.subject;
    let target = match &subject.target {
        Target::Device(address) => return of_device(tools, subject, address, job).await,
        Target::Stream(url) => url,
    };
    timeout(WITHIN, of_stream_alone(tools, subject, target, job)).await.map_or(Skip::OutOfTime, |()| Skip::NoStream)
}

async fn of_device(tools: &Tools, subject: &Subject, address: &DeviceAddress, job: &DoctorJob) -> Skip {
    let began = Instant::now();
    let asked = timeout(DEVICE_WITHIN, ask_device::ask(tools, subject, address, job)).await;
    let (device, why) = match asked {
        Ok(Ok(device)) => (Some(device), Skip::NoStream),
        Ok(Err(why)) => (None, why),
        Err(_) => {
            let checks = Check::OF_DEVICE.iter().chain(Check::OF_CHANNEL);
            job.fill(checks.map(|check| (*check, Place::DEVICE)), Skip::OutOfTime);
            (None, Skip::OutOfTime)
        }
    };
    let channels = device.as_ref().map(|device| wanted_channels(subject, device, job)).unwrap_or_default();
    let client = device.as_ref().map(|device| device.client.clone());
    let named = channels.iter().map(|(number, _)| *number).collect();
    job.set_scene(Scene { client, channels: named, streams: subject.streams.clone() });
    let left = WITHIN.saturating_sub(began.elapsed());
    let looked = async {
        match (&device, channels.as_slice()) {
            (Some(device), [(number, channel)]) => {
                let asked = Asked { device, channel, number: *number };
                of_channel(tools, subject, asked, job).await
            }
            (Some(device), []) => stored_alone(tools, subject, why, &device.profiles, job).await,
            (None, _) => stored_alone(tools, subject, why, &[], job).await,
            (Some(device), all) => {
                let asked = all.iter().map(|(number, channel)| Asked { device, channel, number: *number });
                let looks: Vec<_> = asked.map(|asked| one_of_many(tools, subject, asked, job)).collect();
                let seen: Vec<_> = stream::iter(looks).buffered(CHANNELS_AT_ONCE).collect().await;
                seen.concat()
            }
        }
    };
    let within = if channels.len() > 1 { RECORDER_WITHIN } else { left };
    let Ok(seen) = timeout(within, looked).await else { return Skip::OutOfTime };
    let left = if channels.len() > 1 { COUNT_WITHIN } else { WITHIN.saturating_sub(began.elapsed()) };
    match timeout(left, count(tools, subject, &seen, job)).await {
        Ok(()) => why,
        Err(_) => Skip::OutOfTime,
    }
}

/// All of the largest recorder.
const RECORDER_WITHIN: Duration =
    Duration::from_secs(CHANNEL_OF_RECORDER_WITHIN.as_secs() * MOST_CHANNELS.div_ceil(CHANNELS_AT_ONCE) as u64);

/// Those to examine, with the number that lines name them by where there are several.
fn wanted_channels<'d>(subject: &Subject, device: &'d Device, job: &DoctorJob) -> Vec<(Option<u32>, &'d Channel)> {
    let all = &device.channels;
    let is_recorder = all.len() > 1;
    let numbered = |channel: &'d Channel| (is_recorder.then_some(channel.number), channel);
    match &subject.channels {
        WantedChannels::Own(token) => {
            let own = all.iter().find(|channel| Some(&channel.source_token) == token.as_ref());
            own.or_else(|| all.first()).map(|channel| (None, channel)).into_iter().collect()
        }
        WantedChannels::Numbered(number) => {
            all.iter().filter(|channel| channel.number == *number).map(numbered).collect()
        }
        WantedChannels::All => {
            for channel in all.iter().skip(MOST_CHANNELS) {
                job.skip(Check::Profiles, Place::of_channel(Some(channel.number)), Skip::TooMany);
            }
            all.iter().take(MOST_CHANNELS).map(numbered).collect()
        }
    }
}

/// One channel of a device that let us in: what it shows, and each of its streams. Those that came.
async fn of_channel(tools: &Tools, subject: &Subject, asked: Asked<'_>, job: &DoctorJob) -> Vec<SubjectStream> {
    let place = Place::of_channel(asked.number);
    let streams = match subject.streams.as_slice() {
        [] => {
            let Ok((streams, failures)) = timeout(CHANNEL_WITHIN, ask_channel::streams(asked)).await else {
                fill_channel(job, asked.number, Skip::OutOfTime);
                return Vec::new();
            };
            job.add_streams(&streams);
            for (role, problem) in &failures {
                job.tell(judge_stream::failed(problem).of(place.stream(*role)));
                skip_stream(job, place.stream(*role), Skip::StreamFailed);
            }
            streams
        }
        stored => stored.to_vec(),
    };
    if timeout(CHANNEL_WITHIN, ask_channel::ask(asked, job)).await.is_err() {
        job.fill(Check::OF_CHANNEL.iter().map(|check| (*check, place)), Skip::OutOfTime);
    }
    watch(tools, subject, &streams, &asked.device.profiles, job).await
}

/// The same of a recorder: no channel takes the time of the others.
async fn one_of_many(tools: &Tools, subject: &Subject, asked: Asked<'_>, job: &DoctorJob) -> Vec<SubjectStream> {
    match timeout(CHANNEL_OF_RECORDER_WITHIN, of_channel(tools, subject, asked, job)).await {
        Ok(seen) => seen,
        Err(_) => {
            fill_channel(job, asked.number, Skip::OutOfTime);
            Vec::new()
        }
    }
}

fn fill_channel(job: &DoctorJob, channel: Option<u32>, why: Skip) {
    let own = |(check, place): &(Check, Place)| {
        place.channel == channel && (place.stream.is_some() || Check::OF_CHANNEL.contains(check))
    };
    job.fill(expected(job).into_iter().filter(own), why);
}

/// The streams that are stored of a camera whose device tells no channel, or does not let us in.
async fn stored_alone(
    tools: &Tools,
    subject: &Subject,
    why: Skip,
    profiles: &[Profile],
    job: &DoctorJob,
) -> Vec<SubjectStream> {
    // A refused password is tried nowhere else: only a stream that plays has shown that it opens that door.
    let is_shut = matches!(why, Skip::LoginRefused | Skip::LoginMissing);
    let streams = subject.streams.iter().cloned();
    let (open, shut): (Vec<_>, Vec<_>) = streams.partition(|stream| !is_shut || stream.playing().is_some());
    for stream in &shut {
        job.skip(Check::Transport, stream.place(), why);
        skip_stream(job, stream.place(), why);
    }
    watch(tools, subject, &open, profiles, job).await
}

/// All streams side by side; those that came.
async fn watch(
    tools: &Tools,
    subject: &Subject,
    streams: &[SubjectStream],
    profiles: &[Profile],
    job: &DoctorJob,
) -> Vec<SubjectStream> {
    let looks = streams.iter().map(|stream| async move {
        let claim = claim_of(profiles, stream);
        ask_stream::ask(tools, subject, stream, &claim, job).await.then(|| stream.clone())
    });
    futures::future::join_all(looks).await.into_iter().flatten().collect()
}

/// How many sessions there may be at once, of one stream.
async fn count(tools: &Tools, subject: &Subject, seen: &[SubjectStream], job: &DoctorJob) {
    let busy = job.line(|line| line.problem.as_ref().is_some_and(|problem| problem.code == ErrorCode::CameraBusy));
    let places: Vec<_> = seen.iter().map(SubjectStream::place).chain(busy.map(|line| line.place())).collect();
    let Some(counted) = counted_of(&places) else {
        if let Some((check, place)) = expected(job).into_iter().find(|(check, _)| *check == Check::SessionLimit)
            && job
                .line(|line| line.place() == place && line.check == Check::Transport && line.problem.is_some())
                .is_some()
        {
            job.skip(check, place, Skip::StreamFailed);
        }
        return;
    };
    let stored = subject.streams.iter().find(|stream| stream.place() == counted).cloned();
    let scene = job.scene();
    let told = || scene.as_ref().and_then(|scene| scene.stream(counted)).cloned();
    if let Some(stream) = stored.or_else(told) {
        let sessions = ask_stream::count_sessions(tools, subject, &stream).await;
        job.tell(judge_stream::session_limit(&sessions).of(counted));
    }
}

/// A camera of which only the address of a stream is known.
async fn of_stream_alone(tools: &Tools, subject: &Subject, url: &SafeUrl, job: &DoctorJob) {
    for check in Check::OF_DEVICE.iter().chain(Check::OF_CHANNEL) {
        if !matches!(check, Check::Reachable | Check::Login | Check::DefaultPassword) {
            job.skip(*check, Place::DEVICE, Skip::StreamOnly);
        }
    }
    job.set_scene(Scene { client: None, channels: Vec::new(), streams: subject.streams.clone() });
    let port = url.as_url().port_or_known_default().unwrap_or(match url.scheme() {
        "rtsps" => 322,
        _ => 554,
    });
    let reached = reach::connect(url.host(), port, tools.ingest.connect_timeout).await;
    job.tell(judge_device::reachable(url.host(), port, &reached));
    if reached.is_err() {
        job.fill(expected(job), Skip::Unreachable);
        return;
    }
    // Without a password nothing is spent: it shows whether one is asked for at all.
    let is_open = match subject.streams.first() {
        Some(stream) => {
            let request = ProbeRequest { credentials: None, ..subject.request(stream) };
            match hold(request, &tools.ingest, HOLD_WITHIN).await {
                Ok(session) => {
                    session.release().await;
                    true
                }
                Err(_) => false,
            }
        }
        None => false,
    };
    let seen = watch(tools, subject, &subject.streams, &[], job).await;
    count(tools, subject, &seen, job).await;
    let outcome = match job.line(|line| line.check == Check::Transport && line.problem.is_some()) {
        _ if is_open => Ok(LetIn::Open),
        None if subject.credentials.is_none() => Ok(LetIn::Open),
        None => Ok(LetIn::Rtsp),
        Some(line) => Err(line.problem.map_or_else(|| Problem::new(ErrorCode::Internal), |own| own.problem())),
    };
    let login = LoginFacts { credentials: subject.credentials.clone(), outcome };
    match &login.outcome {
        Err(problem) if !is_login(problem.code) => {
            job.skip(Check::Login, Place::DEVICE, Skip::StreamFailed);
            job.skip(Check::DefaultPassword, Place::DEVICE, Skip::StreamFailed);
        }
        _ => {
            job.tell(judge_device::login(&login));
            job.tell(judge_device::default_password(&login));
        }
    }
}

const fn is_login(code: ErrorCode) -> bool {
    matches!(code, ErrorCode::CredentialsWrong | ErrorCode::CredentialsMissing | ErrorCode::AccountLocked)
}

fn skip_stream(job: &DoctorJob, place: Place, why: Skip) {
    for check in Check::OF_STREAM.iter().filter(|check| **check != Check::Transport) {
        job.skip(*check, place, why);
    }
}
