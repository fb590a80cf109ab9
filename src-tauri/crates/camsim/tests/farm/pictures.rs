//! What ffmpeg and GStreamer decode: the burnt-in clock, odd sizes, B-frames, every codec without a complaint.

use crate::{farm, live, small};
use std::process::Stdio;
use tokio::process::Command;
use watchwall_camsim::{Audio, CameraSpec, Codec, Farm, Fault, StreamSpec, clock_pattern};
use watchwall_model::{StreamRole::Main, UtcMillis};

async fn is_missing(tool: &str) -> bool {
    let found = Command::new(tool).arg("-version").stdout(Stdio::null()).stderr(Stdio::null()).status().await;
    if found.is_err() {
        println!("skipped: {tool} is not installed");
    }
    found.is_err()
}

/// Decodes frames as grey planes; answers the bytes and the complaints.
async fn decode(farm: &Farm, transport: &str, frames: u32) -> (Vec<u8>, String) {
    let url = farm.rtsp_url(0, Main);
    let frames = frames.to_string();
    let output = crate::client::within(
        Command::new("ffmpeg")
            .args(["-v", "warning", "-nostdin", "-rtsp_transport", transport, "-i", &url])
            .args(["-map", "0:v", "-frames:v", &frames, "-pix_fmt", "gray", "-f", "rawvideo", "-"])
            .kill_on_drop(true)
            .output(),
    )
    .await
    .unwrap();
    (output.stdout, String::from_utf8(output.stderr).unwrap())
}

#[tokio::test]
async fn the_burnt_in_clock_is_the_wall_clock() {
    if is_missing("ffmpeg").await {
        return;
    }
    for (width, height) in [(160, 120), (320, 240), (640, 360)] {
        let farm = farm(vec![CameraSpec::new("Clock", StreamSpec { width, height, ..live().main })]).await;
        let begin = UtcMillis::now();
        let (planes, _) = decode(&farm, "tcp", 10).await;
        let end = UtcMillis::now();
        let (width, size) = (width as usize, (width * height) as usize);
        let clocks: Vec<_> =
            planes.chunks(size).map(|plane| clock_pattern::read(plane, width, width).unwrap()).collect();
        assert_eq!(clocks.len(), 10);
        for clock in &clocks {
            let at = clock_pattern::moment_near(*clock, end);
            assert!(begin <= at && at <= end, "{begin:?} {at:?} {end:?}");
        }
        // On a busy machine the studio draws late, and then what it missed within one millisecond.
        assert!(clocks.windows(2).all(|pair| pair[1].wrapping_sub(pair[0]) < 10_000), "{clocks:?}");
        assert_ne!(clocks.first(), clocks.last());
        farm.shutdown().await;
    }
}

#[tokio::test]
async fn every_codec_decodes_without_a_complaint() {
    if is_missing("ffmpeg").await {
        return;
    }
    for codec in [Codec::H264, Codec::H265, Codec::Mjpeg] {
        let spec = StreamSpec { codec, audio: Audio::Aac, ..small().main };
        let farm = farm(vec![CameraSpec::new("Codec", spec)]).await;
        for transport in ["tcp", "udp"] {
            let (planes, complaints) = decode(&farm, transport, 15).await;
            assert_eq!(planes.len(), 15 * 160 * 120, "{codec:?} {transport}: {complaints}");
            // ffmpeg calls the full-range format of JPEG by its old name and complains about that.
            assert!(complaints.is_empty() || codec == Codec::Mjpeg, "{codec:?} {transport}: {complaints}");
        }
        farm.shutdown().await;
    }
}

#[tokio::test]
async fn odd_sizes_and_b_frames_decode() {
    if is_missing("ffmpeg").await {
        return;
    }
    for codec in [Codec::H264, Codec::H265] {
        let farm = farm(vec![CameraSpec::new("Odd", StreamSpec { codec, ..small().main })]).await;
        farm.fault(0, Fault::OddSize).await.unwrap();
        farm.fault(0, Fault::BFrames).await.unwrap();
        let (planes, complaints) = decode(&farm, "tcp", 12).await;
        assert_eq!(planes.len(), 12 * 166 * 122, "{codec:?}: {complaints}");
        assert!(complaints.is_empty(), "{codec:?}: {complaints}");
        farm.shutdown().await;
    }
}

#[tokio::test]
async fn gstreamer_plays_over_both_transports() {
    if is_missing("gst-launch-1.0").await {
        return;
    }
    let farm = farm(vec![live()]).await;
    for transport in ["tcp", "udp"] {
        let location = format!("location={}", farm.rtsp_url(0, Main));
        let protocols = format!("protocols={transport}");
        let played = crate::client::within(
            Command::new("gst-launch-1.0")
                .args(["-q", "rtspsrc", &location, &protocols, "latency=50", "!", "rtph264depay", "!", "h264parse"])
                .args(["!", "avdec_h264", "!", "identity", "eos-after=11"])
                .args(["!", "video/x-raw,format=I420", "!", "fdsink"])
                .kill_on_drop(true)
                .output(),
        )
        .await
        .unwrap();
        // Its exit status does not tell: rtspsrc's own end may interrupt the PAUSE that it has just begun to send.
        let (size, frame) = (played.stdout.len(), 160 * 120 * 3 / 2);
        let complaints = String::from_utf8_lossy(&played.stderr);
        assert!(size % frame == 0 && size / frame >= 10, "{transport}: {size} bytes; {complaints}");
    }
    farm.shutdown().await;
}
