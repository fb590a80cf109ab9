//! How GStreamer names what our params say.

use crate::VideoParams;
use gstreamer as gst;
use watchwall_model::{ErrorCode, Problem, VideoCodec};

/// Caps of the access units of these params.
///
/// # Errors
/// `codec_unsupported` for what cannot be decoded here.
pub fn of_video(video: &VideoParams) -> Result<gst::Caps, Problem> {
    let (kind, format) = match &video.codec {
        VideoCodec::H264 => ("video/x-h264", "avc"),
        VideoCodec::H265 => ("video/x-h265", "hvc1"),
        VideoCodec::Mjpeg => return Ok(gst::Caps::builder("image/jpeg").field("parsed", true).build()),
        VideoCodec::Other(name) => return Err(Problem::new(ErrorCode::CodecUnsupported).with("codec", name)),
    };
    let caps = gst::Caps::builder(kind)
        .field("stream-format", format)
        .field("alignment", "au")
        .field("codec_data", gst::Buffer::from_slice(video.config.clone()));
    let caps = match (i32::try_from(video.width), i32::try_from(video.height)) {
        (Ok(width), Ok(height)) if width > 0 && height > 0 => caps.field("width", width).field("height", height),
        _ => caps,
    };
    Ok(caps.build())
}

/// Raw pictures no higher than this, in even sizes, of their own shape.
pub fn scaled(max_height: u32) -> gst::Caps {
    within(2 * MOST as u32, max_height)
}

/// The same, no wider than this either.
pub fn within(max_width: u32, max_height: u32) -> gst::Caps {
    let most = |pixels: u32, most: i32| i32::try_from(pixels).unwrap_or(most).clamp(LEAST, most) & !1;
    gst::Caps::builder("video/x-raw")
        .field("format", "I420")
        .field("width", gst::IntRange::with_step(LEAST, most(max_width, 2 * MOST), 2))
        .field("height", gst::IntRange::with_step(LEAST, most(max_height, MOST), 2))
        .field("pixel-aspect-ratio", gst::Fraction::new(1, 1))
        .build()
}

const LEAST: i32 = 2;
const MOST: i32 = 8192;
