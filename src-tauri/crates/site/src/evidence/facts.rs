//! What documents say of the site and its cameras.

use super::key::EvidenceKey;
use crate::recording::Recording;
use serde::Deserialize;
use watchwall_evidence::SiteFacts;
use watchwall_model::{Problem, StreamPath};
use watchwall_store::Store;

/// Program and version.
pub const PRODUCT: &str = concat!("Watchwall ", env!("CARGO_PKG_VERSION"));
/// Row of the settings that holds the site's name.
const SETTINGS: &str = "site";

#[derive(Deserialize)]
struct Settings {
    site_name: String,
}

/// # Errors
/// When the database or the key cannot be read.
pub async fn of_site(store: &Store, recording: &Recording, key: &EvidenceKey) -> Result<SiteFacts, Problem> {
    let settings: Option<Settings> = store.settings().get(SETTINGS).await?;
    Ok(SiteFacts {
        name: settings.map_or_else(|| "Watchwall".to_owned(), |settings| settings.site_name),
        time_zone: recording.zone().iana_name().unwrap_or("UTC").to_owned(),
        key_fingerprint: key.get().await?.public().fingerprint(),
    })
}

/// The name of the camera behind a path, or the path when the camera is gone.
///
/// # Errors
/// When the database cannot be read.
pub async fn camera_name(store: &Store, path: &StreamPath) -> Result<String, Problem> {
    let camera = store.cameras().by_path(path).await?;
    Ok(camera.map_or_else(|| path.to_string(), |camera| camera.name))
}
