//! Where a volume's files are: a folder, or a bucket of an S3-compatible store.
//!
//! [`Shelf`] is what readers, the sweeper, the archivist and the nightly comparison handle a volume's finished files
//! through; writing a recording as it comes is for folders only ([`super::volume`]). Everything here blocks, for as long as
//! a disk likes or for as long as [`bucket`] waits for a store, and belongs on a blocking thread.

mod bucket;
mod fault;
pub mod place;
mod reader;

pub use bucket::{Bucket, PART_BYTES};
pub use fault::fault_of;
pub use reader::{ObjectReader, Stored};

use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
    sync::Arc,
};
use watchwall_evidence::FileDigest;
use watchwall_model::{FileHash, HashKind, Problem, Volume};

const BLOCK_BYTES: usize = 256 * 1024;

/// Cheap to clone.
#[derive(Clone, Debug)]
pub enum Shelf {
    Folder(PathBuf),
    Bucket(Arc<Bucket>),
}

impl Shelf {
    /// Of a volume as it is stored; nothing is asked of disk or store yet.
    ///
    /// # Errors
    /// `object_place_invalid` for a bucket that cannot be addressed so.
    pub fn of(volume: &Volume) -> Result<Self, Problem> {
        match &volume.object {
            None => Ok(Self::Folder(volume.root.clone())),
            Some(place) => Ok(Self::Bucket(Arc::new(Bucket::new(place)?))),
        }
    }

    /// `None` of a bucket.
    pub fn folder(&self) -> Option<&Path> {
        match self {
            Self::Folder(root) => Some(root),
            Self::Bucket(_) => None,
        }
    }

    pub const fn bucket(&self) -> Option<&Arc<Bucket>> {
        match self {
            Self::Folder(_) => None,
            Self::Bucket(bucket) => Some(bucket),
        }
    }

    /// A file by its relative name. What is not in a bucket is noticed when it is read.
    ///
    /// # Errors
    /// What the disk answers.
    pub fn open(&self, name: &str) -> io::Result<Stored> {
        match self {
            Self::Folder(root) => Ok(Stored::File(Arc::new(File::open(root.join(name))?))),
            Self::Bucket(bucket) => Ok(Stored::Object(Arc::clone(bucket), name.into())),
        }
    }

    /// # Errors
    /// When that cannot be said now.
    pub fn has(&self, name: &str) -> io::Result<bool> {
        match self {
            Self::Folder(root) => root.join(name).try_exists(),
            Self::Bucket(bucket) => match bucket.len_of(name) {
                Ok(_) => Ok(true),
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
                Err(error) => Err(error),
            },
        }
    }

    /// Removes a file of so many bytes, and the folder of its day where nothing more comes into it. One that is not there
    /// is removed.
    ///
    /// # Errors
    /// What disk or store answers.
    pub fn remove(&self, name: &str, size_bytes: u64, is_day_over: bool) -> io::Result<()> {
        match self {
            Self::Folder(root) => {
                let full = root.join(name);
                match fs::remove_file(&full) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                    _ => {}
                }
                if is_day_over && let Some(day) = full.parent() {
                    // Refused while anything is in it.
                    let _ = fs::remove_dir(day);
                }
                Ok(())
            }
            Self::Bucket(bucket) => bucket.remove(name, size_bytes),
        }
    }

    /// Length and hash of a whole file.
    ///
    /// # Errors
    /// What disk or store answers.
    pub fn hash(&self, name: &str, kind: HashKind) -> io::Result<(u64, FileHash)> {
        match self {
            Self::Folder(root) => hash_all(&mut File::open(root.join(name))?, kind),
            Self::Bucket(bucket) => hash_all(&mut ObjectReader::open(Arc::clone(bucket), name)?, kind),
        }
    }
}

fn hash_all(reader: &mut impl Read, kind: HashKind) -> io::Result<(u64, FileHash)> {
    let mut digest = FileDigest::new(kind);
    let mut block = vec![0; BLOCK_BYTES];
    loop {
        match reader.read(&mut block)? {
            0 => return Ok((digest.len(), digest.finish())),
            len => digest.update(&block[..len]),
        }
    }
}
