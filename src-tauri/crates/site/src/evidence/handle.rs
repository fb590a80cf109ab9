//! The handle through which everybody else uses evidence.

use super::{Bookmarks, Cases, EvidenceKey, Exports, Locks, Proofs, exports::ExportParts, proofs::ProofParts};
use crate::recording::Recording;
use std::path::PathBuf;
use watchwall_model::{Problem, config::EvidenceConfig};
use watchwall_store::Store;

/// What evidence is built on.
#[derive(Clone)]
pub struct EvidenceParts {
    pub store: Store,
    pub recording: Recording,
    pub data_folder: PathBuf,
    pub config: EvidenceConfig,
}

/// Evidence of the whole site. Cheap to clone; [`Evidence::stop`] ends it.
#[derive(Clone)]
pub struct Evidence {
    pub locks: Locks,
    pub bookmarks: Bookmarks,
    pub cases: Cases,
    pub exports: Exports,
    pub proofs: Proofs,
    pub key: EvidenceKey,
}

impl Evidence {
    /// Goes on with the exports that a stop interrupted.
    ///
    /// # Errors
    /// When the folder of exports cannot be made.
    pub async fn start(parts: EvidenceParts) -> Result<Self, Problem> {
        let EvidenceParts { store, recording, data_folder, config } = parts;
        let key = EvidenceKey::new(data_folder.clone());
        let exports = Exports::start(ExportParts {
            store: store.clone(),
            recording: recording.clone(),
            key: key.clone(),
            folder: data_folder.join("exports"),
            other_folder: config.export_folder,
            at_once: config.max_exports,
        })
        .await?;
        let proofs = Proofs::start(ProofParts {
            store: store.clone(),
            recording,
            key: key.clone(),
            folder: data_folder.join("proofs"),
        });
        Ok(Self {
            locks: Locks::new(store.clone()),
            bookmarks: Bookmarks::new(store.clone()),
            cases: Cases::new(store),
            exports,
            proofs,
            key,
        })
    }

    /// Interrupts exports; they begin again at the next start.
    pub async fn stop(&self) {
        self.proofs.stop().await;
        self.exports.stop().await;
    }
}
