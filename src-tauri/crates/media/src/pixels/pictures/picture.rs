//! One decoded picture.

use super::{
    Luma, Rgb,
    rgb::{Coding, Component, Planes},
};
use crate::pixels::{run::failed, snapshot::compress};
use bytes::Bytes;
use gstreamer as gst;
use gstreamer_video::{VideoColorMatrix, VideoFrameExt, VideoFrameRef, VideoInfo};
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
        let frame = self.frame()?;
        let plane = frame.plane_data(0).map_err(failed)?;
        let stride = frame.plane_stride().first().and_then(|stride| usize::try_from(*stride).ok()).unwrap_or(0);
        let luma = Luma::scaled(plane, stride, (self.width as usize, self.height as usize), max_width as usize);
        if luma.data.is_empty() { Err(unreadable()) } else { Ok(luma) }
    }

    /// Its colours, scaled to this size.
    ///
    /// # Errors
    /// `snapshot_failed` when its memory cannot be read.
    pub fn rgb(&self, width: usize, height: usize) -> Result<Rgb, Problem> {
        let frame = self.frame()?;
        let component = |n: u32| -> Result<Component<'_>, Problem> {
            let bytes = |n: i32| usize::try_from(n).unwrap_or(0);
            Ok(Component {
                bytes: frame.comp_data(n).map_err(failed)?,
                stride: bytes(frame.comp_stride(n)),
                step: bytes(frame.comp_pstride(n)),
                width: frame.comp_width(n) as usize,
                height: frame.comp_height(n) as usize,
            })
        };
        let chroma = if frame.n_components() >= 3 { Some([component(1)?, component(2)?]) } else { None };
        let planes = Planes { luma: component(0)?, chroma, coding: coding(frame.info()) };
        Rgb::scaled(&planes, width, height).ok_or_else(unreadable)
    }

    fn frame(&self) -> Result<VideoFrameRef<&gst::BufferRef>, Problem> {
        let buffer = self.sample.buffer().ok_or_else(unreadable)?;
        let info = self.sample.caps().and_then(|caps| VideoInfo::from_caps(caps).ok()).ok_or_else(unreadable)?;
        VideoFrameRef::from_buffer_ref_readable(buffer, &info).map_err(failed)
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

fn unreadable() -> Problem {
    failed("a picture without pixels")
}

/// What no camera says is as it was before there was high definition.
fn coding(info: &VideoInfo) -> Coding {
    let colorimetry = info.colorimetry();
    let (offset, scale) = info.range_offsets(colorimetry.range());
    let (red, blue) = match colorimetry.matrix() {
        VideoColorMatrix::Bt709 => (0.2126, 0.0722),
        VideoColorMatrix::Bt2020 => (0.2627, 0.0593),
        VideoColorMatrix::Smpte240m => (0.212, 0.087),
        _ => (0.299, 0.114),
    };
    let first = |of: [i32; 4]| [of[0] as f32, of[1] as f32, of[2] as f32];
    Coding { offset: first(offset), scale: first(scale), red, blue }
}

impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Picture({}x{} at {:?})", self.width, self.height, self.capture_at)
    }
}
