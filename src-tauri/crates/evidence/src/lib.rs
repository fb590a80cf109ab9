//! The form of evidence on disk, known to who writes it and to who verifies it years later without a site.
//!
//! [`SiteKey`] signs (Ed25519), [`Manifest`] and [`Statement`] say what is signed, [`ExportFolder`] writes an export,
//! `player` the page that shows it offline, `archive` packs it (ZIP, AES-256 with a password), [`verify`] looks at a
//! folder and says what does not fit. Blocking file work throughout; no task, no network, no clock, nothing of a site.

mod archive;
mod chain;
mod digest;
mod error;
mod file_digest;
mod folder;
mod key;
mod manifest;
mod player;
mod statement;
mod verify;

pub use archive::{pack, pack_encrypted};
pub use chain::{ChainedFile, hex32, link};
pub use digest::{Digest, hash_file, sha256_hex};
pub use error::EvidenceError;
pub use file_digest::FileDigest;
pub use folder::{ExportFolder, Written, is_plain_name, write_statement};
pub use key::{PublicKey, SiteKey};
pub use manifest::{
    ClipPiece, ExportedFile, ExportedGap, Exporter, Manifest, Recording, SiteFacts, Source, Span, Transcoded, Video,
};
pub use player::{PlayerLanguage, page as player_page};
pub use statement::{Statement, StatementChain, StatementGap};
pub use verify::{Finding, Kind, Report, verify};

/// What an export consists of besides its videos.
pub mod names {
    pub const MANIFEST: &str = "manifest.json";
    pub const MANIFEST_SIGNATURE: &str = "manifest.sig";
    pub const STATEMENT: &str = "statement.json";
    pub const STATEMENT_SIGNATURE: &str = "statement.sig";
    pub const KEY: &str = "site-key.pem";
    pub const PLAYER: &str = "index.html";
}
