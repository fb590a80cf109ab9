//! A stream's pictures, decoded, for whoever looks at them: brightness at a small size, colours at the size of a model,
//! and the picture itself as a JPEG when it is wanted.
//!
//! [`pictures`] starts one task per stream that wants it (`feed`): it reads the hub, feeds a decoder and starts it anew
//! when it breaks. Pictures come through a channel of [`WAITING`]; one that finds it full is left out, because only
//! the newest are worth looking at. [`recorded_pictures`] decodes what it is given instead (`reel`), leaves nothing out and
//! waits for its reader. Dropping the [`PictureStream`] ends the task, its `stop` also waits for it.

mod feed;
mod luma;
mod picture;
mod reel;
mod rgb;
mod rhythm;

pub use luma::Luma;
pub use picture::Picture;
pub use rgb::Rgb;
pub(super) use rhythm::Rhythm;

use crate::{AccessUnit, hub::Hub};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{sync::mpsc, task::JoinHandle, time::timeout};
use tokio_util::sync::{CancellationToken, DropGuard};
use watchwall_model::Problem;

/// Pictures that wait for their reader.
const WAITING: usize = 2;
const STOP_WITHIN: Duration = Duration::from_secs(5);

/// Which pictures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PictureSpec {
    /// Pictures a second at most; zero for all.
    pub max_fps: u32,
}

/// The reader's end.
#[derive(Debug)]
pub struct PictureStream {
    pictures: mpsc::Receiver<Result<Picture, Problem>>,
    left_out: Arc<AtomicU64>,
    task: JoinHandle<()>,
    cancel: DropGuard,
}

/// Decodes what arrives in the hub from now on. Must be called within a tokio runtime.
pub fn pictures(source: Arc<Hub>, spec: PictureSpec) -> PictureStream {
    let (out, pictures) = mpsc::channel(WAITING);
    let (cancel, left_out) = (CancellationToken::new(), Arc::new(AtomicU64::new(0)));
    let feed = feed::Feed { source, spec, out, left_out: Arc::clone(&left_out) };
    let task = tokio::spawn(feed.run(cancel.clone()));
    PictureStream { pictures, left_out, task, cancel: cancel.drop_guard() }
}

/// Decodes these units, the first one a key frame, as fast as the pictures are taken; over when the units are. Must be
/// called within a tokio runtime.
pub fn recorded_pictures(units: mpsc::Receiver<Arc<AccessUnit>>, spec: PictureSpec) -> PictureStream {
    let (out, pictures) = mpsc::channel(WAITING);
    let (cancel, left_out) = (CancellationToken::new(), Arc::default());
    let task = tokio::spawn(reel::ReelFeed { units, spec, out }.run(cancel.clone()));
    PictureStream { pictures, left_out, task, cancel: cancel.drop_guard() }
}

impl PictureStream {
    /// The next picture; waits as long as the stream is silent. `None` when the hub has closed or the units are over. Safe to drop and call
    /// again. After an error comes nothing more.
    ///
    /// # Errors
    /// The stream cannot be decoded: `codec_unsupported`, `engine_missing`, or `transcode_failed` after several tries.
    pub async fn next(&mut self) -> Option<Result<Picture, Problem>> {
        self.pictures.recv().await
    }

    /// Pictures that found the reader busy.
    pub fn left_out(&self) -> u64 {
        self.left_out.load(Ordering::Relaxed)
    }

    /// Ends it and waits for its task.
    pub async fn stop(self) {
        drop((self.cancel, self.pictures));
        if timeout(STOP_WITHIN, self.task).await.is_err() {
            tracing::error!("a decoder of pictures does not stop");
        }
    }
}
