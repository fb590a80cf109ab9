//! Players and probes as judges.

use gstreamer::{self as gst, prelude::*};
use gstreamer_app::AppSink;
use std::{path::Path, process::Command};

/// A picture or a sound frame as ffprobe sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct ProbedFrame {
    pub stream: u32,
    pub seconds: f64,
    pub is_key: bool,
}

pub fn has(tool: &str) -> bool {
    let found = Command::new("which").arg(tool).output().is_ok_and(|out| out.status.success());
    if !found {
        println!("skipped: {tool} is not installed");
    }
    found
}

/// Decodes every frame; what ffprobe complains about fails the test.
pub fn ffprobe_frames(file: &Path) -> Vec<ProbedFrame> {
    let out = Command::new("ffprobe")
        .args(["-v", "error", "-of", "csv=p=0", "-show_entries", "frame=stream_index,pts_time,key_frame"])
        .arg(file)
        .output()
        .unwrap();
    let complaints = String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success() && complaints.is_empty(), "ffprobe {}: {complaints}", file.display());
    let text = String::from_utf8_lossy(&out.stdout);
    let frames = text.lines().filter(|line| !line.trim().is_empty()).map(|line| {
        let mut fields = line.split(',');
        ProbedFrame {
            stream: fields.next().unwrap().parse().unwrap(),
            is_key: fields.next().unwrap() == "1",
            seconds: fields.next().unwrap().parse().unwrap_or(f64::NAN),
        }
    });
    frames.collect()
}

/// One entry of ffprobe's format or stream section.
pub fn ffprobe_entry(file: &Path, entry: &str) -> String {
    let out = Command::new("ffprobe")
        .args(["-v", "error", "-of", "csv=p=0", "-show_entries", entry])
        .arg(file)
        .output()
        .unwrap();
    String::from_utf8_lossy(&out.stdout).trim().to_owned()
}

/// The sound of a file, decoded to 16-bit PCM.
pub fn ffmpeg_pcm(file: &Path) -> Vec<i16> {
    let out = Command::new("ffmpeg")
        .args(["-v", "error", "-i"])
        .arg(file)
        .args(["-map", "0:a", "-f", "s16le", "-c:a", "pcm_s16le", "-"])
        .output()
        .unwrap();
    assert!(out.status.success() && out.stderr.is_empty(), "ffmpeg: {}", String::from_utf8_lossy(&out.stderr));
    out.stdout.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect()
}

/// Pictures GStreamer's qtdemux and decoders make of a file.
pub fn qtdemux_pictures(file: &Path) -> usize {
    gst::init().unwrap();
    let description = format!(
        "filesrc location={} ! qtdemux name=demux demux.video_0 ! queue ! decodebin ! appsink name=sink sync=false",
        file.display()
    );
    let pipeline = gst::parse::launch(&description).unwrap().downcast::<gst::Bin>().unwrap();
    let sink = pipeline.by_name("sink").unwrap().downcast::<AppSink>().unwrap();
    pipeline.set_state(gst::State::Playing).unwrap();
    let mut pictures = 0;
    while sink.try_pull_sample(gst::ClockTime::from_seconds(20)).is_some() {
        pictures += 1;
    }
    let bus = pipeline.bus().unwrap();
    let fault = bus.pop_filtered(&[gst::MessageType::Error]);
    pipeline.set_state(gst::State::Null).unwrap();
    assert!(fault.is_none(), "qtdemux: {fault:?}");
    pictures
}
