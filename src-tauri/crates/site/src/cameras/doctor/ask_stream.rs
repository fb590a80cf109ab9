//! Watches one stream in sessions of its own, one after another, and hands on what was seen.

use super::{
    check::{Check, Skip},
    job::DoctorJob,
    judge_stream as judge,
    stream_facts::{Claim, Packets, Sessions, Watched},
    subject::{Subject, SubjectStream},
    tools::Tools,
};
use std::{sync::Arc, time::Duration};
use watchwall_media::{
    AccessUnit,
    ingest::{
        ObserveLimits, Observed, PacketLimits, ProbeReport, ProbeRequest, hold, listen_to_packets, observe, observe_hub,
    },
    pixels::decode_pace,
};
use watchwall_model::{ErrorCode, Problem, StreamFacts, Transport};

/// From the first connection to the first picture.
const FIRST_PICTURE_WITHIN: Duration = Duration::from_secs(12);
/// Three GOPs tell a codec that adapts from one that does not; ten seconds is what long ones are set to.
const WATCH: ObserveLimits =
    ObserveLimits { gops: 3, at_least: Duration::from_secs(3), at_most: Duration::from_secs(12) };
const LISTEN: PacketLimits =
    PacketLimits { key_frames: 2, first_within: Duration::from_secs(3), at_most: Duration::from_secs(6) };
const HOLD_WITHIN: Duration = Duration::from_secs(6);
const DECODE_WITHIN: Duration = Duration::from_secs(8);

/// Watches, listens and decodes. Whether the stream could be had.
pub async fn ask(tools: &Tools, subject: &Subject, stream: &SubjectStream, claim: &Claim, job: &DoctorJob) -> bool {
    // The semaphore is never closed.
    let _turn = tools.turns.acquire().await;
    let place = stream.place();
    let request = subject.request(stream);
    let seen = match observe(request.clone(), &tools.ingest, WATCH, FIRST_PICTURE_WITHIN).await {
        Ok(seen) => Seen::own(seen.report, seen.lost_packets, seen.observed),
        Err(problem) => match of_site(stream, &problem).await {
            Some(seen) => seen,
            None => {
                job.tell(judge::failed(&problem).of(place));
                let why = why_skipped(&problem);
                for check in Check::OF_STREAM.iter().filter(|check| **check != Check::Transport) {
                    job.skip(*check, place, why);
                }
                return false;
            }
        },
    };
    let packets = if stream.is_plain_rtsp() {
        listen(tools, &request).await
    } else {
        Packets { over_udp: Err(Problem::new(ErrorCode::UrlSchemeUnsupported)), report: None }
    };
    for line in judge::of_watched(&seen.watched, claim, &packets) {
        job.tell(line.of(place));
    }
    if seen.watched.first_picture_ms.is_none() {
        job.skip(Check::KeyFrame, place, Skip::StreamFailed);
    }
    let needed = f64::from(seen.watched.facts.frame_rate.max(1.0));
    let pace = {
        let _turn = tools.decoding.acquire().await;
        decode_pace(&seen.params, &seen.gop, DECODE_WITHIN).await
    };
    job.tell(judge::decode(&pace, needed).of(place));
    true
}

/// Opens sessions of a stream until there are enough or the camera refuses, and ends them all.
pub async fn count_sessions(tools: &Tools, subject: &Subject, stream: &SubjectStream) -> Sessions {
    let of_site = u32::from(stream.playing().is_some());
    let (mut held, mut refusal) = (Vec::new(), None);
    while held.len() < (judge::ENOUGH_SESSIONS - of_site) as usize {
        match hold(subject.request(stream), &tools.ingest, HOLD_WITHIN).await {
            Ok(session) => held.push(session),
            Err(problem) => {
                refusal = Some(problem);
                break;
            }
        }
    }
    let count = u32::try_from(held.len()).unwrap_or(u32::MAX);
    futures::future::join_all(held.into_iter().map(watchwall_media::ingest::HeldSession::release)).await;
    Sessions { held: count, of_site, refusal }
}

/// What was seen, and what is needed to decode it.
struct Seen {
    watched: Watched,
    params: Arc<watchwall_media::StreamParams>,
    gop: Vec<Arc<AccessUnit>>,
}

impl Seen {
    fn own(report: ProbeReport, lost_packets: u64, observed: Observed) -> Self {
        let played_at = report.steps.iter().find(|step| step.step == "play").map_or(0, |step| step.at_ms);
        let first_picture_ms = Some(report.first_picture_ms.saturating_sub(played_at));
        let watched = watched(report.facts, &observed);
        let watched = Watched {
            transport: Some(report.transport),
            lost_packets,
            first_picture_ms,
            skipped_tracks: report.skipped_tracks,
            ..watched
        };
        Self { watched, params: observed.params, gop: observed.gop }
    }
}

fn watched(facts: StreamFacts, observed: &Observed) -> Watched {
    Watched {
        transport: None,
        facts,
        reorder_frames: observed.params.video.as_ref().map_or(0, |video| video.max_reorder_frames),
        pictures: observed.pictures.clone(),
        changes: observed.changes,
        lost_packets: 0,
        first_picture_ms: None,
        audio: observed.params.audio.clone(),
        skipped_tracks: Vec::new(),
        watched_ms: u64::try_from(observed.watched.as_millis()).unwrap_or(u64::MAX),
    }
}

/// When the camera allows no further session, the site's own is looked at.
async fn of_site(stream: &SubjectStream, problem: &Problem) -> Option<Seen> {
    if problem.code != ErrorCode::CameraBusy {
        return None;
    }
    let ingest = stream.playing()?;
    let observed = observe_hub(&ingest.hub(), WATCH).await?;
    let snapshot = ingest.snapshot().borrow().clone();
    let watched = Watched {
        transport: snapshot.transport,
        skipped_tracks: snapshot.skipped_tracks,
        ..watched(snapshot.facts?, &observed)
    };
    Some(Seen { watched, params: observed.params, gop: observed.gop })
}

/// Over UDP, and over TCP where that does not come through.
async fn listen(tools: &Tools, request: &ProbeRequest) -> Packets {
    let by = |transport| ProbeRequest { transport, ..request.clone() };
    match listen_to_packets(by(Transport::Udp), &tools.ingest, LISTEN).await {
        Ok(report) => Packets { over_udp: Ok(()), report: Some(report) },
        Err(problem) => {
            let report = listen_to_packets(by(Transport::Tcp), &tools.ingest, LISTEN).await;
            Packets { over_udp: Err(problem), report: report.ok() }
        }
    }
}

const fn why_skipped(problem: &Problem) -> Skip {
    match problem.code {
        ErrorCode::CredentialsWrong | ErrorCode::AccountLocked | ErrorCode::LoginPending => Skip::LoginRefused,
        ErrorCode::CredentialsMissing => Skip::LoginMissing,
        _ => Skip::StreamFailed,
    }
}
