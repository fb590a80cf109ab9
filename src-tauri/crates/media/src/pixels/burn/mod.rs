//! Words burnt into the pictures of a recording: decoded, written on, encoded to H.264, put into one MP4 file.
//!
//! [`Burner`] takes units in file order and gives the bytes of the new file as they come to be. `pipeline` is decoder,
//! words and encoder; `file` puts what comes out, with the recording's own sound, into fragments. Everything works on
//! the calling thread, which waits a bounded time for GStreamer's own threads: call it off the async ones. At most
//! one group of pictures and what the pipeline holds are in memory. A camera's pictures are never changed in place:
//! what comes out is a copy, and whoever hands it out says so.

mod file;
mod pipeline;

use crate::{AudioParams, StreamParams, Track};
use bytes::Bytes;
use file::NewFile;
use pipeline::Pipeline;
use std::time::Duration;
use watchwall_model::{ErrorCode, Problem, UtcMicros};

/// What is burnt into which recording.
#[derive(Clone, Debug)]
pub struct BurnPlan<'a> {
    /// Of the recording.
    pub params: &'a StreamParams,
    /// When its first picture was taken.
    pub start: UtcMicros,
    pub lasts: Duration,
    /// Faintly across every picture; nothing when empty.
    pub watermark: &'a str,
}

/// A unit of the recording. Times are microseconds from the beginning of the file.
#[derive(Clone, Debug)]
pub struct BurnUnit {
    pub track: Track,
    pub data: Bytes,
    pub is_key: bool,
    pub dts_us: i64,
    pub pts_us: i64,
    pub duration_us: i64,
    /// What stands in its picture.
    pub caption: String,
}

/// A picture that was written on.
#[derive(Clone, Debug)]
struct Burnt {
    data: Bytes,
    at_us: i64,
    is_key: bool,
}

/// What the new file is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BurntFacts {
    pub width: u32,
    pub height: u32,
    pub has_audio: bool,
    pub pictures: u64,
}

/// Burns one file.
pub struct Burner {
    pipeline: Pipeline,
    file: NewFile,
}

impl Burner {
    /// Builds and starts decoder and encoder.
    ///
    /// # Errors
    /// `engine_missing`, `codec_unsupported`, `no_video`, `transcode_failed`.
    pub fn start(plan: &BurnPlan<'_>) -> Result<Self, Problem> {
        let video = plan.params.video.as_ref().ok_or_else(|| Problem::new(ErrorCode::NoVideo).at("burn"))?;
        let pipeline = Pipeline::start(video, plan.watermark)?;
        Ok(Self { pipeline, file: NewFile::new(plan.params.audio.clone(), plan.start, plan.lasts) })
    }

    /// Takes a unit and gives what the file has grown by. Waits while the encoder is busy.
    ///
    /// # Errors
    /// `transcode_failed` when the pipeline breaks or hangs.
    pub fn push(&mut self, unit: BurnUnit) -> Result<Vec<Bytes>, Problem> {
        if unit.track == Track::Audio {
            self.file.sound(unit);
            return Ok(Vec::new());
        }
        let mut grown = Vec::new();
        for burnt in self.pipeline.push(&unit)? {
            grown.append(&mut self.file.picture(burnt, self.pipeline.video())?);
        }
        Ok(grown)
    }

    /// The rest of the file, and what it is.
    ///
    /// # Errors
    /// `transcode_failed`, also when no picture came out.
    pub fn finish(mut self) -> Result<(Vec<Bytes>, BurntFacts), Problem> {
        let mut grown = Vec::new();
        for burnt in self.pipeline.finish()? {
            grown.append(&mut self.file.picture(burnt, self.pipeline.video())?);
        }
        let (mut rest, facts) = self.file.finish()?;
        grown.append(&mut rest);
        Ok((grown, facts))
    }
}

fn failed(detail: impl std::fmt::Display) -> Problem {
    Problem::new(ErrorCode::TranscodeFailed).at("burn").because(detail)
}

/// Whether the sound of a recording stands in the new file.
fn is_kept(audio: Option<&AudioParams>) -> bool {
    audio.is_some_and(crate::audio::is_containable)
}
