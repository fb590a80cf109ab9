//! Folders as one ZIP. Videos do not shrink, so nothing is compressed.

use crate::EvidenceError;
use std::{
    fs::{self, File},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};
use watchwall_model::Secret;
use zip::{AesMode, CompressionMethod, ZipWriter, write::SimpleFileOptions};

const BLOCK_BYTES: usize = 256 * 1024;

/// Writes the folder's files to `out` while they are read; `go_on` is asked between blocks and told their size.
///
/// # Errors
/// When a file cannot be read, `out` refuses, or `go_on` says no (`Interrupted`).
pub fn pack<W: Write>(folder: &Path, out: W, mut go_on: impl FnMut(u64) -> bool) -> Result<(), EvidenceError> {
    let mut zip = ZipWriter::new_stream(out);
    for file in files(folder)? {
        put(&mut zip, &file, options(&file)?, &mut go_on)?;
    }
    let mut out = zip.finish().map_err(EvidenceError::Archive)?;
    out.flush().map_err(EvidenceError::file("pack", folder))
}

/// The same into a new file, encrypted (AES-256, WinZip AE-2). Answers its size.
///
/// # Errors
/// As [`pack`].
pub fn pack_encrypted(
    folder: &Path,
    target: &Path,
    password: &Secret,
    mut go_on: impl FnMut(u64) -> bool,
) -> Result<u64, EvidenceError> {
    let out = File::create_new(target).map_err(EvidenceError::file("write", target))?;
    let mut zip = ZipWriter::new(io::BufWriter::with_capacity(BLOCK_BYTES, out));
    for file in files(folder)? {
        let options = options(&file)?.with_aes_encryption(AesMode::Aes256, password.reveal());
        put(&mut zip, &file, options, &mut go_on)?;
    }
    let out = zip.finish().map_err(EvidenceError::Archive)?;
    let out = out.into_inner().map_err(|error| EvidenceError::file("write", target)(error.into_error()))?;
    out.sync_all().map_err(EvidenceError::file("write", target))?;
    Ok(out.metadata().map_err(EvidenceError::file("read", target))?.len())
}

/// The folder's own files, by name.
fn files(folder: &Path) -> Result<Vec<PathBuf>, EvidenceError> {
    let fail = |error| EvidenceError::file("read", folder)(error);
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        if entry.file_type().map_err(fail)?.is_file() {
            files.push(entry.path());
        }
    }
    files.sort();
    Ok(files)
}

fn options(file: &Path) -> Result<SimpleFileOptions, EvidenceError> {
    let size = fs::metadata(file).map_err(EvidenceError::file("read", file))?.len();
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    Ok(stored.large_file(size >= u64::from(u32::MAX) - (1 << 20)).unix_permissions(0o644))
}

fn put<W: Write + io::Seek>(
    zip: &mut ZipWriter<W>,
    file: &Path,
    options: zip::write::FileOptions<'_, '_, ()>,
    go_on: &mut impl FnMut(u64) -> bool,
) -> Result<(), EvidenceError> {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    zip.start_file(name, options).map_err(EvidenceError::Archive)?;
    let mut source = File::open(file).map_err(EvidenceError::file("read", file))?;
    let mut block = vec![0; BLOCK_BYTES];
    loop {
        let n = source.read(&mut block).map_err(EvidenceError::file("read", file))?;
        if n == 0 {
            return Ok(());
        }
        zip.write_all(&block[..n]).map_err(EvidenceError::file("pack", file))?;
        if !go_on(n as u64) {
            return Err(EvidenceError::file("pack", file)(io::ErrorKind::Interrupted.into()));
        }
    }
}
