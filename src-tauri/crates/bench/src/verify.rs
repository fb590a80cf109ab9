//! The output is checked before its figure counts: files play, and the frames are there.

use anyhow::Result;
use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// What ffprobe read from one file.
pub struct FileReport {
    pub frames: u64,
    /// From the first frame's start to the last frame's end.
    pub seconds: f64,
    pub errors: String,
}

/// All files below a folder with this ending, oldest name first.
pub fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        for path in entries.flatten().map(|e| e.path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Demuxes every video packet of a file.
pub fn frames(file: &Path) -> Result<FileReport> {
    let out = Command::new("ffprobe")
        .args(["-v", "error", "-select_streams", "v:0", "-show_entries", "packet=pts_time,duration_time"])
        .args(["-of", "csv=p=0"])
        .arg(file)
        .output()?;
    let text = String::from_utf8_lossy(&out.stdout);
    let mut report =
        FileReport { frames: 0, seconds: 0.0, errors: String::from_utf8_lossy(&out.stderr).trim().to_owned() };
    let (mut first, mut last) = (f64::INFINITY, f64::NEG_INFINITY);
    for line in text.lines() {
        let mut fields = line.split(',');
        let Some(Ok(at)) = fields.next().map(str::parse::<f64>) else { continue };
        let length = fields.next().and_then(|f| f.parse::<f64>().ok()).unwrap_or(0.0);
        report.frames += 1;
        first = first.min(at);
        last = last.max(at + length);
    }
    if report.frames > 0 {
        report.seconds = last - first;
    }
    Ok(report)
}
