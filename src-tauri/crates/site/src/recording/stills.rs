//! Pictures of single moments, as others ask for them.

use super::{
    handle::Recording,
    picture::{self, Picture},
    playback::{Ring, Source},
};
use bytes::Bytes;
use std::sync::Arc;
use watchwall_model::{ErrorCode, Problem, StreamPath, UtcMillis};

impl Recording {
    /// The picture of a recorded moment as JPEG.
    ///
    /// # Errors
    /// `no_recording`, `snapshot_failed`.
    pub async fn frame_jpeg(
        &self,
        path: &StreamPath,
        at: UtcMillis,
        max_height: Option<u32>,
    ) -> Result<Picture, Problem> {
        let engine = self.engine();
        picture::frame(&engine.archive, path, at, max_height).await
    }

    /// The picture of a moment that memory still holds, as JPEG.
    ///
    /// # Errors
    /// `camera_not_found`, `no_recording`, `snapshot_failed`.
    pub async fn frame_in_memory(&self, path: &StreamPath, at: UtcMillis) -> Result<Picture, Problem> {
        let tap = self.source().stream(path);
        let tap = tap.ok_or_else(|| Problem::new(ErrorCode::CameraNotFound).with("path", path))?;
        let rounds = self.engine().archive.open.rounds();
        picture::frame_in_memory(Source::ring(Ring::new(Arc::clone(&tap.hub)), tap, rounds), path, at).await
    }

    /// A small picture for the timeline: one per ten seconds, kept once made.
    ///
    /// # Errors
    /// `no_recording`, `snapshot_failed`.
    pub async fn thumbnail(&self, path: &StreamPath, at: UtcMillis) -> Result<Bytes, Problem> {
        let engine = self.engine();
        engine.thumbnails.get(path, at).await
    }
}
