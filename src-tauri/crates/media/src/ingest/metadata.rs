//! The metadata track of a stream: documents of XML beside the pictures, for whoever wants them.
//!
//! Nobody who wants them: the track is not set up, and costs nothing. [`MetadataPort`] is the ingest's end, one per stream
//! for all its connections; [`MetadataTap`] the taker's. Between them lies a queue bounded in documents and bytes that
//! loses its oldest, so that nobody who reads slowly ever holds up pictures. What a document says is no matter here.

use super::handle::Holders;
use bytes::Bytes;
use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering},
    },
};
use tokio::sync::Notify;

/// A document longer than this is lost. Real ones, boxes of a crowd included, stay below a tenth of it. One whose packets
/// are still coming lies with retina, as a picture does.
pub const LARGEST_DOCUMENT: usize = 1024 * 1024;
/// Documents that wait: two seconds of a busy detector.
const MOST_DOCUMENTS: usize = 64;
const MOST_BYTES: usize = 2 * LARGEST_DOCUMENT;
/// Connections in a row that brought no picture while the track was set up: then it is left out.
const MOST_TRIALS: u8 = 2;

/// What became of a stream's metadata track.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum MetadataTrack {
    /// The stream has not been opened yet.
    #[default]
    Unknown,
    /// There is none, or none that the engine in use can take.
    Absent,
    /// There, and nobody wants it.
    Offered,
    /// Documents come.
    Taken,
    /// The camera describes it and does not give it.
    Refused,
}

/// What a [`MetadataTap`] gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tapped {
    /// As it came: XML, whole or a piece.
    Document(Bytes),
    /// So many were lost since the last one: nobody read for too long, or they were too large.
    Lost(u64),
}

/// The ingest's end.
#[derive(Debug, Default)]
pub(super) struct MetadataPort {
    taps: AtomicU32,
    is_refused: AtomicBool,
    trials: AtomicU8,
    queue: Mutex<Queue>,
    arrived: Notify,
}

#[derive(Debug, Default)]
struct Queue {
    documents: VecDeque<Bytes>,
    bytes: usize,
    lost: u64,
    is_closed: bool,
}

/// Wants a stream's metadata for as long as it lives. It does not want the stream: without an
/// [`Interest`](super::Interest) of somebody nothing is opened. Several taps of a stream share what comes.
#[derive(Debug)]
pub struct MetadataTap {
    holders: Arc<Holders>,
}

impl MetadataPort {
    /// Whether a connection should set the track up.
    pub fn is_wanted(&self) -> bool {
        self.taps.load(Ordering::SeqCst) > 0 && self.left_out() == MetadataTrack::Offered
    }

    /// What became of a track that is there and was not asked for.
    pub fn left_out(&self) -> MetadataTrack {
        let is_barred = self.is_refused.load(Ordering::SeqCst) || self.trials.load(Ordering::SeqCst) >= MOST_TRIALS;
        if is_barred { MetadataTrack::Refused } else { MetadataTrack::Offered }
    }

    /// The camera does not give it: no connection asks again before [`MetadataPort::forgive`].
    pub fn note_refused(&self) {
        self.is_refused.store(true, Ordering::SeqCst);
    }

    /// A connection plays with the track.
    pub fn note_taken(&self) {
        self.trials.fetch_add(1, Ordering::SeqCst);
    }

    /// That connection gave a picture.
    pub fn note_picture(&self) {
        self.trials.store(0, Ordering::SeqCst);
    }

    /// The address or the camera is another one, or somebody says so.
    pub fn forgive(&self) {
        self.is_refused.store(false, Ordering::SeqCst);
        self.trials.store(0, Ordering::SeqCst);
    }

    /// Hands a document on.
    pub fn put(&self, document: &[u8]) {
        if self.taps.load(Ordering::SeqCst) == 0 {
            return;
        }
        let mut queue = self.queue();
        if document.len() > LARGEST_DOCUMENT {
            queue.lost += 1;
        } else {
            queue.bytes += document.len();
            queue.documents.push_back(Bytes::copy_from_slice(document));
            queue.shorten();
        }
        drop(queue);
        self.arrived.notify_one();
    }

    /// Something of the track could not be read.
    pub fn note_loss(&self, documents: u64) {
        self.queue().lost += documents;
        self.arrived.notify_one();
    }

    /// Nothing will come any more.
    pub fn close(&self) {
        self.queue().is_closed = true;
        self.arrived.notify_waiters();
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        // Nothing that holds the lock can panic half-way, so a poisoned queue is whole.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    fn shorten(&mut self) {
        while self.documents.len() > MOST_DOCUMENTS || self.bytes > MOST_BYTES {
            let Some(oldest) = self.documents.pop_front() else { return };
            self.bytes -= oldest.len();
            self.lost += 1;
        }
    }

    fn next(&mut self) -> Option<Tapped> {
        if self.lost > 0 {
            return Some(Tapped::Lost(std::mem::take(&mut self.lost)));
        }
        let document = self.documents.pop_front()?;
        self.bytes -= document.len();
        Some(Tapped::Document(document))
    }
}

impl MetadataTap {
    pub(super) fn new(holders: Arc<Holders>) -> Self {
        holders.metadata.taps.fetch_add(1, Ordering::SeqCst);
        holders.changed.notify_one();
        Self { holders }
    }

    /// The next document; `None` when the ingest has ended.
    pub async fn next(&mut self) -> Option<Tapped> {
        let port = &self.holders.metadata;
        loop {
            let mut arrived = std::pin::pin!(port.arrived.notified());
            // Before the look: what comes in between wakes as well.
            arrived.as_mut().enable();
            {
                let mut queue = port.queue();
                if let Some(tapped) = queue.next() {
                    return Some(tapped);
                }
                if queue.is_closed {
                    return None;
                }
            }
            arrived.await;
        }
    }
}

impl Drop for MetadataTap {
    fn drop(&mut self) {
        let port = &self.holders.metadata;
        if port.taps.fetch_sub(1, Ordering::SeqCst) == 1 {
            // What nobody takes is not kept.
            let mut queue = port.queue();
            let is_closed = queue.is_closed;
            *queue = Queue { is_closed, ..Queue::default() };
        }
        self.holders.changed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tapped() -> (Arc<Holders>, MetadataTap) {
        let holders: Arc<Holders> = Arc::default();
        let tap = MetadataTap::new(Arc::clone(&holders));
        (holders, tap)
    }

    #[tokio::test]
    async fn a_slow_taker_loses_the_oldest_and_is_told_how_many() {
        let (holders, mut tap) = tapped();
        for number in 0..MOST_DOCUMENTS + 3 {
            holders.metadata.put(&[u8::try_from(number).unwrap()]);
        }
        assert_eq!(tap.next().await, Some(Tapped::Lost(3)));
        assert_eq!(tap.next().await, Some(Tapped::Document(Bytes::from_static(&[3]))));
    }

    #[tokio::test]
    async fn documents_are_bounded_in_size_and_together() {
        let (holders, mut tap) = tapped();
        holders.metadata.put(&vec![0; LARGEST_DOCUMENT + 1]);
        assert_eq!(tap.next().await, Some(Tapped::Lost(1)));
        for number in 0..3 {
            holders.metadata.put(&vec![number; LARGEST_DOCUMENT]);
        }
        assert_eq!(tap.next().await, Some(Tapped::Lost(1)));
        assert!(matches!(tap.next().await, Some(Tapped::Document(document)) if document[0] == 1));
        assert_eq!(holders.metadata.queue().bytes, LARGEST_DOCUMENT);
    }

    #[tokio::test]
    async fn a_tap_waits_and_ends_with_the_ingest() {
        let (holders, mut tap) = tapped();
        let taken = tokio::spawn(async move { (tap.next().await, tap.next().await) });
        tokio::task::yield_now().await;
        holders.metadata.put(b"a");
        tokio::task::yield_now().await;
        holders.metadata.close();
        assert_eq!(taken.await.unwrap(), (Some(Tapped::Document(Bytes::from_static(b"a"))), None));
    }

    #[test]
    fn nobody_wants_it_without_a_tap_or_after_a_refusal() {
        let (holders, tap) = tapped();
        let port = &holders.metadata;
        assert!(port.is_wanted());
        port.note_refused();
        assert!(!port.is_wanted());
        port.forgive();
        // One connection without a picture may be anybody's fault; the second is the track's.
        port.note_taken();
        assert!(port.is_wanted());
        port.note_taken();
        assert!(!port.is_wanted());
        port.note_picture();
        assert!(port.is_wanted());
        port.put(b"a");
        drop(tap);
        assert!(!port.is_wanted() && port.queue().documents.is_empty());
    }
}
