//! Which H.264 encoder: the first that really encodes a few pictures on this machine.

use super::{caps, cores, element, set};
use gstreamer::{self as gst, prelude::*};
use std::{
    sync::OnceLock,
    time::{Duration, Instant},
};
use watchwall_model::{ErrorCode, Problem};

/// Hardware of every platform first; software always works where it is installed.
const CANDIDATES: &[&str] =
    &["nvh264enc", "vah264enc", "vah264lpenc", "qsvh264enc", "mfh264enc", "vtenc_h264", "x264enc", "openh264enc"];
/// Pictures between key frames.
const GOP: u32 = 50;
/// Drivers may take their time to start.
const TRIAL: Duration = Duration::from_secs(4);

/// The encoder of this machine, found on the first call (which may take seconds; call it off the async threads).
pub fn h264_encoder() -> Option<&'static str> {
    static FOUND: OnceLock<Option<&'static str>> = OnceLock::new();
    *FOUND.get_or_init(|| {
        super::init().ok()?;
        let works = |name: &&&str| gst::ElementFactory::find(name).is_some() && try_encoder(name).is_ok();
        let found = CANDIDATES.iter().find(works).copied();
        tracing::info!(encoder = found.unwrap_or("none"), "H.264 encoder chosen");
        found
    })
}

/// Why nothing can be encoded.
pub fn none() -> Problem {
    Problem::new(ErrorCode::EngineMissing)
        .with("element", "x264enc")
        .with("package", super::plugins::package_of("x264enc"))
}

/// Makes an encoder that holds nothing back, for pictures of at most this height.
///
/// # Errors
/// `engine_missing`.
pub(super) fn make(name: &str, max_height: u32) -> Result<gst::Element, Problem> {
    let encoder = element(name)?;
    let kbits = match max_height {
        0..=360 => 1_000,
        361..=540 => 2_000,
        541..=720 => 4_000,
        721..=1080 => 8_000,
        _ => 16_000,
    };
    let gop = GOP.to_string();
    let threads = cores().min(4).to_string();
    let properties: &[(&str, &str)] = match name {
        "x264enc" => &[
            ("speed-preset", "veryfast"),
            ("tune", "zerolatency"),
            ("pass", "qual"),
            ("quantizer", "23"),
            ("key-int-max", &gop),
            ("sliced-threads", "true"),
            ("threads", &threads),
            ("bframes", "0"),
        ],
        "nvh264enc" => &[("preset", "low-latency-hq"), ("gop-size", &gop), ("bframes", "0"), ("zerolatency", "true")],
        "openh264enc" => {
            &[("gop-size", &gop), ("complexity", "low"), ("usage-type", "camera"), ("multi-thread", &threads)]
        }
        "vtenc_h264" => &[("realtime", "true"), ("allow-frame-reordering", "false"), ("max-keyframe-interval", &gop)],
        _ => &[("key-int-max", &gop), ("gop-size", &gop), ("b-frames", "0"), ("bframes", "0"), ("low-latency", "true")],
    };
    properties.iter().for_each(|(property, value)| set(&encoder, property, value));
    set(&encoder, "bitrate", &bits(name, kbits).to_string());
    Ok(encoder)
}

/// Holds an encoder to so many bits a second, and so many pictures between key frames.
pub(super) fn limit(encoder: &gst::Element, name: &str, kbits: u32, gop: u32) {
    let gop = gop.to_string();
    ["key-int-max", "gop-size", "max-keyframe-interval"].iter().for_each(|property| set(encoder, property, &gop));
    if name == "x264enc" {
        set(encoder, "pass", "cbr");
    }
    set(encoder, "bitrate", &bits(name, kbits).to_string());
}

/// openh264enc counts bits, the others kilobits.
fn bits(name: &str, kbits: u32) -> u32 {
    if name == "openh264enc" { kbits.saturating_mul(1_000) } else { kbits }
}

/// Encodes a few pictures for real: a driver may be there and not work.
fn try_encoder(name: &str) -> Result<(), Problem> {
    let pipeline = gst::Pipeline::new();
    let source = element("videotestsrc")?;
    set(&source, "num-buffers", "5");
    let filter = element("capsfilter")?;
    let mut wanted = caps::scaled(240);
    if let Some(structure) = wanted.make_mut().structure_mut(0) {
        structure.set("width", 320);
        structure.set("height", 240);
    }
    filter.set_property("caps", wanted);
    let sink = element("fakesink")?;
    set(&sink, "sync", "false");
    let failed = |e: gst::glib::BoolError| Problem::new(ErrorCode::TranscodeFailed).at("try_encoder").because(e);
    let all = [&source, &element("videoconvert")?, &filter, &make(name, 240)?, &element("h264parse")?, &sink];
    pipeline.add_many(all).map_err(failed)?;
    gst::Element::link_many(all).map_err(failed)?;
    let outcome = play_to_end(&pipeline, Instant::now() + TRIAL);
    // Nothing more can be done about a driver that will not stop.
    let _ = pipeline.set_state(gst::State::Null);
    if let Err(problem) = &outcome {
        tracing::info!(encoder = name, error = %problem, "an encoder is installed but does not work");
    }
    outcome
}

/// Plays until the end of stream, an error or the deadline.
fn play_to_end(pipeline: &gst::Pipeline, deadline: Instant) -> Result<(), Problem> {
    let failed = |detail: String| Problem::new(ErrorCode::TranscodeFailed).at("try_encoder").because(detail);
    pipeline.set_state(gst::State::Playing).map_err(|e| failed(e.to_string()))?;
    let bus = pipeline.bus().ok_or_else(|| failed("no bus".to_owned()))?;
    let left = deadline.saturating_duration_since(Instant::now());
    let wait = gst::ClockTime::from_mseconds(left.as_millis() as u64);
    let message = bus.timed_pop_filtered(wait, &[gst::MessageType::Eos, gst::MessageType::Error]);
    match message.as_ref().map(|message| message.view()) {
        Some(gst::MessageView::Eos(_)) => Ok(()),
        Some(gst::MessageView::Error(error)) => Err(failed(error.error().to_string())),
        _ => Err(failed("no picture within the time".to_owned())),
    }
}
