//! One program per data folder.

use crate::StoreError;
use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

const FILE: &str = "watchwall.lock";

/// Holds the folder's lock until dropped. The system lets go of it when the process ends, however it ends.
#[derive(Debug)]
pub struct DataFolder {
    folder: PathBuf,
    file: File,
}

impl DataFolder {
    /// Makes the folder when it is missing and locks it.
    ///
    /// # Errors
    /// [`StoreError::FolderInUse`] with the holder's process id, or [`StoreError::File`].
    pub fn lock(folder: &Path) -> Result<Self, StoreError> {
        let fail = |what: &'static str, path: &Path| {
            let path = path.to_owned();
            move |source| StoreError::File { what, path, source }
        };
        std::fs::create_dir_all(folder).map_err(fail("make the folder", folder))?;
        let path = folder.join(FILE);
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&path)
            .map_err(fail("open", &path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut pid = String::new();
                // The id only helps the message; without it the refusal stands all the same.
                let _ = file.read_to_string(&mut pid);
                return Err(StoreError::FolderInUse { folder: folder.to_owned(), pid: pid.trim().to_owned() });
            }
            Err(TryLockError::Error(source)) => return Err(StoreError::File { what: "lock", path, source }),
        }
        file.set_len(0).map_err(fail("write", &path))?;
        file.seek(SeekFrom::Start(0)).map_err(fail("write", &path))?;
        writeln!(file, "{}", std::process::id()).map_err(fail("write", &path))?;
        Ok(Self { folder: folder.to_owned(), file })
    }

    pub fn path(&self) -> &Path {
        &self.folder
    }
}

impl Drop for DataFolder {
    /// A program being started holds every open file until its own takes over, and with it the lock of a file that is
    /// only closed.
    fn drop(&mut self) {
        // What fails here the system does when the last holder is gone.
        let _ = self.file.unlock();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_holder_is_refused_and_told_who_holds_it() {
        let folder = tempfile::tempdir().unwrap();
        let held = DataFolder::lock(folder.path()).unwrap();
        match DataFolder::lock(folder.path()) {
            Err(StoreError::FolderInUse { pid, .. }) => assert_eq!(pid, std::process::id().to_string()),
            other => unreachable!("{other:?}"),
        }
        // As a child between fork and exec has it.
        let inherited = held.file.try_clone().unwrap();
        drop(held);
        assert!(DataFolder::lock(folder.path()).is_ok());
        drop(inherited);
    }
}
