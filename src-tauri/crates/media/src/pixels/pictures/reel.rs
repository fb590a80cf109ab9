//! The task between a recording's units and whoever looks at its pictures: none is left out, and everybody waits.

use super::{
    Picture, PictureSpec,
    feed::{HANG, readable},
    rhythm::Rhythm,
};
use crate::{
    AccessUnit,
    pixels::{
        decoder::{self, Purpose},
        element,
        transcode::{
            bridge::Bridge,
            pipeline::{Pipeline, failed},
        },
    },
};
use gstreamer::{self as gst, prelude::*};
use gstreamer_app::{AppSink, AppSinkCallbacks};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};
use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;
use watchwall_model::Problem;

/// Room in the decoder, and its end, are waited for in steps of this.
const STEP: Duration = Duration::from_millis(250);

pub struct ReelFeed {
    pub units: mpsc::Receiver<Arc<AccessUnit>>,
    pub spec: PictureSpec,
    pub out: mpsc::Sender<Result<Picture, Problem>>,
}

/// A decoder at work.
struct Decoding {
    pipeline: Pipeline,
    faults: mpsc::Receiver<String>,
    bridge: Arc<Bridge>,
    /// Pictures that came out.
    made: Arc<AtomicU64>,
    ended: Arc<Notify>,
    decoder: &'static str,
}

impl ReelFeed {
    /// Runs until cancelled, until the units are over and all pictures given, or until decoding turns out impossible.
    pub async fn run(mut self, cancel: CancellationToken) {
        let work = async {
            let mut next = self.units.recv().await;
            while let Some(first) = next.take() {
                if !first.is_video_key() {
                    next = self.units.recv().await;
                    continue;
                }
                match self.decode(first).await {
                    Ok(unit) => next = unit,
                    Err(problem) => {
                        tracing::warn!(error = %problem, "a decoder of recorded pictures failed");
                        // Whoever looked may have gone.
                        let _ = self.out.send(Err(problem)).await;
                        return;
                    }
                }
            }
        };
        tokio::select! {
            () = cancel.cancelled() => {}
            () = work => {}
        }
    }

    /// Decodes up to a unit that is coded otherwise, which it answers, or to the last one.
    async fn decode(&mut self, first: Arc<AccessUnit>) -> Result<Option<Arc<AccessUnit>>, Problem> {
        let mut decoding = self.start(&first).await?;
        let outcome = self.feed(&mut decoding, first).await;
        if outcome.is_err() && decoding.made.load(Relaxed) == 0 {
            decoder::note_failed(decoding.decoder);
        }
        decoding.pipeline.stop().await;
        outcome
    }

    async fn feed(
        &mut self,
        decoding: &mut Decoding,
        first: Arc<AccessUnit>,
    ) -> Result<Option<Arc<AccessUnit>>, Problem> {
        let params = Arc::clone(&first.params);
        let mut unit = first;
        let next = loop {
            if !Arc::ptr_eq(&unit.params, &params) && !unit.params.is_same_coding(&params) {
                break Some(unit);
            }
            if unit.is_video() && !unit.data.is_empty() {
                self.hand_over(decoding, &unit).await?;
            }
            match self.units.recv().await {
                Some(next) => unit = next,
                None => break None,
            }
        };
        decoding.pipeline.finish()?;
        let (mut made, mut since) = (0, Instant::now());
        loop {
            tokio::select! {
                Some(fault) = decoding.faults.recv() => return Err(failed(fault)),
                () = decoding.ended.notified() => return Ok(next),
                () = tokio::time::sleep(STEP) => self.look_at(decoding, &mut made, &mut since)?,
            }
        }
    }

    async fn hand_over(&self, decoding: &mut Decoding, unit: &AccessUnit) -> Result<(), Problem> {
        let (mut made, mut since) = (decoding.made.load(Relaxed), Instant::now());
        while !decoding.pipeline.has_room(STEP).await {
            self.look_at(decoding, &mut made, &mut since)?;
        }
        if let Ok(fault) = decoding.faults.try_recv() {
            return Err(failed(fault));
        }
        decoding.pipeline.push(unit, &decoding.bridge)
    }

    /// A decoder that makes nothing hangs, unless nobody takes what it made.
    fn look_at(&self, decoding: &Decoding, made: &mut u64, since: &mut Instant) -> Result<(), Problem> {
        let now_made = decoding.made.load(Relaxed);
        if now_made != *made || self.out.capacity() == 0 {
            (*made, *since) = (now_made, Instant::now());
        }
        if since.elapsed() > HANG { Err(failed("nothing comes out of the decoder")) } else { Ok(()) }
    }

    async fn start(&self, first: &AccessUnit) -> Result<Decoding, Problem> {
        let video = first.params.video.clone().ok_or_else(|| failed("no video"))?;
        let bridge = Arc::new(Bridge::new(first, 0, Arc::default()));
        let (made, ended) = (Arc::<AtomicU64>::default(), Arc::<Notify>::default());
        let sink = self.sink(&bridge, &made, &ended);
        let work = tokio::task::spawn_blocking(move || {
            crate::pixels::init()?;
            let candidates = decoder::candidates(&video.codec, Purpose::Recording);
            let decoder = *candidates.first().ok_or_else(|| decoder::none_for(&video.codec))?;
            let rest = [element("videoconvert")?, readable()?, sink.make().upcast()];
            Pipeline::decoding_all(&video, decoder, rest).map(|(pipeline, faults)| (pipeline, faults, decoder))
        });
        let (pipeline, faults, decoder) = work.await.map_err(failed)??;
        Ok(Decoding { pipeline, faults, bridge, made, ended, decoder })
    }

    fn sink(&self, bridge: &Arc<Bridge>, made: &Arc<AtomicU64>, ended: &Arc<Notify>) -> Sink {
        Sink {
            bridge: Arc::clone(bridge),
            made: Arc::clone(made),
            ended: Arc::clone(ended),
            rhythm: Rhythm::new(self.spec.max_fps),
            out: self.out.clone(),
        }
    }
}

/// Where decoded pictures arrive, on a thread of GStreamer.
struct Sink {
    bridge: Arc<Bridge>,
    made: Arc<AtomicU64>,
    ended: Arc<Notify>,
    rhythm: Rhythm,
    out: mpsc::Sender<Result<Picture, Problem>>,
}

impl Sink {
    fn make(mut self) -> AppSink {
        let ended = Arc::clone(&self.ended);
        let callbacks = AppSinkCallbacks::builder()
            .new_sample(move |sink| {
                let sample = sink.pull_sample().map_err(|_| gst::FlowError::Eos)?;
                self.made.fetch_add(1, Relaxed);
                let Some(picture) = self.picture(sample) else { return Ok(gst::FlowSuccess::Ok) };
                // Waits until there is room, which holds back all before it.
                self.out.blocking_send(Ok(picture)).map_err(|_| gst::FlowError::Eos)?;
                Ok(gst::FlowSuccess::Ok)
            })
            .eos(move |_| ended.notify_one())
            .build();
        AppSink::builder().sync(false).max_buffers(2).callbacks(callbacks).build()
    }

    /// `None` for one that is not wanted.
    fn picture(&mut self, sample: gst::Sample) -> Option<Picture> {
        let segment = sample.segment()?.downcast_ref::<gst::ClockTime>()?;
        let at = segment.to_running_time(sample.buffer()?.pts()?)?;
        let origin = self.bridge.take(at.nseconds())?;
        if self.rhythm.takes(origin.capture_at.0) { Picture::new(sample, origin.capture_at) } else { None }
    }
}
