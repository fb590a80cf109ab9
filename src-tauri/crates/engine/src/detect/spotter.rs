//! One task's pictures before the model.

use super::{Detection, Detector, ModelError};
use std::time::Duration;
use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
    time::timeout,
};
use watchwall_media::pixels::Picture;

/// A picture is looked at to its end: a model cannot be interrupted.
const STOP_WITHIN: Duration = Duration::from_secs(5);

/// What was seen in which picture.
#[derive(Debug)]
pub struct Sighted {
    pub picture: Picture,
    pub detections: Vec<Detection>,
}

/// Has the newest picture looked at when it is this task's turn.
#[derive(Debug)]
pub struct Spotter {
    newest: watch::Sender<Option<Picture>>,
    seen: mpsc::Receiver<Result<Sighted, ModelError>>,
    task: JoinHandle<()>,
}

impl Spotter {
    /// Must be called within a tokio runtime.
    pub fn start(detector: Detector) -> Self {
        let (newest, pictures) = watch::channel(None);
        let (out, seen) = mpsc::channel(1);
        let task = tokio::spawn(look(detector, pictures, out));
        Self { newest, seen, task }
    }

    /// Takes the place of one that has not been looked at yet.
    pub fn offer(&self, picture: Picture) {
        self.newest.send_replace(Some(picture));
    }

    /// The next picture that was looked at; `None` after an error. Safe to drop and call again.
    ///
    /// # Errors
    /// [`ModelError::Run`]: the last one that comes.
    pub async fn next(&mut self) -> Option<Result<Sighted, ModelError>> {
        self.seen.recv().await
    }

    /// Ends it and waits for it.
    pub async fn stop(self) {
        drop((self.newest, self.seen));
        if timeout(STOP_WITHIN, self.task).await.is_err() {
            tracing::warn!("a model looks at one picture for very long");
        }
    }
}

async fn look(
    detector: Detector,
    mut pictures: watch::Receiver<Option<Picture>>,
    out: mpsc::Sender<Result<Sighted, ModelError>>,
) {
    let turns = detector.turns();
    while pictures.changed().await.is_ok() {
        // First the turn, then the picture: the newest there is by then.
        let Some(turn) = turns.camera().await else { return };
        let Some(picture) = pictures.borrow_and_update().clone() else { continue };
        let seen = match sight(detector.clone(), picture).await {
            Ok(None) => continue,
            Ok(Some(sighted)) => Ok(sighted),
            Err(error) => Err(error),
        };
        drop(turn);
        let is_over = seen.is_err();
        // Whoever asked may have gone.
        if out.send(seen).await.is_err() || is_over {
            return;
        }
    }
}

/// Looks at one picture and no other, when no camera waits: for recordings, of which every picture counts.
///
/// # Errors
/// [`ModelError::Run`].
pub async fn look_at(detector: &Detector, picture: &Picture) -> Result<Vec<Detection>, ModelError> {
    let turns = detector.turns();
    let Some(_turn) = turns.recording().await else { return Ok(Vec::new()) };
    let sighted = sight(detector.clone(), picture.clone()).await?;
    Ok(sighted.map_or_else(Vec::new, |sighted| sighted.detections))
}

/// `None` when the picture has no colours.
async fn sight(detector: Detector, picture: Picture) -> Result<Option<Sighted>, ModelError> {
    let work = tokio::task::spawn_blocking(move || {
        let size = (picture.width, picture.height);
        let (width, height) = detector.scaled_size(size);
        match picture.rgb(width, height) {
            Ok(scaled) => detector.look(size, &scaled).map(|detections| Some(Sighted { picture, detections })),
            Err(problem) => {
                tracing::debug!(error = %problem, "a picture has no colours");
                Ok(None)
            }
        }
    });
    work.await.unwrap_or_else(|error| Err(ModelError::Run { detail: error.to_string() }))
}
