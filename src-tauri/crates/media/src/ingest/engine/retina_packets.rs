//! A session whose packets are read as they come, without putting pictures together.

use super::{
    Job, TEARDOWN_WITHIN,
    retina::{describe, failure, rtp_transport, within},
    retina_params::{choose, video_params},
};
use crate::ingest::{
    failure::Failure,
    login::Login,
    packets::{PacketLimits, PacketReader, PacketReport},
};
use futures::StreamExt;
use retina::client::{InitialTimestampPolicy, PacketItem, PlayOptions, SetupOptions, UnknownRtcpSsrcPolicy};
use tokio::time::{Instant, timeout, timeout_at};
use watchwall_model::{ErrorCode, Problem, VideoCodec};

/// Opens the job's video track and reads until the limits are reached.
///
/// # Errors
/// As [`run`](super::run); `stream_stalled` when no packet comes.
pub async fn listen_to_packets(job: &Job, limits: PacketLimits) -> Result<PacketReport, Failure> {
    let outcome = listen(job, limits).await;
    // The session was dropped with its work, which starts the TEARDOWN.
    let _ = timeout(TEARDOWN_WITHIN, job.sessions.await_teardown()).await;
    outcome
}

async fn listen(job: &Job, limits: PacketLimits) -> Result<PacketReport, Failure> {
    let mut login = Login::ask(&job.request, &job.options, job.options.login_within()).await?;
    let described = describe(job).await;
    match &described {
        Ok(_) => login.accepted(),
        Err(failure) if failure.problem.code == ErrorCode::CredentialsWrong => login.refused(),
        Err(_) => {}
    }
    drop(login);
    let mut session = described?;
    let number = choose(session.streams())?.video.ok_or_else(|| Problem::new(ErrorCode::NoVideo))?;
    let stream = &session.streams()[number];
    let codec = match stream.encoding_name() {
        "h264" => VideoCodec::H264,
        "h265" => VideoCodec::H265,
        other => VideoCodec::Other(other.to_owned()),
    };
    let sets = video_params(stream).map(|video| video.config).unwrap_or_default();
    let options = SetupOptions::default().transport(rtp_transport(job.request.transport));
    within(job.options.read_timeout, "setup", job, session.setup(number, options)).await?;
    let options = PlayOptions::default()
        .initial_timestamp(InitialTimestampPolicy::Permissive)
        .unknown_rtcp_ssrc(UnknownRtcpSsrcPolicy::DropPackets);
    let mut playing = within(job.options.read_timeout, "play", job, session.play(options)).await?;
    let mut reader = PacketReader::new(codec, sets);
    let started = Instant::now();
    while reader.report().key_frames < limits.key_frames {
        let until = started + if reader.report().packets == 0 { limits.first_within } else { limits.at_most };
        match timeout_at(until, playing.next()).await {
            Ok(Some(Ok(PacketItem::Rtp(packet)))) => {
                reader.read(packet.payload(), packet.timestamp().timestamp() as u32, packet.loss());
            }
            Ok(Some(Ok(_))) => {}
            Ok(Some(Err(error))) => return Err(failure(&error, job, "stream")),
            Ok(None) => return Err(Problem::new(ErrorCode::StreamEnded).at("stream").into()),
            Err(_) => break,
        }
    }
    match reader.report().packets {
        0 => Err(Problem::new(ErrorCode::StreamStalled).at("stream").into()),
        _ => Ok(reader.report().clone()),
    }
}
