//! Short clips from GStreamer's encoders.

use bytes::Bytes;
use gstreamer::{self as gst, prelude::*};
use gstreamer_app::AppSink;
use std::{sync::Arc, time::Instant};
use watchwall_media::{AccessUnit, AudioParams, StreamParams, Track, UnitParts, VideoParams};
use watchwall_model::{AudioCodec, UtcMicros, VideoCodec};

/// Capture time of the first picture.
pub const START_US: i64 = 1_770_000_000_123_456;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Video {
    H264,
    /// With two B-frames.
    H264Reordered,
    H265,
    Mjpeg,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audio {
    None,
    Aac,
    Pcmu,
    Pcma,
    Opus,
}

#[derive(Clone, Copy, Debug)]
pub struct ClipSpec {
    pub video: Video,
    pub audio: Audio,
    pub width: u32,
    pub height: u32,
    pub frames: u32,
    pub gop: u32,
}

impl ClipSpec {
    pub const fn new(video: Video, audio: Audio) -> Self {
        Self { video, audio, width: 320, height: 240, frames: 75, gop: 25 }
    }
}

struct Raw {
    data: Bytes,
    pts_ns: i64,
    dts_ns: i64,
    is_key: bool,
}

/// 25 pictures per second, sound of the same length; `None` with the reason when an encoder is missing.
pub fn clip(spec: ClipSpec) -> Result<Vec<Arc<AccessUnit>>, String> {
    gst::init().map_err(|e| e.to_string())?;
    let (video, video_caps) = run(&video_pipeline(spec))?;
    let (codec, string, depth) = match spec.video {
        Video::H264 => (VideoCodec::H264, "avc1", 0),
        Video::H264Reordered => (VideoCodec::H264, "avc1", 2),
        Video::H265 => (VideoCodec::H265, "hvc1", 0),
        Video::Mjpeg => (VideoCodec::Mjpeg, "mjpeg", 0),
    };
    let config = codec_data(&video_caps);
    let video_params = VideoParams {
        codec,
        codec_string: string.to_owned(),
        width: spec.width,
        height: spec.height,
        frame_rate: 25.0,
        clock_rate: 90_000,
        config,
        max_reorder_frames: depth,
    };
    let (audio, audio_params) = sound(spec)?;
    let mut params = StreamParams::new(1, Some(video_params), audio_params);
    fill_codec_strings(&mut params);
    let params = Arc::new(params);

    let first_dts = video.iter().map(|raw| raw.dts_ns).min().unwrap_or(0);
    let first_pts = video.iter().map(|raw| raw.pts_ns).min().unwrap_or(0);
    let mut units = Vec::new();
    for raw in video {
        let (pts, dts) = (ticks(raw.pts_ns - first_dts, 90_000), ticks(raw.dts_ns - first_dts, 90_000));
        units.push((
            raw.dts_ns - first_dts,
            UnitParts {
                track: Track::Video,
                data: raw.data,
                is_key: raw.is_key,
                is_discontinuity: false,
                pts: pts + BASE_TICKS,
                dts: dts + BASE_TICKS,
                duration: 3_600,
                capture_at: UtcMicros(START_US + (raw.pts_ns - first_pts) / 1000),
                received_at: Instant::now(),
                sequence: 0,
                params: Arc::clone(&params),
            },
        ));
    }
    let rate = params.audio.as_ref().map_or(1, |audio| audio.clock_rate);
    let audio_base = BASE_TICKS * i64::from(rate) / 90_000;
    let starts: Vec<i64> = audio.iter().map(|raw| ticks(raw.pts_ns, rate)).collect();
    for (n, raw) in audio.into_iter().enumerate() {
        let duration = starts.get(n + 1).map_or(160, |next| next - starts[n]) as u32;
        units.push((
            raw.pts_ns,
            UnitParts {
                track: Track::Audio,
                data: raw.data,
                is_key: true,
                is_discontinuity: false,
                pts: starts[n] + audio_base,
                dts: starts[n] + audio_base,
                duration,
                capture_at: UtcMicros(START_US + raw.pts_ns / 1000),
                received_at: Instant::now(),
                sequence: 0,
                params: Arc::clone(&params),
            },
        ));
    }
    units.sort_by_key(|(at, unit)| (*at, unit.track == Track::Audio));
    Ok(units
        .into_iter()
        .enumerate()
        .map(|(n, (_, parts))| Arc::new(AccessUnit::new(UnitParts { sequence: n as u64, ..parts })))
        .collect())
}

/// Streams do not begin at zero: ten hours on.
const BASE_TICKS: i64 = 36_000 * 90_000;

fn ticks(ns: i64, rate: u32) -> i64 {
    (i128::from(ns) * i128::from(rate) / 1_000_000_000) as i64
}

fn video_pipeline(spec: ClipSpec) -> String {
    let ClipSpec { width, height, frames, gop, .. } = spec;
    let source = format!(
        "videotestsrc num-buffers={frames} pattern=ball ! video/x-raw,format=I420,width={width},height={height},framerate=25/1"
    );
    let coder = match spec.video {
        Video::H264 => format!(
            "x264enc tune=zerolatency speed-preset=ultrafast bitrate=2000 key-int-max={gop} ! video/x-h264,profile=main ! \
             h264parse ! video/x-h264,stream-format=avc,alignment=au"
        ),
        Video::H264Reordered => format!(
            "x264enc bframes=2 b-adapt=false speed-preset=veryfast bitrate=2000 key-int-max={gop} option-string=open-gop=0 ! \
             h264parse ! video/x-h264,stream-format=avc,alignment=au"
        ),
        Video::H265 => format!(
            "x265enc tune=zerolatency speed-preset=ultrafast bitrate=2000 key-int-max={gop} ! h265parse ! \
             video/x-h265,stream-format=hvc1,alignment=au"
        ),
        Video::Mjpeg => "jpegenc quality=80 ! jpegparse".to_owned(),
    };
    format!("{source} ! {coder} ! appsink name=sink sync=false")
}

fn sound(spec: ClipSpec) -> Result<(Vec<Raw>, Option<AudioParams>), String> {
    let buffers = |per_second: u32| spec.frames * per_second / 25;
    let source = |rate: u32, samples: u32, channels: u32| {
        let count = buffers(rate / samples);
        format!(
            "audiotestsrc num-buffers={count} samplesperbuffer={samples} wave=sine freq=440 ! \
             audio/x-raw,format=S16LE,rate={rate},channels={channels}"
        )
    };
    let (pipeline, codec, string, rate, channels) = match spec.audio {
        Audio::None => return Ok((Vec::new(), None)),
        Audio::Pcmu => (format!("{} ! mulawenc", source(8000, 160, 1)), AudioCodec::Pcmu, "flac", 8_000, 1),
        Audio::Pcma => (format!("{} ! alawenc", source(8000, 160, 1)), AudioCodec::Pcma, "flac", 8_000, 1),
        Audio::Aac => (
            format!("{} ! audioconvert ! avenc_aac ! aacparse ! audio/mpeg,stream-format=raw", source(48_000, 1024, 2)),
            AudioCodec::Aac,
            "mp4a.40.2",
            48_000,
            2,
        ),
        Audio::Opus => (
            format!("{} ! audioconvert ! opusenc ! opusparse", source(48_000, 960, 2)),
            AudioCodec::Opus,
            "opus",
            48_000,
            2,
        ),
    };
    let (units, caps) = run(&format!("{pipeline} ! appsink name=sink sync=false"))?;
    let config = if codec == AudioCodec::Aac { codec_data(&caps) } else { Bytes::new() };
    let params =
        AudioParams { codec, codec_string: string.to_owned(), sample_rate: rate, channels, clock_rate: rate, config };
    Ok((units, Some(params)))
}

/// As a reader of the stream's own configuration would name the codec.
fn fill_codec_strings(params: &mut StreamParams) {
    use watchwall_media::fmp4::{InitKind, InitOptions, Sound, init_segment, params_from_init};
    let init = init_segment(params, InitOptions { kind: InitKind::Live, sound: Sound::Without });
    let read = init.ok().and_then(|init| params_from_init(&init).ok()).and_then(|read| read.video);
    if let (Some(video), Some(read)) = (&mut params.video, read) {
        video.codec_string = read.codec_string;
    }
}

fn codec_data(caps: &gst::Caps) -> Bytes {
    let data = caps.structure(0).and_then(|structure| structure.get::<gst::Buffer>("codec_data").ok());
    data.map_or_else(Bytes::new, |buffer| Bytes::copy_from_slice(&buffer.map_readable().unwrap()))
}

fn run(description: &str) -> Result<(Vec<Raw>, gst::Caps), String> {
    let pipeline = gst::parse::launch(description).map_err(|e| format!("{description}: {e}"))?;
    let bin = pipeline.clone().downcast::<gst::Bin>().map_err(|_| "no bin".to_owned())?;
    let sink = bin.by_name("sink").and_then(|sink| sink.downcast::<AppSink>().ok()).ok_or("no sink")?;
    pipeline.set_state(gst::State::Playing).map_err(|e| e.to_string())?;
    let mut raws: Vec<Raw> = Vec::new();
    let mut caps = gst::Caps::new_empty();
    while let Some(sample) = sink.try_pull_sample(gst::ClockTime::from_seconds(60)) {
        let buffer = sample.buffer().ok_or("no buffer")?;
        if let Some(found) = sample.caps() {
            caps = found.to_owned();
        }
        let pts_ns = buffer.pts().map_or(0, |at| at.nseconds() as i64);
        raws.push(Raw {
            data: Bytes::copy_from_slice(&buffer.map_readable().map_err(|e| e.to_string())?),
            pts_ns,
            dts_ns: buffer.dts().map_or(pts_ns, |at| at.nseconds() as i64),
            is_key: !buffer.flags().contains(gst::BufferFlags::DELTA_UNIT),
        });
    }
    pipeline.set_state(gst::State::Null).map_err(|e| e.to_string())?;
    if raws.is_empty() { Err(format!("{description}: nothing was encoded")) } else { Ok((raws, caps)) }
}
