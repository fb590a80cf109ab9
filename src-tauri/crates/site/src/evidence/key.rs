//! The site's key, made at its first use and read once.

use super::blocking::blocking;
use std::{path::PathBuf, sync::Arc};
use tokio::sync::OnceCell;
use watchwall_evidence::SiteKey;
use watchwall_model::Problem;

/// Cheap to clone.
#[derive(Clone)]
pub struct EvidenceKey {
    data_folder: PathBuf,
    key: Arc<OnceCell<Arc<SiteKey>>>,
}

impl EvidenceKey {
    pub fn new(data_folder: PathBuf) -> Self {
        Self { data_folder, key: Arc::default() }
    }

    /// # Errors
    /// When its file cannot be read or made.
    pub async fn get(&self) -> Result<Arc<SiteKey>, Problem> {
        let folder = self.data_folder.clone();
        let open = || blocking(move || Ok(Arc::new(SiteKey::open(&folder)?)));
        self.key.get_or_try_init(open).await.map(Arc::clone)
    }
}
