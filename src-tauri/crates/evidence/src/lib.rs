//! The form of evidence on disk, known to who writes it and to who verifies it years later without a site.
//!
//! [`SiteKey`] signs (Ed25519), [`Manifest`] and [`Statement`] say what is signed, [`ExportFolder`] writes an export,
//! `player` the page that shows it offline, `archive` packs it (ZIP, AES-256 with a password), [`verify`] looks at a
//! folder and says what does not fit. Blocking file work throughout; no task, no network, no clock, nothing of a site.
