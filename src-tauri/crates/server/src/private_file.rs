//! Files that only their owner reads: tokens and keys.

use std::{
    fs,
    io::{self, Write},
    path::Path,
};

/// Written beside and moved into place, so that nobody reads half of it or opens it before it is private.
///
/// # Errors
/// Whatever the file system answers.
pub fn write(file: &Path, text: &str) -> io::Result<()> {
    let beside = file.with_extension("new");
    let _ = fs::remove_file(&beside);
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut out = options.open(&beside)?;
    out.write_all(text.as_bytes())?;
    out.sync_all()?;
    fs::rename(&beside, file)
}
