//! Writing a folder of evidence: files as they come, then what is signed, last of all the signature.

use crate::{
    Digest, EvidenceError, ExportedFile, Manifest, SiteKey, Statement,
    names::{KEY, MANIFEST, MANIFEST_SIGNATURE, STATEMENT, STATEMENT_SIGNATURE},
};
use std::{
    fs::{self, File, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
};

/// An export being written, in a folder of its own.
#[derive(Debug)]
pub struct ExportFolder {
    path: PathBuf,
    files: Vec<ExportedFile>,
}

impl ExportFolder {
    /// A new folder, that nobody but its owner reads while it is being made.
    ///
    /// # Errors
    /// When it exists already or cannot be made.
    pub fn create(path: &Path) -> Result<Self, EvidenceError> {
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(path).map_err(EvidenceError::file("make the folder", path))?;
        Ok(Self { path: path.to_owned(), files: Vec::new() })
    }

    /// Begins a file.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn begin(&self, name: &str) -> Result<Written, EvidenceError> {
        let path = self.path.join(name);
        let file = OpenOptions::new().write(true).create_new(true).open(&path);
        let file = file.map_err(EvidenceError::file("write", &path))?;
        Ok(Written { name: name.to_owned(), path, file, digest: Digest::default() })
    }

    /// Ends a file: it is on the disk, and the manifest will name it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn end(&mut self, written: Written) -> Result<u64, EvidenceError> {
        let Written { name, path, file, digest } = written;
        file.sync_all().map_err(EvidenceError::file("write", &path))?;
        let size_bytes = digest.len();
        self.files.push(ExportedFile { name, size_bytes, sha256: digest.finish() });
        Ok(size_bytes)
    }

    /// Files that were ended, in their order.
    pub fn files(&self) -> &[ExportedFile] {
        &self.files
    }

    /// Signs what is there. Answers the size of all of it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn seal(self, mut manifest: Manifest, key: &SiteKey) -> Result<u64, EvidenceError> {
        manifest.files = self.files;
        let text = to_text("the manifest", &manifest)?;
        let files: u64 = manifest.files.iter().map(|file| file.size_bytes).sum();
        sign(&self.path, (MANIFEST, MANIFEST_SIGNATURE), &text, key)?;
        Ok(files + text.len() as u64)
    }
}

/// A file being written and hashed.
pub struct Written {
    name: String,
    path: PathBuf,
    file: File,
    digest: Digest,
}

impl Written {
    /// # Errors
    /// When the disk refuses.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), EvidenceError> {
        self.file.write_all(bytes).map_err(EvidenceError::file("write", &self.path))?;
        self.digest.update(bytes);
        Ok(())
    }
}

/// Writes a statement, its signature and the key into a folder that is there. Answers the statement's SHA-256.
///
/// # Errors
/// When it cannot be written.
pub fn write_statement(folder: &Path, statement: &Statement, key: &SiteKey) -> Result<String, EvidenceError> {
    let text = to_text("the statement", statement)?;
    sign(folder, (STATEMENT, STATEMENT_SIGNATURE), &text, key)?;
    Ok(crate::sha256_hex(text.as_bytes()))
}

/// One file in a folder, of no other.
pub fn is_plain_name(name: &str) -> bool {
    !name.is_empty() && name != "." && name != ".." && !name.contains(['/', '\\', '\0'])
}

fn sign(folder: &Path, names: (&str, &str), text: &str, key: &SiteKey) -> Result<(), EvidenceError> {
    put(&folder.join(KEY), key.public().pem().as_bytes())?;
    put(&folder.join(names.0), text.as_bytes())?;
    put(&folder.join(names.1), &key.sign(text.as_bytes()))
}

fn put(path: &Path, bytes: &[u8]) -> Result<(), EvidenceError> {
    let fail = |error| EvidenceError::file("write", path)(error);
    let mut file = File::create(path).map_err(fail)?;
    file.write_all(bytes).map_err(fail)?;
    file.sync_all().map_err(fail)
}

fn to_text<T: serde::Serialize>(what: &'static str, value: &T) -> Result<String, EvidenceError> {
    let text = serde_json::to_string_pretty(value).map_err(|source| EvidenceError::Words { what, source })?;
    Ok(text + "\n")
}
