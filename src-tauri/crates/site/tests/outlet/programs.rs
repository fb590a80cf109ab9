//! Programs from elsewhere play what the outlet gives.

use crate::bench::{Bench, long_gop};
use std::process::Stdio;
use tokio::process::Command;
use watchwall_camsim::{Codec, StreamSpec};

/// What a program printed; `None` (said on the console) without it.
async fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let work = Command::new(program).args(arguments).stdin(Stdio::null()).kill_on_drop(true).output();
    match crate::bench::within(program, work).await {
        Ok(output) => {
            let errors = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success() && errors.trim().is_empty(), "{program}: {errors}");
            Some(String::from_utf8(output.stdout).unwrap())
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            println!("skipped: {program} is missing");
            None
        }
        Err(error) => panic!("{program}: {error}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ffprobe_reads_it() {
    // RFC 2435 tells sizes in blocks of eight pixels.
    let codecs = [(Codec::H264, "h264", 180), (Codec::H265, "hevc", 180), (Codec::Mjpeg, "mjpeg", 184)];
    let streams = codecs.map(|(codec, ..)| StreamSpec { codec, ..long_gop() });
    let bench = Bench::start(&streams).await;
    for (n, (_, name, height)) in codecs.iter().enumerate() {
        let _watched = bench.watched(n).await;
        for transport in ["tcp", "udp"] {
            let address = bench.address(n);
            let asked = "stream=codec_name,width,height:frame=pict_type";
            let arguments = ["-v", "error", "-rtsp_transport", transport, "-read_intervals", "%+#12", "-show_entries"];
            let arguments = [&arguments[..], &[asked, "-of", "csv", &address]].concat();
            let Some(printed) = output("ffprobe", &arguments).await else { return };
            assert!(printed.contains(&format!("stream,{name},320,{height}")), "{transport}: {printed}");
            let frames = printed.lines().filter(|line| line.starts_with("frame,")).count();
            assert!(frames >= 10, "{transport}: {printed}");
        }
    }
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn gstreamer_reads_it() {
    let bench = Bench::with(long_gop()).await;
    let _watched = bench.watched(0).await;
    let location = format!("location={}", bench.address(0));
    let pipeline = "protocols=tcp ! rtph264depay ! h264parse ! avdec_h264 ! fakesink num-buffers=30";
    let arguments: Vec<&str> = ["-q", "rtspsrc", &location].into_iter().chain(pipeline.split(' ')).collect();
    // It ends by itself, after thirty decoded pictures.
    output("gst-launch-1.0", &arguments).await;
    bench.stop().await;
}
