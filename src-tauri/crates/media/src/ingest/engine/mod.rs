//! The engines that pull: retina for plain RTSP, GStreamer for the rest.
//!
//! An engine is one async function. It connects, tells [`EngineEvent::Playing`], fills the hub through an
//! [`Assembler`](super::assembler::Assembler) and returns when the stream ends, fails or `Job::cancel` fires;
//! on its way out it sends a TEARDOWN and waits for it within [`TEARDOWN_WITHIN`].
//! It knows nothing of back-off, interest or phases.

mod gstreamer;
pub(super) mod gstreamer_caps;
mod gstreamer_pipeline;
mod retina;
mod retina_metadata;
mod retina_packets;
mod retina_params;

use super::{
    assembler::IngestCounts,
    failure::Failure,
    handle::Holders,
    metadata::MetadataTrack,
    reach,
    request::{IngestOptions, IngestRequest},
};
use crate::hub::Hub;
use futures::FutureExt;
use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use watchwall_model::{ErrorCode, IngestEngine, Problem, Transport};

pub use retina::Sessions;
pub use retina_packets::listen_to_packets;

/// A camera gets this long to answer a TEARDOWN.
pub const TEARDOWN_WITHIN: Duration = Duration::from_secs(2);

/// What an engine works on.
#[derive(Clone)]
pub struct Job {
    pub request: IngestRequest,
    pub options: IngestOptions,
    pub hub: Arc<Hub>,
    pub counts: Arc<IngestCounts>,
    /// Whether metadata is wanted, and where it goes.
    pub holders: Arc<Holders>,
    pub sessions: Sessions,
    pub cancel: CancellationToken,
    /// At most a handful per connection: a full channel means the actor is gone.
    pub events: mpsc::Sender<EngineEvent>,
    pub approach: Approach,
}

/// How to go about a camera.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Approach {
    Straight,
    /// It did not answer last time, or nothing is known of it: see first whether anybody listens there and how long its
    /// answers are. That is cheap, bounded and ends in time, where an engine reads and waits on.
    LookFirst,
}

/// News from an engine, in this order.
#[derive(Clone, Debug)]
pub enum EngineEvent {
    /// A step of the dialogue with the camera is done: `connect`, `describe`, `setup`.
    Step(&'static str),
    /// A library panicked on what the camera sent.
    Panicked,
    /// `auto` gave up retina for this reason and goes on with GStreamer.
    HandedOver { reason: Problem },
    /// PLAY was answered.
    Playing { engine: IngestEngine, transport: Transport, skipped_tracks: Vec<String>, metadata: MetadataTrack },
    /// The first key frame is in the hub.
    FirstPicture,
}

impl Job {
    async fn tell(&self, event: EngineEvent) {
        // A closed channel: nobody listens any more, and `cancel` is about to say so.
        let _ = self.events.send(event).await;
    }
}

/// Pulls until the end. `preferred` is the engine that worked last time, if any.
///
/// # Errors
/// Why it ended; cancelled is `Ok`.
pub async fn run(job: &Job, preferred: Option<IngestEngine>) -> Result<(), Failure> {
    let plan = plan(&job.request, preferred)?;
    if job.approach == Approach::LookFirst
        && let Some(port) = job.request.port()
    {
        let (url, connect_limit) = (&job.request.url, job.options.connect_timeout);
        match plan {
            Plan::Gstreamer => reach::connect(url.host(), port, connect_limit).await.map(drop)?,
            _ => reach::look(url, port, connect_limit, job.options.read_timeout).await?,
        }
    }
    match plan {
        Plan::Gstreamer => gstreamer::run(job).await,
        Plan::Retina => run_retina(job, retina::Appetite::TakeWhatItCan).await,
        Plan::RetinaThenGstreamer => {
            let refused = match run_retina(job, retina::Appetite::LeaveWhatItCannot).await {
                Err(failure) if failure.is_engine_refusal => failure,
                other => return other,
            };
            tracing::info!(path = %job.request.path, reason = %refused.problem, "handing the stream to GStreamer");
            if is_transport_refused(&refused.problem) {
                if job.request.transport != Transport::Auto {
                    // The other engine would ask for the same.
                    return Err(Failure::new(refused.problem));
                }
                let request = IngestRequest { transport: Transport::Udp, ..job.request.clone() };
                tracing::info!(path = %job.request.path, "the camera does not send over TCP; trying UDP");
                return run_retina(&Job { request, ..job.clone() }, retina::Appetite::TakeWhatItCan).await;
            }
            job.tell(EngineEvent::HandedOver { reason: refused.problem.clone() }).await;
            let second = gstreamer::run(job).await;
            match second {
                // GStreamer would do, but its parts are missing: take what retina can.
                Err(missing) if missing.problem.code == ErrorCode::EngineMissing => {
                    run_retina(job, retina::Appetite::TakeWhatItCan).await
                }
                Err(failure) if failure.problem.code == ErrorCode::RtspError => Err(Failure::new(refused.problem)),
                other => other,
            }
        }
    }
}

/// retina asserts what it takes for granted about packets; a camera that breaks it (a second picture in one packet run,
/// for example) makes it panic. That is a refusal like others: counted, and the other engine's turn.
async fn run_retina(job: &Job, appetite: retina::Appetite) -> Result<(), Failure> {
    match AssertUnwindSafe(retina::run(job, appetite)).catch_unwind().await {
        Ok(outcome) => outcome,
        Err(_) => {
            job.tell(EngineEvent::Panicked).await;
            let problem = Problem::new(ErrorCode::RtspError).at("stream");
            Err(Failure::refusal(problem.because("the packets break what retina takes for granted")))
        }
    }
}

/// "Unsupported transport" (RFC 2326 section 11.3.14).
fn is_transport_refused(problem: &Problem) -> bool {
    problem.params.get("status").is_some_and(|status| status == "461")
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Plan {
    Retina,
    Gstreamer,
    RetinaThenGstreamer,
}

/// Which engine can speak what is asked for.
fn plan(request: &IngestRequest, preferred: Option<IngestEngine>) -> Result<Plan, Failure> {
    let is_plain_rtsp = matches!(request.url.scheme(), "rtsp" | "rtspt");
    let needs_gstreamer = !is_plain_rtsp || matches!(request.transport, Transport::Multicast | Transport::Http);
    match request.engine {
        IngestEngine::Retina if needs_gstreamer => Err(Problem::new(ErrorCode::UrlSchemeUnsupported)
            .with("scheme", request.url.scheme())
            .because("retina speaks RTSP over TCP and UDP only")
            .into()),
        IngestEngine::Retina => Ok(Plan::Retina),
        IngestEngine::Gstreamer => Ok(Plan::Gstreamer),
        IngestEngine::Auto if needs_gstreamer || preferred == Some(IngestEngine::Gstreamer) => Ok(Plan::Gstreamer),
        IngestEngine::Auto => Ok(Plan::RetinaThenGstreamer),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use watchwall_model::{SafeUrl, StreamPath};

    #[test]
    fn scheme_and_transport_choose_the_engine() {
        let check = |url, engine, transport, preferred, expect: Option<Plan>| {
            let request = IngestRequest {
                path: StreamPath::parse("a").unwrap(),
                url: SafeUrl::split(url).unwrap().0,
                credentials: None,
                engine,
                transport,
                device_key: None,
            };
            assert_eq!(plan(&request, preferred).ok(), expect, "{url}");
        };
        use IngestEngine::{Auto, Gstreamer, Retina};
        check("rtsp://h/a", Auto, Transport::Auto, None, Some(Plan::RetinaThenGstreamer));
        check("rtsp://h/a", Auto, Transport::Udp, None, Some(Plan::RetinaThenGstreamer));
        check("rtsp://h/a", Auto, Transport::Auto, Some(Gstreamer), Some(Plan::Gstreamer));
        check("rtsp://h/a", Auto, Transport::Multicast, None, Some(Plan::Gstreamer));
        check("rtsp://h/a", Retina, Transport::Tcp, Some(Gstreamer), Some(Plan::Retina));
        check("rtsp://h/a", Retina, Transport::Http, None, None);
        check("rtsps://h/a", Auto, Transport::Auto, None, Some(Plan::Gstreamer));
        check("rtsps://h/a", Retina, Transport::Auto, None, None);
        check("http://h/mjpg", Auto, Transport::Auto, None, Some(Plan::Gstreamer));
        check("rtsp://h/a", Gstreamer, Transport::Tcp, None, Some(Plan::Gstreamer));
    }
}
