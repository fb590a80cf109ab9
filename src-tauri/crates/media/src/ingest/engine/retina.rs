//! RTSP over TCP or UDP in this process, without a thread or a pipeline per stream.

use super::{
    EngineEvent, Job, TEARDOWN_WITHIN,
    retina_metadata::{Wish, is_of_track, set_up_metadata},
    retina_params::{Chosen, audio_params, choose, video_params},
};
use crate::{
    Track,
    ingest::{
        assembler::{Assembler, RawUnit},
        failure::{Failure, connect_problem, first_line, status_problem},
        login::Login,
        metadata::MetadataTrack,
        reach::resolve,
    },
};
use bytes::Bytes;
use futures::StreamExt;
use retina::{
    client::{
        Credentials, Demuxed, Described, InitialTimestampPolicy, PlayOptions, Session, SessionGroup, SessionOptions,
        SetupOptions, TcpTransportOptions, TeardownPolicy, Transport as RtpTransport, UdpTransportOptions,
        UnknownRtcpSsrcPolicy,
    },
    codec::{AudioFrame, CodecItem, FrameFormat, VideoFrame},
    rtcp::ReceivedCompoundPacket,
};
use std::{future::Future, sync::Arc, time::Duration};
use tokio::time::timeout;
use watchwall_model::{ErrorCode, IngestEngine, Problem, Transport};

/// A session the camera may still hold is waited out this long at most before the next is opened.
const STALE_SESSION_WITHIN: Duration = Duration::from_secs(8);
/// Broken packets in a row, with nothing good between them, that end a connection.
const BROKEN_IN_A_ROW: u32 = 32;

/// The sessions one stream has opened and the camera may still hold.
#[derive(Clone, Default)]
pub struct Sessions(Arc<SessionGroup>);

impl Sessions {
    /// Waits until the camera has answered every goodbye.
    pub(super) async fn await_teardown(&self) {
        // Only a session that is still open can fail to end, and none is.
        let _ = self.0.await_teardown().await;
    }
}

/// What to do with a track only GStreamer can read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appetite {
    LeaveWhatItCannot,
    TakeWhatItCan,
}

/// See [`super::run`].
pub async fn run(job: &Job, appetite: Appetite) -> Result<(), Failure> {
    // Dropping the session inside starts its TEARDOWN, whatever the way out.
    let outcome = tokio::select! {
        biased;
        () = job.cancel.cancelled() => Ok(()),
        outcome = pull(job, appetite) => outcome,
    };
    if timeout(TEARDOWN_WITHIN, job.sessions.0.await_teardown()).await.is_err() {
        tracing::debug!(path = %job.request.path, "the camera did not answer the TEARDOWN in time");
    }
    outcome
}

async fn pull(job: &Job, appetite: Appetite) -> Result<(), Failure> {
    let stale = job.sessions.0.stale_sessions();
    if stale.num_sessions > 0 {
        tracing::info!(path = %job.request.path, sessions = stale.num_sessions, "waiting out an old session");
        let _ = timeout(STALE_SESSION_WITHIN, job.sessions.0.await_stale_sessions(&stale)).await;
    }
    resolve(job.request.url.host(), job.request.url.port().unwrap_or(554), job.options.connect_timeout).await?;
    let mut login = Login::ask(&job.request, &job.options, job.options.login_within()).await?;
    let opened = open_with_metadata(job, appetite).await;
    // Some cameras describe themselves to anybody and ask for the password when tracks are set up.
    match &opened {
        Ok(_) => login.accepted(),
        Err(failure) if failure.problem.code == ErrorCode::CredentialsWrong => login.refused(),
        Err(_) => {}
    }
    drop(login);
    let (chosen, demuxed) = opened?;
    Receiver::new(job, &chosen, demuxed).run().await
}

/// Opens with the metadata track where it is wanted, and anew without it when the camera stumbled over it: a track of
/// words never costs the pictures.
async fn open_with_metadata(job: &Job, appetite: Appetite) -> Result<(Chosen, Demuxed), Failure> {
    let port = &job.holders.metadata;
    let mut wish = Wish { is_wanted: port.is_wanted(), is_under_way: false };
    let outcome = open(job, appetite, &mut wish).await;
    let Err(failure) = &outcome else { return outcome };
    if !wish.is_under_way {
        return outcome;
    }
    tracing::debug!(path = %job.request.path, problem = %failure.problem, "opening the stream without its metadata track");
    // Before it plays: whoever wants the track must not have it opened anew for that.
    port.note_refused();
    // The session was dropped with its work, which starts the TEARDOWN.
    let _ = timeout(TEARDOWN_WITHIN, job.sessions.0.await_teardown()).await;
    let second = open(job, appetite, &mut Wish::default()).await;
    if second.is_err() {
        // It was not the track.
        port.forgive();
    }
    second
}

/// From the first question to the answer to PLAY.
async fn open(job: &Job, appetite: Appetite, wish: &mut Wish) -> Result<(Chosen, Demuxed), Failure> {
    let transport = if job.request.transport == Transport::Udp { Transport::Udp } else { Transport::Tcp };
    let mut session = describe(job).await?;
    let mut chosen = choose(session.streams())?;
    if appetite == Appetite::LeaveWhatItCannot && chosen.leaves_playable {
        let problem = Problem::new(ErrorCode::CodecUnsupported).with("codec", chosen.skipped.join(", "));
        return Err(Failure::refusal(problem.at("describe")));
    }
    job.tell(EngineEvent::Step("describe")).await;
    for number in [chosen.video, chosen.audio].into_iter().flatten() {
        let options = SetupOptions::default().transport(rtp_transport(transport)).frame_format(FrameFormat::MP4);
        within(job.options.read_timeout, "setup", job, session.setup(number, options)).await?;
    }
    let metadata = set_up_metadata(job, &mut session, &mut chosen, transport, wish).await?;
    job.tell(EngineEvent::Step("setup")).await;
    let options = PlayOptions::default()
        .initial_timestamp(InitialTimestampPolicy::Permissive)
        .unknown_rtcp_ssrc(UnknownRtcpSsrcPolicy::DropPackets);
    let playing = within(job.options.read_timeout, "play", job, session.play(options)).await?;
    let demuxed = playing.demuxed().map_err(|e| failure(&e, job, "describe"))?;
    if metadata == MetadataTrack::Taken {
        job.holders.metadata.note_taken();
    }
    let skipped_tracks = chosen.skipped.clone();
    job.tell(EngineEvent::Playing { engine: IngestEngine::Retina, transport, skipped_tracks, metadata }).await;
    Ok((chosen, demuxed))
}

/// Connects and asks for the description.
pub(super) async fn describe(job: &Job) -> Result<Session<Described>, Failure> {
    let request = &job.request;
    let mut url = request.url.as_url().clone();
    if url.scheme() == "rtspt" {
        // Not a special scheme for the URL standard, so it can always be replaced by another that is not.
        let _ = url.set_scheme("rtsp");
    }
    let credentials = request
        .credentials
        .as_ref()
        .map(|c| Credentials { username: c.username.clone(), password: c.password.reveal().to_owned() });
    let options = SessionOptions::default()
        .creds(credentials)
        .user_agent("Watchwall".to_owned())
        .session_group(Arc::clone(&job.sessions.0))
        .teardown(TeardownPolicy::Auto);
    // Connecting, one question and, with a password, the question again.
    let limit = job.options.connect_timeout + 2 * job.options.read_timeout;
    within(limit, "describe", job, Session::describe(url, options)).await
}

pub(super) fn rtp_transport(transport: Transport) -> RtpTransport {
    match transport {
        Transport::Udp => RtpTransport::Udp(UdpTransportOptions::default()),
        _ => RtpTransport::Tcp(TcpTransportOptions::default()),
    }
}

pub(super) async fn within<T>(
    limit: Duration,
    step: &'static str,
    job: &Job,
    work: impl Future<Output = Result<T, retina::Error>>,
) -> Result<T, Failure> {
    match timeout(limit, work).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => Err(failure(&error, job, step)),
        Err(_) => Err(Problem::new(ErrorCode::ConnectTimeout).at(step).with("timeout_ms", limit.as_millis()).into()),
    }
}

/// Reads retina's errors. They are opaque but for the status; their first line begins with a fixed phrase for each
/// kind, and an operating system error carries its number.
pub(super) fn failure(error: &retina::Error, job: &Job, step: &'static str) -> Failure {
    let text = error.to_string();
    let line = first_line(&text);
    if let Some(status) = error.status_code() {
        let has_credentials = job.request.credentials.is_some();
        // Others than web pages are descriptions with a strange label, which the other engine may read.
        let is_html = text.contains("unexpected content type text/html");
        return match status {
            200..=299 if is_html => Problem::new(ErrorCode::NotRtsp).at(step).because(line).into(),
            200..=299 | 400 | 405 | 406 | 415 | 451 | 455..=463 | 500..=502 | 505 | 551 => {
                Failure::refusal(Problem::new(ErrorCode::RtspError).with("status", status).at(step).because(line))
            }
            _ => status_problem(status, has_credentials, step).because(line).into(),
        };
    }
    if line.starts_with("Unable to connect") {
        return match os_error(line) {
            Some(error) => connect_problem(&error).into(),
            None => Problem::new(ErrorCode::HostUnreachable).at("connect").because(line).into(),
        };
    }
    if line.starts_with("RTSP framing error") {
        return match step {
            "describe" => Problem::new(ErrorCode::NotRtsp).at(step).because(line).into(),
            _ => Failure::refusal(Problem::new(ErrorCode::RtspError).at(step).because(line)),
        };
    }
    let code = if step == "stream" { ErrorCode::StreamEnded } else { ErrorCode::RtspError };
    Problem::new(code).at(step).because(line).into()
}

/// The error behind `... (os error 111)`.
fn os_error(line: &str) -> Option<std::io::Error> {
    let number = line.rsplit_once("(os error ")?.1.split(')').next()?.parse().ok()?;
    Some(std::io::Error::from_raw_os_error(number))
}

/// Reads units until the end.
struct Receiver<'a> {
    job: &'a Job,
    demuxed: Demuxed,
    assembler: Assembler,
    video: Option<usize>,
    audio: Option<usize>,
    metadata: Option<usize>,
}

impl<'a> Receiver<'a> {
    fn new(job: &'a Job, chosen: &Chosen, demuxed: Demuxed) -> Self {
        let assembler = Assembler::new(Arc::clone(&job.hub), Arc::clone(&job.counts));
        let (video, audio, metadata) = (chosen.video, chosen.audio, chosen.metadata);
        let mut receiver = Self { job, demuxed, assembler, video, audio, metadata };
        receiver.read_params();
        receiver
    }

    /// Takes over what the description or the newest frame says the tracks are.
    fn read_params(&mut self) {
        let streams = self.demuxed.streams();
        let video = self.video.and_then(|n| video_params(&streams[n]));
        let audio = self.audio.and_then(|n| audio_params(&streams[n]));
        // Before the first parameter sets come in band there is nothing to announce.
        if video.is_some() {
            self.assembler.set_params(video, audio);
        }
    }

    async fn run(mut self) -> Result<(), Failure> {
        let mut broken = 0;
        let mut has_told = false;
        loop {
            match self.demuxed.next().await {
                Some(Ok(item)) => {
                    broken = 0;
                    self.take(item);
                    if !has_told && self.assembler.has_picture() {
                        has_told = true;
                        self.job.holders.metadata.note_picture();
                        self.job.tell(EngineEvent::FirstPicture).await;
                    }
                }
                Some(Err(error)) if self.metadata.is_some_and(|number| is_of_track(&error, number)) => {
                    // A document of packets with different times, for example, which retina does not put together.
                    tracing::debug!(path = %self.job.request.path, error = first_line(&error.to_string()), "unreadable metadata");
                    self.job.holders.metadata.note_loss(1);
                }
                Some(Err(error)) => {
                    let failure = failure(&error, self.job, "stream");
                    broken += 1;
                    let is_packet = !is_connection_error(&error);
                    if !is_packet {
                        return Err(failure);
                    }
                    if broken >= BROKEN_IN_A_ROW {
                        // Never a picture, only packets that make no sense here: the other engine may know better.
                        return Err(if has_told { failure } else { Failure::refusal(failure.problem) });
                    }
                    tracing::debug!(path = %self.job.request.path, problem = %failure.problem, "unreadable packet");
                    self.assembler.note_break(Track::Video, 1);
                }
                None => {
                    let problem = Problem::new(ErrorCode::StreamEnded).at("stream");
                    return Err(problem.because("the camera closed the connection").into());
                }
            }
        }
    }

    fn take(&mut self, item: CodecItem) {
        match item {
            CodecItem::VideoFrame(frame) => self.take_video(frame),
            CodecItem::AudioFrame(frame) => self.take_audio(&frame),
            CodecItem::Rtcp(packet) => self.take_report(&packet),
            // A piece of a document after a loss is handed on as well: it may hold whole messages.
            CodecItem::MessageFrame(document) => self.job.holders.metadata.put(document.data()),
            // Whatever else comes is for later versions.
            _ => {}
        }
    }

    fn take_video(&mut self, frame: VideoFrame) {
        if frame.has_new_parameters() || self.assembler.params().video.is_none() {
            self.read_params();
        }
        let timestamp = frame.timestamp();
        self.assembler.push(RawUnit {
            track: Track::Video,
            is_key: frame.is_random_access_point(),
            ticks: timestamp.timestamp(),
            play_us: play_us(timestamp),
            received_at: frame.end_ctx().received(),
            lost_packets: frame.loss().into(),
            data: Bytes::from(frame.into_data()),
        });
    }

    fn take_audio(&mut self, frame: &AudioFrame) {
        // Audio before the first picture's parameters would start a stream without video.
        if self.assembler.params().audio.is_none() {
            return;
        }
        let timestamp = frame.timestamp();
        self.assembler.push(RawUnit {
            track: Track::Audio,
            is_key: true,
            ticks: timestamp.timestamp(),
            play_us: play_us(timestamp),
            received_at: frame.ctx().received(),
            lost_packets: frame.loss().into(),
            data: Bytes::copy_from_slice(frame.data()),
        });
    }

    fn take_report(&mut self, packet: &ReceivedCompoundPacket) {
        let track = match Some(packet.stream_id()) {
            id if id == self.video => Track::Video,
            id if id == self.audio => Track::Audio,
            _ => return,
        };
        let Some(timestamp) = packet.rtp_timestamp() else { return };
        for part in packet.pkts() {
            if let Ok(Some(report)) = part.as_sender_report() {
                self.assembler.note_report(track, timestamp.timestamp(), report.ntp_timestamp().0);
            }
        }
    }
}

/// Time since the start of play, when the server's answer to PLAY said where that is. Without it retina counts from
/// the track's first packet, which says nothing about the other track.
fn play_us(timestamp: retina::Timestamp) -> Option<i64> {
    let elapsed = timestamp.elapsed();
    (elapsed != 0).then(|| (i128::from(elapsed) * 1_000_000 / i128::from(timestamp.clock_rate().get())) as i64)
}

/// Reading or writing failed, or the framing is lost: nothing more will come of this connection.
fn is_connection_error(error: &retina::Error) -> bool {
    let text = error.to_string();
    ["Error reading", "Error writing", "RTSP framing", "Unable to connect", "Failed precondition", "Internal error"]
        .iter()
        .any(|phrase| text.starts_with(phrase))
}
