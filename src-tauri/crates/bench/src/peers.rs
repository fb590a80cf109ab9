//! The other recorders, run the way their users run them: stream copy into fragmented MP4.

use crate::process;
use anyhow::Result;
use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// One `ffmpeg -c copy` per camera.
    Ffmpeg,
    /// One process, one `rtspsrc ! depay ! parse ! mp4mux ! filesink` per camera.
    Gstreamer,
    Mediamtx,
}

impl Peer {
    pub const ALL: [Self; 3] = [Self::Ffmpeg, Self::Gstreamer, Self::Mediamtx];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Ffmpeg => "ffmpeg -c copy, one per camera",
            Self::Gstreamer => "GStreamer rtspsrc, one process",
            Self::Mediamtx => "MediaMTX",
        }
    }

    /// The program, or `None` when it is not installed.
    pub fn program(self) -> Option<PathBuf> {
        match self {
            Self::Ffmpeg => find("ffmpeg"),
            Self::Gstreamer => find("gst-launch-1.0"),
            Self::Mediamtx => program("MEDIAMTX_BIN", "mediamtx"),
        }
    }

    /// Starts recording every URL below `folder`, on core 1.
    pub fn record(self, program: &Path, urls: &[String], folder: &Path) -> Result<Vec<Child>> {
        std::fs::create_dir_all(folder)?;
        match self {
            Self::Ffmpeg => urls.iter().enumerate().map(|(i, url)| ffmpeg(program, url, folder, i)).collect(),
            Self::Gstreamer => Ok(vec![gstreamer(program, urls, folder)?]),
            Self::Mediamtx => Ok(vec![mediamtx(program, urls, folder)?]),
        }
    }
}

/// The program a variable names, or the one on the path.
pub fn program(variable: &str, name: &str) -> Option<PathBuf> {
    std::env::var_os(variable).map(PathBuf::from).or_else(|| find(name))
}

pub fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

fn ffmpeg(program: &Path, url: &str, folder: &Path, index: usize) -> Result<Child> {
    let mut command = Command::new(program);
    command.args(["-nostdin", "-v", "error", "-rtsp_transport", "tcp", "-i", url, "-c", "copy", "-an"]);
    command.args(["-movflags", "+frag_keyframe+empty_moov+default_base_moof", "-f", "mp4", "-y"]);
    command.arg(folder.join(format!("{index}.mp4")));
    command.stdout(Stdio::null()).stderr(Stdio::null());
    process::spawn_on(1, &mut command)
}

fn gstreamer(program: &Path, urls: &[String], folder: &Path) -> Result<Child> {
    let mut command = Command::new(program);
    command.arg("-e");
    for (i, url) in urls.iter().enumerate() {
        let file = folder.join(format!("{i}.mp4"));
        let line = format!(
            "rtspsrc location={url} protocols=tcp latency=0 ! rtph264depay ! h264parse ! \
             mp4mux fragment-duration=2000 ! filesink location={}",
            file.display()
        );
        command.args(line.split_whitespace());
    }
    command.stdout(Stdio::null()).stderr(Stdio::null());
    process::spawn_on(1, &mut command)
}

fn mediamtx(program: &Path, urls: &[String], folder: &Path) -> Result<Child> {
    let mut yaml = format!(
        "logLevel: error\nrtsp: no\nrtmp: no\nhls: no\nwebrtc: no\nsrt: no\nmoq: no\napi: no\npathDefaults:\n  record: yes\n  \
         recordPath: {}/%path/%Y-%m-%d_%H-%M-%S-%f\n  recordFormat: fmp4\n  rtspTransport: tcp\npaths:\n",
        folder.display()
    );
    for (i, url) in urls.iter().enumerate() {
        writeln!(yaml, "  cam{i}:\n    source: {url}")?;
    }
    let config = folder.join("mediamtx.yml");
    std::fs::write(&config, yaml)?;
    let mut command = Command::new(program);
    // It leaves files where it runs.
    command.arg(config).current_dir(folder).stdout(Stdio::null()).stderr(Stdio::null());
    process::spawn_on(1, &mut command)
}
