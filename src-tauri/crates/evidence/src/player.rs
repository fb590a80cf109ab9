//! The page that plays an export from its folder: one file, no network, both languages, all cameras by one clock.

use crate::{EvidenceError, Manifest};
use serde::Serialize;

const PAGE: &str = include_str!("../player/index.html");
const STYLE: &str = include_str!("../player/style.css");
const SCRIPT: &str = include_str!("../player/script.js");

/// What the page begins in; its reader may change it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PlayerLanguage {
    /// The browser's.
    #[default]
    Browser,
    English,
    Chinese,
}

#[derive(Serialize)]
struct Data<'a> {
    name: &'a str,
    note: &'a str,
    exported_by: &'a str,
    made_at: i64,
    site: &'a str,
    time_zone: &'a str,
    key_fingerprint: &'a str,
    language: Option<&'static str>,
    recordings: Vec<Camera<'a>>,
}

#[derive(Serialize)]
struct Camera<'a> {
    camera: &'a str,
    path: &'a str,
    asked: crate::Span,
    videos: &'a [crate::Video],
    gaps: &'a [crate::ExportedGap],
}

/// The whole page.
///
/// # Errors
/// When the manifest cannot be put into words.
pub fn page(manifest: &Manifest, language: PlayerLanguage) -> Result<String, EvidenceError> {
    let data = Data {
        name: &manifest.export.name,
        note: &manifest.export.note,
        exported_by: &manifest.export.exported_by,
        made_at: manifest.export.made_at.0,
        site: &manifest.site.name,
        time_zone: &manifest.site.time_zone,
        key_fingerprint: &manifest.site.key_fingerprint,
        language: match language {
            PlayerLanguage::Browser => None,
            PlayerLanguage::English => Some("en"),
            PlayerLanguage::Chinese => Some("zh"),
        },
        recordings: manifest.recordings.iter().map(camera).collect(),
    };
    let json = serde_json::to_string(&data).map_err(|source| EvidenceError::Words { what: "the player", source })?;
    // Nothing in it may end the script element.
    let json = json.replace('<', "\\u003c");
    Ok(PAGE.replace("/*STYLE*/", STYLE).replace("/*SCRIPT*/", SCRIPT).replace("/*DATA*/", &json))
}

fn camera(recording: &crate::Recording) -> Camera<'_> {
    Camera {
        camera: &recording.camera,
        path: &recording.path,
        asked: recording.asked,
        videos: &recording.videos,
        gaps: &recording.gaps,
    }
}
