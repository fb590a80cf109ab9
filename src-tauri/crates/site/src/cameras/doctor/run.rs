//! Carries an examination out, within its time.

use super::{
    ask_device, ask_stream,
    check::{Check, Skip},
    device_facts::{LetIn, LoginFacts},
    job::{DoctorJob, DoctorState},
    judge_device, judge_stream,
    line::{Line, MendKind},
    reach,
    scene::{Scene, claim_of},
    subject::{Subject, SubjectStream},
    tools::Tools,
};
use crate::cameras::onboarding::Target;
use std::time::Duration;
use tokio::time::timeout;
use watchwall_media::ingest::{ProbeRequest, hold};
use watchwall_model::{ErrorCode, Problem, SafeUrl, StreamRole};
use watchwall_onvif::{Device, DeviceAddress, operations::Profile};

/// A whole examination.
const WITHIN: Duration = Duration::from_secs(60);
/// Everything by ONVIF: a silent service must not take the streams' time.
const DEVICE_WITHIN: Duration = Duration::from_secs(25);
const HOLD_WITHIN: Duration = Duration::from_secs(6);

/// Examines the job's subject. Every line is there at the end, if only to say why nothing was looked at.
pub async fn run(tools: &Tools, job: &DoctorJob) {
    bounded(job, examine(tools, job)).await;
}

/// Looks again at what a mend changed.
pub async fn look_again(tools: &Tools, job: &DoctorJob, kind: MendKind, role: Option<StreamRole>) {
    let look = async {
        let Some(scene) = job.scene() else { return };
        match (kind, role) {
            (MendKind::SyncClock | MendKind::SetNtp, _) => {
                if let Some(client) = &scene.client {
                    ask_device::ask_clock(client, job).await;
                }
            }
            (MendKind::SetGop | MendKind::SetCodec, Some(role)) => {
                let claim = scene.claim(role).await.unwrap_or_default();
                if let Some(stream) = scene.stream(role) {
                    ask_stream::ask(tools, &job.subject, stream, &claim, job).await;
                }
            }
            (MendKind::SetGop | MendKind::SetCodec, None) => {}
        }
    };
    bounded(job, look).await;
}

/// Whether a line shows what a mend changed.
pub fn is_affected(line: &Line, kind: MendKind, role: Option<StreamRole>) -> bool {
    match kind {
        MendKind::SyncClock | MendKind::SetNtp => matches!(line.check, Check::Clock | Check::Ntp),
        MendKind::SetGop | MendKind::SetCodec => {
            line.stream == role && role.is_some() && Check::OF_STREAM.contains(&line.check)
        }
    }
}

async fn bounded(job: &DoctorJob, work: impl Future<Output = ()>) {
    let (state, why) = tokio::select! {
        biased;
        () = job.cancel.cancelled() => (DoctorState::Cancelled, Skip::Cancelled),
        done = timeout(WITHIN, work) => {
            let why = if done.is_ok() { Skip::NoStream } else { Skip::OutOfTime };
            (DoctorState::Done, why)
        }
    };
    job.fill(expected(job), why);
    job.end(state);
}

/// Every line of a report; that of PTZ comes only where it is claimed.
fn expected(job: &DoctorJob) -> Vec<(Check, Option<StreamRole>)> {
    let mut roles: Vec<_> = job.subject.streams.iter().map(|stream| stream.role).collect();
    roles.extend(job.scene().iter().flat_map(|scene| &scene.streams).map(|stream| stream.role));
    if roles.is_empty() {
        roles.push(StreamRole::Main);
    }
    roles.sort_unstable();
    roles.dedup();
    let of_device = Check::OF_DEVICE.iter().map(|check| (*check, None));
    let of_streams = roles.iter().flat_map(|role| Check::OF_STREAM.iter().map(move |check| (*check, Some(*role))));
    let counted = roles.last().map(|role| (Check::SessionLimit, Some(*role)));
    of_device.chain(of_streams).chain(counted).collect()
}

async fn examine(tools: &Tools, job: &DoctorJob) {
    let subject = &job.subject;
    match &subject.target {
        Target::Device(address) => of_device(tools, subject, address, job).await,
        Target::Stream(url) => of_stream_alone(tools, subject, url, job).await,
    }
}

async fn of_device(tools: &Tools, subject: &Subject, address: &DeviceAddress, job: &DoctorJob) {
    let asked = timeout(DEVICE_WITHIN, ask_device::ask(tools, subject, address, job)).await;
    let (device, why) = match asked {
        Ok(Ok(device)) => (Some(device), Skip::NoStream),
        Ok(Err(why)) => (None, why),
        Err(_) => {
            job.fill(Check::OF_DEVICE.iter().map(|check| (*check, None)), Skip::OutOfTime);
            (None, Skip::OutOfTime)
        }
    };
    let (streams, failures) = streams_of(subject, device.as_ref());
    let profiles = device.as_ref().map(|device| device.profiles.clone()).unwrap_or_default();
    job.set_scene(Scene { client: device.map(|device| device.client), streams: streams.clone() });
    for (role, problem) in &failures {
        job.tell(judge_stream::failed(problem).of(*role));
        skip_stream(job, *role, Skip::StreamFailed);
    }
    // A refused password is tried nowhere else: only a stream that plays has shown that it opens that door.
    let is_shut = matches!(why, Skip::LoginRefused | Skip::LoginMissing);
    let (open, shut): (Vec<_>, Vec<_>) = streams.into_iter().partition(|stream| !is_shut || stream.playing().is_some());
    for stream in &shut {
        job.skip(Check::Transport, Some(stream.role), why);
        skip_stream(job, stream.role, why);
    }
    if open.is_empty() {
        let roles = expected(job).into_iter().filter(|(_, role)| role.is_some());
        job.fill(roles, why);
        return;
    }
    watch(tools, subject, &open, &profiles, job).await;
}

/// Those that are stored, or those the device names; and those it names no address for.
fn streams_of(subject: &Subject, device: Option<&Device>) -> (Vec<SubjectStream>, Vec<(StreamRole, Problem)>) {
    if !subject.streams.is_empty() {
        return (subject.streams.clone(), Vec::new());
    }
    let Some(device) = device else { return (Vec::new(), Vec::new()) };
    let number = ask_device::channel_of(device, subject).map(|channel| channel.number);
    let (mut streams, mut failures) = (Vec::new(), Vec::new());
    for found in device.streams.iter().filter(|found| Some(found.channel) == number) {
        match &found.url {
            Ok(url) => streams
                .push(SubjectStream { profile: Some(found.profile.clone()), ..SubjectStream::bare(found.role, url) }),
            Err(error) => {
                let problem = error.problem.clone().suggesting(error.suggestion.as_str());
                failures.push((found.role, problem));
            }
        }
    }
    (streams, failures)
}

/// All streams side by side, then how many sessions there may be.
async fn watch(tools: &Tools, subject: &Subject, streams: &[SubjectStream], profiles: &[Profile], job: &DoctorJob) {
    let looks = streams.iter().map(|stream| async move {
        let claim = claim_of(profiles, stream);
        ask_stream::ask(tools, subject, stream, &claim, job).await
    });
    let seen = futures::future::join_all(looks).await;
    // Sub streams cost least.
    let Some(counted) = streams.iter().max_by_key(|stream| stream.role) else { return };
    let is_busy = |line: &Line| line.problem.as_ref().is_some_and(|problem| problem.code == ErrorCode::CameraBusy);
    if seen.contains(&true) || job.line(is_busy).is_some() {
        let sessions = ask_stream::count_sessions(tools, subject, counted).await;
        job.tell(judge_stream::session_limit(&sessions).of(counted.role));
    } else {
        job.skip(Check::SessionLimit, Some(counted.role), Skip::StreamFailed);
    }
}

/// A camera of which only the address of a stream is known.
async fn of_stream_alone(tools: &Tools, subject: &Subject, url: &SafeUrl, job: &DoctorJob) {
    for check in Check::OF_DEVICE {
        if !matches!(check, Check::Reachable | Check::Login | Check::DefaultPassword) {
            job.skip(*check, None, Skip::StreamOnly);
        }
    }
    job.set_scene(Scene { client: None, streams: subject.streams.clone() });
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
    watch(tools, subject, &subject.streams, &[], job).await;
    let outcome = match job.line(|line| line.check == Check::Transport && line.problem.is_some()) {
        _ if is_open => Ok(LetIn::Open),
        None if subject.credentials.is_none() => Ok(LetIn::Open),
        None => Ok(LetIn::Rtsp),
        Some(line) => Err(line.problem.map_or_else(|| Problem::new(ErrorCode::Internal), |own| own.problem())),
    };
    let login = LoginFacts { credentials: subject.credentials.clone(), outcome };
    match &login.outcome {
        Err(problem) if !is_login(problem.code) => {
            job.skip(Check::Login, None, Skip::StreamFailed);
            job.skip(Check::DefaultPassword, None, Skip::StreamFailed);
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

fn skip_stream(job: &DoctorJob, role: StreamRole, why: Skip) {
    for check in Check::OF_STREAM.iter().filter(|check| **check != Check::Transport) {
        job.skip(*check, Some(role), why);
    }
}
