//! One decoded picture.

use super::Luma;
use crate::pixels::{run::failed, snapshot::compress};
use bytes::Bytes;
use gstreamer as gst;
use gstreamer_video::{VideoFrameExt, VideoFrameRef, VideoInfo};
use std::{
    fmt,
    time::{Duration, Instant},
};
use watchwall_model::{Problem, UtcMicros};

/// As the decoder made it, in its own size. Holds one of the decoder's few pictures: do not collect them.
#[derive(Clone)]
pub struct Picture {
    pub capture_at: UtcMicros,
    pub width: u32,
    pub height: u32,
    sample: gst::Sample,
}

impl Picture {
    /// `None` for what is no picture.
    pub(super) fn new(sample: gst::Sample, capture_at: UtcMicros) -> Option<Self> {
        let info = VideoInfo::from_caps(sample.caps()?).ok()?;
        Some(Self { capture_at, width: info.width(), height: info.height(), sample })
    }

    /// For whoever works on with it.
    pub(in crate::pixels) const fn sample(&self) -> &gst::Sample {
        &self.sample
    }

    /// Its brightness, no wider than this.
    ///
    /// # Errors
    /// `snapshot_failed` when its memory cannot be read.
    pub fn luma(&self, max_width: u32) -> Result<Luma, Problem> {
        let unreadable = || failed("a picture without pixels");
        let buffer = self.sample.buffer().ok_or_else(unreadable)?;
        let info = self.sample.caps().and_then(|caps| VideoInfo::from_caps(caps).ok()).ok_or_else(unreadable)?;
        let frame = VideoFrameRef::from_buffer_ref_readable(buffer, &info).map_err(failed)?;
        let plane = frame.plane_data(0).map_err(failed)?;
        let stride = frame.plane_stride().first().and_then(|stride| usize::try_from(*stride).ok()).unwrap_or(0);
        let luma = Luma::scaled(plane, stride, (self.width as usize, self.height as usize), max_width as usize);
        if luma.data.is_empty() { Err(unreadable()) } else { Ok(luma) }
    }

    /// As a JPEG, scaled down to this height. `quality` is 1 to 100.
    ///
    /// # Errors
    /// `snapshot_failed`, also when it is not done within the deadline.
    pub async fn jpeg(&self, max_height: u32, quality: u8, deadline: Duration) -> Result<Bytes, Problem> {
        let (sample, until) = (self.sample.clone(), Instant::now() + deadline);
        let work = tokio::task::spawn_blocking(move || compress(&sample, Some(max_height), quality, until));
        // The work keeps its own time; this only guards against an element that hangs.
        match tokio::time::timeout(deadline + Duration::from_secs(1), work).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(e)) => Err(failed(e)),
            Err(_) => Err(failed("an encoder hangs")),
        }
    }
}

impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Picture({}x{} at {:?})", self.width, self.height, self.capture_at)
    }
}
