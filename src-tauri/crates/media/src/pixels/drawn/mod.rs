//! Pictures with something drawn onto them, as H.264: what an AI node shows of what it sees.
//!
//! Whoever decodes gives a [`Picture`] with what is to be drawn onto it ([`Fill`]s, made when its size is known), and takes
//! coded pictures from a bounded channel. Each drawing is on its own picture: the two travel by the picture's time.
//! Nothing waits: a picture that finds the encoder busy is left out before it is coded, so that those that are coded
//! belong together. `pipeline` is the only file with GStreamer in it; its threads take short locks.

mod fill;
mod pipeline;

pub use fill::{Colour, Fill};

use super::Picture;
use crate::VideoParams;
use bytes::Bytes;
use pipeline::Pipeline;
use std::sync::Arc;
use tokio::sync::mpsc;
use watchwall_model::{ErrorCode, Problem, UtcMicros};

/// Coded pictures that wait to be taken. Whoever takes none gives none either, so that there are hardly ever two.
const WAITING: usize = 16;

/// How the pictures are to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DrawnSpec {
    /// Pixels. A picture keeps its shape and is not enlarged.
    pub max_width: u32,
    pub max_height: u32,
    /// Pictures a second, at most.
    pub max_fps: u32,
    pub bitrate_kbps: u32,
    /// Between two key frames.
    pub key_every_s: u32,
}

/// One coded picture.
#[derive(Clone, Debug)]
pub struct Drawn {
    pub capture_at: UtcMicros,
    /// NAL units with 4-byte lengths, parameter sets taken out.
    pub data: Bytes,
    pub is_key: bool,
    pub video: Arc<VideoParams>,
}

/// An encoder at work. Stopped when it goes; [`Drawing::stop`] also waits.
pub struct Drawing {
    pipeline: Pipeline,
}

/// Makes an encoder; may take seconds where drivers wake up.
///
/// # Errors
/// `engine_missing` without an encoder, `transcode_failed` when it cannot be started.
pub async fn draw(spec: DrawnSpec) -> Result<(Drawing, mpsc::Receiver<Result<Drawn, Problem>>), Problem> {
    let (out, drawn) = mpsc::channel(WAITING);
    let work = tokio::task::spawn_blocking(move || Pipeline::start(spec, out));
    let pipeline = work.await.map_err(|e| Problem::new(ErrorCode::TranscodeFailed).at("draw").because(e))??;
    Ok((Drawing { pipeline }, drawn))
}

impl Drawing {
    /// Hands a picture over. `paint` is asked what is to be drawn when its size, in pixels, is known. False when it was
    /// left out: it came too early, or the encoder is busy.
    ///
    /// # Errors
    /// `transcode_failed`: the encoder has stopped.
    pub fn offer(
        &mut self,
        picture: &Picture,
        paint: impl FnOnce(u32, u32) -> Vec<Fill> + Send + 'static,
    ) -> Result<bool, Problem> {
        self.pipeline.push(picture, Box::new(paint))
    }

    pub async fn stop(self) {
        self.pipeline.stop().await;
    }
}
