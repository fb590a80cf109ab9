//! Reading a finished file, wherever it is.

use super::bucket::Bucket;
use crate::recording::volume::disk;
use bytes::Bytes;
use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    sync::Arc,
};

/// What one request for more of an object brings.
const WINDOW_BYTES: u64 = 1024 * 1024;

/// An open file. Cheap to clone.
#[derive(Clone, Debug)]
pub enum Stored {
    File(Arc<File>),
    Object(Arc<Bucket>, Arc<str>),
}

impl Stored {
    /// # Errors
    /// `UnexpectedEof` when the file is shorter, or what disk or store answers.
    pub fn read(&self, offset: u64, len: usize) -> io::Result<Bytes> {
        match self {
            Self::File(file) => {
                let mut bytes = vec![0; len];
                disk::read_exact_at(file, &mut bytes, offset)?;
                Ok(Bytes::from(bytes))
            }
            Self::Object(bucket, name) => bucket.read(name, offset, len),
        }
    }
}

/// An object read from one end to the other, or from box to box, a window at a time.
#[derive(Debug)]
pub struct ObjectReader {
    bucket: Arc<Bucket>,
    name: String,
    len: u64,
    at: u64,
    window: Bytes,
    window_at: u64,
}

impl ObjectReader {
    /// # Errors
    /// `NotFound`, or what the store answers.
    pub fn open(bucket: Arc<Bucket>, name: &str) -> io::Result<Self> {
        let len = bucket.len_of(name)?;
        Ok(Self { bucket, name: name.to_owned(), len, at: 0, window: Bytes::new(), window_at: 0 })
    }

    pub const fn len(&self) -> u64 {
        self.len
    }

    fn left_in_window(&self) -> &[u8] {
        let from = self.at.checked_sub(self.window_at).and_then(|from| usize::try_from(from).ok());
        from.and_then(|from| self.window.get(from..)).unwrap_or_default()
    }
}

impl Read for ObjectReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at >= self.len || buffer.is_empty() {
            return Ok(0);
        }
        if self.left_in_window().is_empty() {
            let len = usize::try_from(WINDOW_BYTES.min(self.len - self.at)).unwrap_or(0);
            self.window = self.bucket.read(&self.name, self.at, len)?;
            self.window_at = self.at;
        }
        let left = self.left_in_window();
        let len = left.len().min(buffer.len());
        buffer[..len].copy_from_slice(&left[..len]);
        self.at += len as u64;
        Ok(len)
    }
}

impl Seek for ObjectReader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.len.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}
