//! A bucket of an S3-compatible store, asked by blocking threads.

use super::fault::io_error;
use crate::recording::{
    retention::Capacity,
    volume::marker::{Found, Marker},
};
use bytes::Bytes;
use futures::TryStreamExt;
use object_store::{
    ClientOptions, MultipartUpload, ObjectStore, ObjectStoreExt, PutPayload, RetryConfig,
    aws::{AmazonS3, AmazonS3Builder},
    path::Path as Key,
};
use std::{
    collections::HashSet,
    fmt,
    future::Future,
    io,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};
use tokio::runtime::Handle;
use watchwall_model::{ErrorCode, ObjectPlace, Problem, Volume};

/// What one request of an upload carries; S3 takes no less than 5 MiB but in the last.
pub const PART_BYTES: usize = 8 * 1024 * 1024;
const CONNECT_WITHIN: Duration = Duration::from_secs(4);
/// A whole request; a part at 256 KiB/s.
const REQUEST_WITHIN: Duration = Duration::from_secs(32);
/// A store that stumbles is asked again, so many times and so long.
const RETRIES: usize = 2;
const RETRY_WITHIN: Duration = Duration::from_secs(10);

/// Blocks the thread it is called on, which must not be one that drives tasks. Shared by readers and movers.
pub struct Bucket {
    store: AmazonS3,
    prefix: Key,
    runtime: Handle,
    limit_bytes: u64,
    used_bytes: AtomicU64,
}

impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bucket").field("store", &self.store.to_string()).field("prefix", &self.prefix.as_ref()).finish()
    }
}

impl Bucket {
    /// Asks nothing of the store yet, nor whether the place is complete: a key that cannot be opened any more must not keep
    /// the site from starting. Called on a thread of the runtime that is to carry its requests.
    ///
    /// # Errors
    /// `object_place_invalid`.
    pub fn new(place: &ObjectPlace) -> Result<Self, Problem> {
        let invalid = |field: &str, error: &dyn fmt::Display| {
            Problem::new(ErrorCode::ObjectPlaceInvalid).with("field", field).with("allowed", error.to_string())
        };
        let client = ClientOptions::new()
            .with_connect_timeout(CONNECT_WITHIN)
            .with_timeout(REQUEST_WITHIN)
            .with_allow_http(true);
        let retry = RetryConfig { max_retries: RETRIES, retry_timeout: RETRY_WITHIN, ..RetryConfig::default() };
        let store = AmazonS3Builder::new()
            .with_endpoint(&place.endpoint)
            .with_region(&place.region)
            .with_bucket_name(&place.bucket)
            .with_access_key_id(&place.access_key)
            .with_secret_access_key(place.secret_key.reveal())
            .with_client_options(client)
            .with_retry(retry)
            .build()
            .map_err(|error| invalid("endpoint", &error))?;
        let prefix = Key::parse(&place.prefix).map_err(|error| invalid("prefix", &error))?;
        let runtime = Handle::try_current()
            .map_err(|error| Problem::new(ErrorCode::Internal).at("open_bucket").because(error))?;
        Ok(Self { store, prefix, runtime, limit_bytes: place.limit_bytes, used_bytes: AtomicU64::new(0) })
    }

    /// What the site may put there, and how much of it is left.
    pub fn capacity(&self) -> Capacity {
        let used_bytes = self.used_bytes.load(Ordering::Relaxed);
        Capacity { total_bytes: self.limit_bytes, free_bytes: self.limit_bytes.saturating_sub(used_bytes) }
    }

    /// What the index counts there; between two counts it goes by what is moved and removed.
    pub fn set_used(&self, bytes: u64) {
        self.used_bytes.store(bytes, Ordering::Relaxed);
    }

    /// # Errors
    /// What the store answers, other than that there is no marker.
    pub fn look(&self) -> io::Result<Found> {
        let key = self.key(Volume::MARKER_FILE)?;
        let read = async { self.store.get(&key).await?.bytes().await };
        match self.wait(read) {
            Ok(text) => Ok(Found::read(&text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Found::NoMarker),
            Err(error) => Err(error),
        }
    }

    /// Makes the place this volume's.
    ///
    /// # Errors
    /// What the store answers.
    pub fn mark(&self, volume: &Volume) -> io::Result<()> {
        self.put(Volume::MARKER_FILE, Marker::text_of(volume)?)
    }

    /// # Errors
    /// What the store answers.
    pub fn unmark(&self) -> io::Result<()> {
        self.delete(Volume::MARKER_FILE)
    }

    /// Whether objects can be listed, made, read and removed.
    ///
    /// # Errors
    /// What the store answers.
    pub fn probe(&self) -> io::Result<()> {
        // First: some stores make a bucket that is not there for whoever writes to it.
        self.wait(async { self.store.list_with_delimiter(Some(&self.prefix)).await.map(drop) })?;
        self.put(Volume::PROBE_FILE, b"watchwall".to_vec())?;
        self.read(Volume::PROBE_FILE, 0, 9)?;
        self.delete(Volume::PROBE_FILE)
    }

    /// # Errors
    /// `NotFound`, or what the store answers.
    pub fn len_of(&self, name: &str) -> io::Result<u64> {
        let key = self.key(name)?;
        Ok(self.wait(self.store.head(&key))?.size)
    }

    /// # Errors
    /// `NotFound`, `UnexpectedEof` when the object is shorter, or what the store answers.
    pub fn read(&self, name: &str, offset: u64, len: usize) -> io::Result<Bytes> {
        if len == 0 {
            return Ok(Bytes::new());
        }
        let key = self.key(name)?;
        let bytes = self.wait(self.store.get_range(&key, offset..offset + len as u64))?;
        if bytes.len() == len { Ok(bytes) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }

    /// Names of the recordings there, relative as in a folder.
    ///
    /// # Errors
    /// What the store answers.
    pub fn names(&self) -> io::Result<HashSet<String>> {
        let listed = self.store.list(Some(&self.prefix)).try_fold(HashSet::new(), |mut names, object| async move {
            if let Some(name) = self.name_of(&object.location) {
                names.insert(name);
            }
            Ok(names)
        });
        self.wait(listed)
    }

    /// # Errors
    /// What the store answers; that there is no such object is none.
    pub fn remove(&self, name: &str, size_bytes: u64) -> io::Result<()> {
        self.delete(name)?;
        let less = |used: u64| Some(used.saturating_sub(size_bytes));
        // It always answers.
        let _ = self.used_bytes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
        Ok(())
    }

    /// Begins an object that is there whole when it is finished, and not before.
    ///
    /// # Errors
    /// What the store answers.
    pub fn upload(&self, name: &str) -> io::Result<Upload<'_>> {
        let key = self.key(name)?;
        let parts = self.wait(self.store.put_multipart(&key))?;
        Ok(Upload { bucket: self, parts, bytes: 0 })
    }

    fn put(&self, name: &str, bytes: Vec<u8>) -> io::Result<()> {
        let key = self.key(name)?;
        self.wait(self.store.put(&key, PutPayload::from(bytes))).map(drop)
    }

    fn delete(&self, name: &str) -> io::Result<()> {
        let key = self.key(name)?;
        match self.wait(self.store.delete(&key)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            done => done,
        }
    }

    fn key(&self, name: &str) -> io::Result<Key> {
        let key = if self.prefix.as_ref().is_empty() { name.to_owned() } else { format!("{}/{name}", self.prefix) };
        Key::parse(key).map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))
    }

    fn name_of(&self, key: &Key) -> Option<String> {
        let name = key.as_ref().strip_prefix(self.prefix.as_ref())?.trim_start_matches('/');
        name.ends_with(".mp4").then(|| name.to_owned())
    }

    fn wait<T>(&self, request: impl Future<Output = object_store::Result<T>>) -> io::Result<T> {
        self.runtime.block_on(request).map_err(io_error)
    }
}

/// An object on its way. Dropped without [`Self::finish`] or [`Self::abandon`] it is nothing but what the store keeps of
/// unfinished uploads.
pub struct Upload<'a> {
    bucket: &'a Bucket,
    parts: Box<dyn MultipartUpload>,
    bytes: u64,
}

impl Upload<'_> {
    /// At most [`PART_BYTES`], and only the last may hold less.
    ///
    /// # Errors
    /// What the store answers.
    pub fn send(&mut self, part: Vec<u8>) -> io::Result<()> {
        self.bytes += part.len() as u64;
        let sent = self.parts.put_part(PutPayload::from(part));
        self.bucket.wait(sent)
    }

    /// # Errors
    /// What the store answers; the object is not there then.
    pub fn finish(mut self) -> io::Result<()> {
        self.bucket.wait(self.parts.complete())?;
        self.bucket.used_bytes.fetch_add(self.bytes, Ordering::Relaxed);
        Ok(())
    }

    /// Has the store forget what was sent.
    pub fn abandon(mut self) {
        if let Err(error) = self.bucket.wait(self.parts.abort()) {
            tracing::warn!(%error, "an unfinished upload stays in the object store until the store's own rules remove it");
        }
    }
}
