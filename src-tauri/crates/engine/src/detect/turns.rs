//! Whose turn it is with a model: cameras before recordings.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::Instant,
};

/// A recording waits for cameras for this long at most, then it is its turn once: it comes on, however busy the model is.
const RECORDING_WAITS: Duration = Duration::from_secs(1);

/// One picture is looked at at a time. Dropping what is handed out ends the turn.
#[derive(Debug)]
pub struct Turns {
    one: Semaphore,
    /// Cameras in the queue.
    cameras: AtomicUsize,
}

impl Default for Turns {
    fn default() -> Self {
        Self { one: Semaphore::new(1), cameras: AtomicUsize::new(0) }
    }
}

/// Counts as long as it lives: whoever waits may be dropped while it does.
struct Counted<'a>(&'a AtomicUsize);

impl<'a> Counted<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::AcqRel);
        Self(count)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Turns {
    /// The next turn of a camera, in the order they asked.
    pub async fn camera(&self) -> Option<SemaphorePermit<'_>> {
        let _waiting = Counted::new(&self.cameras);
        // Never closed.
        self.one.acquire().await.ok()
    }

    /// The next turn that no camera waits for.
    pub async fn recording(&self) -> Option<SemaphorePermit<'_>> {
        let asked = Instant::now();
        loop {
            let turn = self.one.acquire().await.ok()?;
            if self.cameras.load(Ordering::Acquire) == 0 || asked.elapsed() >= RECORDING_WAITS {
                return Some(turn);
            }
            // Turns are handed on in the order they were asked for: the cameras come before the next try.
            drop(turn);
            tokio::task::yield_now().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    /// Lets the runtime's other tasks run until they all wait.
    async fn settle() {
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
    }

    fn ask(turns: &Arc<Turns>, seen: &Arc<Mutex<Vec<&'static str>>>, who: &'static str) {
        let (turns, seen) = (Arc::clone(turns), Arc::clone(seen));
        tokio::spawn(async move {
            let turn = if who == "recording" { turns.recording().await } else { turns.camera().await };
            seen.lock().unwrap().push(who);
            tokio::time::sleep(Duration::from_millis(300)).await;
            drop(turn);
        });
    }

    #[tokio::test(start_paused = true)]
    async fn a_camera_that_asks_later_comes_first() {
        let (turns, seen) = (Arc::new(Turns::default()), Arc::new(Mutex::new(Vec::new())));
        for who in ["first", "recording", "second", "third"] {
            ask(&turns, &seen, who);
            settle().await;
        }
        tokio::time::sleep(Duration::from_secs(5)).await;
        assert_eq!(*seen.lock().unwrap(), ["first", "second", "third", "recording"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_recording_comes_on_while_cameras_never_cease() {
        let (turns, seen) = (Arc::new(Turns::default()), Arc::new(Mutex::new(Vec::new())));
        ask(&turns, &seen, "camera");
        ask(&turns, &seen, "recording");
        for _ in 0..20 {
            // Always one more than there are turns.
            ask(&turns, &seen, "camera");
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
        let place = seen.lock().unwrap().iter().position(|who| *who == "recording");
        assert!(place.is_some_and(|place| (3..=6).contains(&place)), "{place:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_camera_that_no_longer_waits_holds_nobody_up() {
        let turns = Turns::default();
        let held = turns.recording().await;
        assert!(tokio::time::timeout(Duration::from_millis(10), turns.camera()).await.is_err());
        drop(held);
        assert!(tokio::time::timeout(Duration::from_millis(10), turns.recording()).await.is_ok());
    }
}
