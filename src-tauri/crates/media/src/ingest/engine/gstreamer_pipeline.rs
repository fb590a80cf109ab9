//! The pipeline of the GStreamer engine: a source, a parser per track, an appsink per track we take.
//!
//! Its callbacks run on GStreamer's threads. They never wait: whatever they find goes into a bounded channel, and a
//! unit that finds it full is dropped and counted.

use super::gstreamer_caps::{audio_params, kind_of, unit_data, video_params};
use crate::{
    AudioParams, Track, VideoParams,
    ingest::{
        failure::{Failure, status_problem},
        request::IngestRequest,
    },
};
use bytes::Bytes;
use gstreamer::{self as gst, prelude::*};
use gstreamer_app::{AppSink, AppSinkCallbacks};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::sync::mpsc;
use watchwall_model::{ErrorCode, Problem, Transport};

/// Items on their way to the engine. Four seconds of pictures and sound; more means the engine is stuck.
const CHANNEL: usize = 512;
/// Setting a pipeline to NULL waits for its threads; past this it is left to finish by itself.
const STOP_WITHIN: Duration = Duration::from_secs(3);

/// What the pipeline finds.
#[derive(Debug)]
pub enum Found {
    Video(VideoParams),
    Audio(AudioParams),
    Skipped(String),
    /// The description came and the tracks are set up: whatever the camera guards, it has let us in.
    Opened,
    Unit {
        track: Track,
        data: Bytes,
        is_key: bool,
        pts_us: Option<i64>,
        received_at: Instant,
        is_broken: bool,
    },
    Failed(Failure),
    Ended,
}

/// How to get at the camera.
#[derive(Clone, Debug)]
pub struct Reach {
    pub transport: Transport,
    pub connect_timeout: Duration,
    /// Where a multicast group is joined; `None` leaves it to the system.
    pub interface: Option<String>,
}

/// A running pipeline. Stop it with [`Pipeline::stop`].
#[derive(Debug)]
pub struct Pipeline {
    /// `None` once it is being stopped.
    pipeline: Option<gst::Pipeline>,
}

/// Shared by all callbacks of one pipeline.
#[derive(Clone)]
struct Outlet {
    sender: mpsc::Sender<Found>,
    has_video: Arc<AtomicBool>,
    has_audio: Arc<AtomicBool>,
    /// Files are played at their own pace; cameras come at theirs.
    is_paced: bool,
    has_credentials: bool,
    /// The camera offers a track that we take.
    has_offer: Arc<AtomicBool>,
    password_guard: Arc<PasswordGuard>,
}

/// `rtspsrc` answers a refused password with the same one, eight times: enough to be locked out. Before the
/// description came, a camera that accepts the password sees three requests at most; the fourth is held back.
#[derive(Debug, Default)]
struct PasswordGuard {
    requests: AtomicU32,
    is_past: AtomicBool,
    has_tripped: AtomicBool,
}

impl PasswordGuard {
    const REQUESTS: u32 = 3;

    /// Whether the next request may be sent.
    fn lets_through(&self) -> bool {
        if self.is_past.load(Ordering::SeqCst) || self.requests.fetch_add(1, Ordering::SeqCst) < Self::REQUESTS {
            return true;
        }
        self.has_tripped.store(true, Ordering::SeqCst);
        false
    }
}

impl Pipeline {
    /// Builds and starts it.
    ///
    /// # Errors
    /// `engine_missing` with the element that is not installed.
    pub fn start(request: &IngestRequest, reach: &Reach) -> Result<(Self, mpsc::Receiver<Found>), Failure> {
        gst::init().map_err(|e| missing("gstreamer", &e.to_string()))?;
        let (sender, receiver) = mpsc::channel(CHANNEL);
        let outlet = Outlet {
            sender,
            has_video: Arc::default(),
            has_audio: Arc::default(),
            is_paced: request.url.scheme() == "file",
            has_credentials: request.credentials.is_some(),
            has_offer: Arc::default(),
            password_guard: Arc::default(),
        };
        let pipeline = gst::Pipeline::new();
        let source = if request.url.scheme().starts_with("rtsp") {
            rtsp_source(request, reach, &outlet)?
        } else {
            uri_source(request)?
        };
        pipeline.add(&source).map_err(|e| missing("source", &e.to_string()))?;
        let (weak, for_pads) = (pipeline.downgrade(), outlet.clone());
        source.connect_pad_added(move |_, pad| {
            if let Some(pipeline) = weak.upgrade() {
                for_pads.attach(&pipeline, pad);
            }
        });
        if let Some(bus) = pipeline.bus() {
            bus.set_sync_handler(move |_, message| outlet.hear(message));
        }
        // A refusal is on the bus with its reason.
        let _ = pipeline.set_state(gst::State::Playing);
        Ok((Self { pipeline: Some(pipeline) }, receiver))
    }

    /// Stops it on a thread of its own, because that waits for the camera's answer to the TEARDOWN.
    pub async fn stop(mut self) {
        let Some(pipeline) = self.pipeline.take() else { return };
        let stopped = tokio::task::spawn_blocking(move || end(&pipeline));
        if tokio::time::timeout(STOP_WITHIN, stopped).await.is_err() {
            tracing::warn!("a GStreamer pipeline did not stop in time");
        }
    }
}

impl Drop for Pipeline {
    /// Whoever was aborted half-way leaves no threads and no session at the camera behind.
    fn drop(&mut self) {
        if let Some(pipeline) = self.pipeline.take() {
            std::thread::spawn(move || end(&pipeline));
        }
    }
}

fn end(pipeline: &gst::Pipeline) {
    let _ = pipeline.set_state(gst::State::Null);
    if let Some(bus) = pipeline.bus() {
        bus.unset_sync_handler();
    }
}

fn missing(element: &str, detail: &str) -> Failure {
    Problem::new(ErrorCode::EngineMissing).with("element", element).because(detail).into()
}

fn make(factory: &'static str) -> Result<gst::Element, Failure> {
    gst::ElementFactory::make(factory).build().map_err(|e| missing(factory, &e.to_string()))
}

fn rtsp_source(request: &IngestRequest, reach: &Reach, outlet: &Outlet) -> Result<gst::Element, Failure> {
    let source = make("rtspsrc")?;
    let is_udp = matches!(reach.transport, Transport::Udp | Transport::Multicast);
    source.set_property("location", location(request));
    source.set_property_from_str(
        "protocols",
        match reach.transport {
            Transport::Udp => "udp",
            Transport::Multicast => "udp-mcast",
            Transport::Http => "tcp+http",
            Transport::Auto | Transport::Tcp => "tcp",
        },
    );
    source.set_property("tcp-timeout", u64::try_from(reach.connect_timeout.as_micros()).unwrap_or(u64::MAX));
    // Silence is judged by the age of the newest unit, in one place for both engines.
    source.set_property("timeout", 0_u64);
    if let Some(interface) = &reach.interface {
        source.set_property("multicast-iface", interface);
    }
    // Over TCP nothing needs re-ordering; over UDP this is how long a late packet is waited for.
    source.set_property("latency", if is_udp { 100_u32 } else { 0 });
    // RTP timestamps as they are over TCP: jitter and skew are taken out by `ingest::clock`. Datagrams need arrival times
    // in them: without, every gap counts as long overdue and what comes out of order is thrown away.
    source.set_property_from_str("buffer-mode", if is_udp { "slave" } else { "none" });
    source.set_property("user-agent", "Watchwall");
    source.set_property("teardown-timeout", 1_000_000_000_u64);
    // Cameras sign their own certificates and name themselves by addresses that change, so none is verified: TLS keeps
    // listeners out, it does not prove who the camera is. The password is safe with Digest; who needs the proof as well
    // puts the cameras on a network of their own.
    source.set_property_from_str("tls-validation-flags", "no-flags");
    if let Some(credentials) = &request.credentials {
        source.set_property("user-id", &credentials.username);
        source.set_property("user-pw", credentials.password.reveal());
        let guard = Arc::clone(&outlet.password_guard);
        source.connect("before-send", false, move |_| Some(guard.lets_through().to_value()));
    }
    let guard = Arc::clone(&outlet.password_guard);
    source.connect("on-sdp", false, move |_| {
        guard.is_past.store(true, Ordering::SeqCst);
        None
    });
    let outlet = outlet.clone();
    source.connect("select-stream", false, move |values| {
        let caps = values.get(2).and_then(|v| v.get::<gst::Caps>().ok());
        let is_taken = caps.as_ref().and_then(|c| c.structure(0)).is_some_and(|s| {
            let media = s.get::<String>("media").unwrap_or_default();
            let encoding = s.get::<String>("encoding-name").unwrap_or_default().to_lowercase();
            let is_ours = is_taken(&media, &encoding);
            if !is_ours {
                outlet.send(Found::Skipped(format!("{media}/{encoding}")));
            }
            outlet.has_offer.fetch_or(is_ours, Ordering::SeqCst);
            is_ours
        });
        Some(is_taken.to_value())
    });
    Ok(source)
}

/// The address as `rtspsrc` reads it: the scheme says what wraps RTSP, and the port is never left to its own defaults
/// (it knows 554 only, where tunnels listen on 80 and TLS on 322).
fn location(request: &IngestRequest) -> String {
    let text = request.url.as_str();
    let Some((_, rest)) = text.split_once("://") else { return text.to_owned() };
    let scheme = match (request.url.scheme(), request.transport) {
        ("rtsps", Transport::Http) => "rtspsh",
        ("rtsps", _) => "rtsps",
        (_, Transport::Http) => "rtsph",
        _ => "rtsp",
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    match (request.url.port(), request.port()) {
        (None, Some(port)) => format!("{scheme}://{authority}:{port}{path}"),
        _ => format!("{scheme}://{authority}{path}"),
    }
}

/// Whether a track of a description is one of ours, by its encoding name in lower case.
fn is_taken(media: &str, encoding: &str) -> bool {
    match media {
        "video" => matches!(encoding, "h264" | "h265" | "jpeg" | "mp2t"),
        "audio" => {
            matches!(encoding, "mpeg4-generic" | "mp4a-latm" | "pcma" | "pcmu" | "opus" | "g726-32" | "aal2-g726-32")
        }
        _ => false,
    }
}

fn uri_source(request: &IngestRequest) -> Result<gst::Element, Failure> {
    let source = make("urisourcebin")?;
    source.set_property("uri", request.url.as_str());
    if let Some(credentials) = request.credentials.clone() {
        source.connect("source-setup", false, move |values| {
            let inner = values.get(1).and_then(|v| v.get::<gst::Element>().ok());
            if let Some(inner) = inner.filter(|e| e.has_property("user-id") && e.has_property("user-pw")) {
                inner.set_property("user-id", &credentials.username);
                inner.set_property("user-pw", credentials.password.reveal());
            }
            None
        });
    }
    Ok(source)
}

impl Outlet {
    fn send(&self, found: Found) -> bool {
        self.sender.try_send(found).is_ok()
    }

    /// Puts a parser behind a pad of the source.
    fn attach(&self, pipeline: &gst::Pipeline, pad: &gst::Pad) {
        let attached = make("parsebin").and_then(|parser| {
            pipeline.add(&parser).map_err(|e| missing("parsebin", &e.to_string()))?;
            let (weak, outlet) = (pipeline.downgrade(), self.clone());
            parser.connect_pad_added(move |_, pad| {
                if let Some(pipeline) = weak.upgrade() {
                    outlet.take(&pipeline, pad);
                }
            });
            link(pad, &parser)
        });
        if let Err(failure) = attached {
            self.send(Found::Failed(failure));
        }
    }

    /// Ends a parsed track in an appsink, or in nothing when it is not one we take.
    fn take(&self, pipeline: &gst::Pipeline, pad: &gst::Pad) {
        let caps = pad.current_caps().unwrap_or_else(|| pad.query_caps(None));
        let kind = kind_of(&caps);
        let slot = match kind.as_ref().map(|k| k.track) {
            Some(Track::Video) => &self.has_video,
            Some(Track::Audio) => &self.has_audio,
            None => return self.discard(pipeline, pad, &caps),
        };
        if slot.swap(true, Ordering::SeqCst) {
            return self.discard(pipeline, pad, &caps);
        }
        let Some(kind) = kind else { return };
        let attached = (|| {
            let sink = self.sink(kind.track, &kind.caps);
            let sink: gst::Element = sink.upcast();
            pipeline.add(&sink).map_err(|e| missing("appsink", &e.to_string()))?;
            let Some(parser) = kind.parser else { return link(pad, &sink) };
            let parser = make(parser)?;
            pipeline.add(&parser).map_err(|e| missing("parser", &e.to_string()))?;
            parser.link(&sink).map_err(|e| missing("parser", &e.to_string()))?;
            // Downstream first, so that nothing flows into an element that is not ready.
            let _ = sink.sync_state_with_parent();
            link(pad, &parser)
        })();
        if let Err(failure) = attached {
            self.send(Found::Failed(failure));
        }
    }

    fn discard(&self, pipeline: &gst::Pipeline, pad: &gst::Pad, caps: &gst::Caps) {
        let name = caps.structure(0).map_or_else(|| "unknown".to_owned(), |s| s.name().to_string());
        self.send(Found::Skipped(name));
        if let Ok(sink) = make("fakesink") {
            sink.set_property("sync", false);
            sink.set_property("async", false);
            if pipeline.add(&sink).is_ok() {
                let _ = link(pad, &sink);
            }
        }
    }

    fn sink(&self, track: Track, caps: &gst::Caps) -> AppSink {
        let outlet = self.clone();
        let mut known: Option<gst::Caps> = None;
        let mut is_broken = false;
        let callbacks = AppSinkCallbacks::builder()
            .new_sample(move |sink| {
                let sample = sink.pull_sample().map_err(|_| gst::FlowError::Eos)?;
                let received_at = Instant::now();
                let Some(caps) = sample.caps() else { return Ok(gst::FlowSuccess::Ok) };
                if known.as_deref() != Some(caps) {
                    let params = match track {
                        Track::Video => video_params(caps).map(Found::Video),
                        Track::Audio => audio_params(caps).map(Found::Audio),
                    };
                    if !params.is_some_and(|params| outlet.send(params)) {
                        return Ok(gst::FlowSuccess::Ok);
                    }
                    known = Some(caps.to_owned());
                }
                if let Some(buffer) = sample.buffer()
                    && let Some((data, is_key)) = unit_data(buffer, caps)
                {
                    let is_sent = outlet.send(Found::Unit {
                        track,
                        data,
                        is_key,
                        pts_us: buffer.pts().or(buffer.dts()).map(|t| i64::try_from(t.useconds()).unwrap_or(i64::MAX)),
                        received_at,
                        is_broken: is_broken || buffer.flags().contains(gst::BufferFlags::DISCONT),
                    });
                    is_broken = !is_sent;
                }
                Ok(gst::FlowSuccess::Ok)
            })
            .build();
        AppSink::builder().caps(caps).sync(self.is_paced).async_(false).max_buffers(8).callbacks(callbacks).build()
    }

    /// Takes the bus's messages where they arise; nothing is left queued.
    fn hear(&self, message: &gst::Message) -> gst::BusSyncReply {
        match message.view() {
            gst::MessageView::Error(error) => {
                let debug = error.debug().map(|d| d.to_string()).unwrap_or_default();
                let failure = if self.password_guard.has_tripped.load(Ordering::SeqCst) {
                    status_problem(401, true, "connect").into()
                } else {
                    let step = if self.password_guard.is_past.load(Ordering::SeqCst) { "setup" } else { "describe" };
                    let status = error.details().and_then(|details| details.get::<u32>("rtsp-status-code").ok());
                    match status.and_then(|status| u16::try_from(status).ok()) {
                        Some(503) => status_problem(503, self.has_credentials, step).because(debug).into(),
                        _ => {
                            failure(&error.error(), &debug, self.has_credentials, self.has_offer.load(Ordering::SeqCst))
                        }
                    }
                };
                self.send(Found::Failed(failure));
            }
            gst::MessageView::Progress(progress) => {
                if matches!(progress.get(), (gst::ProgressType::Complete, "open", _)) {
                    self.send(Found::Opened);
                }
            }
            gst::MessageView::Eos(_) => {
                self.send(Found::Ended);
            }
            _ => {}
        }
        gst::BusSyncReply::Drop
    }
}

fn link(pad: &gst::Pad, element: &gst::Element) -> Result<(), Failure> {
    let sink = element.static_pad("sink").ok_or_else(|| missing("sink pad", &element.name()))?;
    let _ = element.sync_state_with_parent();
    pad.link(&sink).map(|_| ()).map_err(|e| missing("link", &e.to_string()))
}

fn failure(error: &gst::glib::Error, debug: &str, has_credentials: bool, has_offer: bool) -> Failure {
    use gst::{ResourceError, StreamError};
    // The debug text begins with file and function of the element; its last line says what happened.
    let detail = format!("{} {}", error.message(), debug.lines().last().unwrap_or_default());
    let problem = match (error.kind::<ResourceError>(), error.kind::<StreamError>()) {
        (Some(ResourceError::NotAuthorized), _) => status_problem(401, has_credentials, "connect"),
        (Some(ResourceError::NotFound), _) => status_problem(404, has_credentials, "connect"),
        (Some(ResourceError::Busy), _) => Problem::new(ErrorCode::CameraBusy).at("connect"),
        (Some(ResourceError::NoSpaceLeft), _) => Problem::new(ErrorCode::Internal),
        (Some(ResourceError::OpenRead | ResourceError::OpenReadWrite | ResourceError::OpenWrite), _) => {
            Problem::new(ErrorCode::HostUnreachable).at("connect")
        }
        (Some(ResourceError::Read), _) if detail.contains("Timeout while waiting") => {
            Problem::new(ErrorCode::ConnectTimeout).at("describe")
        }
        (Some(_), _) => Problem::new(ErrorCode::RtspError).at("stream"),
        // The track would do, but the way it should come was refused.
        (_, Some(StreamError::CodecNotFound)) if has_offer => {
            Problem::new(ErrorCode::RtspError).with("status", 461).at("setup")
        }
        (_, Some(StreamError::CodecNotFound | StreamError::WrongType)) => Problem::new(ErrorCode::CodecUnsupported),
        (_, Some(StreamError::TypeNotFound)) => Problem::new(ErrorCode::NoVideo),
        _ => Problem::new(ErrorCode::RtspError).at("stream"),
    };
    problem.because(detail.trim()).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use watchwall_model::{IngestEngine, SafeUrl, StreamPath};

    #[test]
    fn scheme_and_port_are_always_spelt_out() {
        let check = |url, transport, expect| {
            let request = IngestRequest {
                path: StreamPath::parse("a").unwrap(),
                url: SafeUrl::split(url).unwrap().0,
                credentials: None,
                engine: IngestEngine::Gstreamer,
                transport,
                device_key: None,
            };
            assert_eq!(location(&request), expect);
        };
        check("rtsp://h/a?b=1", Transport::Tcp, "rtsp://h:554/a?b=1");
        check("rtspt://h:8554/a", Transport::Auto, "rtsp://h:8554/a");
        check("rtsp://h", Transport::Http, "rtsph://h:80");
        check("rtsp://h:8080/a", Transport::Http, "rtsph://h:8080/a");
        check("rtsps://[fe80::1]/a", Transport::Auto, "rtsps://[fe80::1]:322/a");
        check("rtsps://h/a", Transport::Http, "rtspsh://h:443/a");
    }
}
