//! What moves in the picture, worked out once for all scenes.

use super::{Background, BackgroundState, Blob, BlobRules, Sight, Sighting, Track, Tracks, blobs};
use std::sync::{Arc, LazyLock};
use watchwall_media::pixels::Luma;

/// What is remembered of one stream.
#[derive(Debug, Default)]
pub struct Movement {
    background: Background,
    tracks: Tracks,
    rules: BlobRules,
}

/// One picture, as scenes see it.
#[derive(Debug)]
pub struct Moment<'a> {
    pub luma: &'a Luma,
    pub state: BackgroundState,
    /// Which pixels differ from the ground.
    pub mask: &'a [bool],
    pub sight: Sight<'a>,
}

/// What is called so that only moves.
static MOVING: LazyLock<Arc<str>> = LazyLock::new(|| "moving".into());

/// Half for what hardly differs, near to one for what differs much.
fn sighting(blob: &Blob) -> Sighting {
    Sighting { bbox: blob.bbox, score: 1.0 - 0.5 / blob.contrast.max(1.0), label: Arc::clone(&MOVING) }
}

impl Movement {
    pub fn look<'a>(&'a mut self, luma: &'a Luma, at_ms: i64) -> Moment<'a> {
        let state = self.background.look(luma, at_ms);
        if state == BackgroundState::Learning {
            self.tracks.forget();
        } else {
            let found = blobs(self.background.mask(), self.background.excess(), luma.width, &self.rules);
            let found: Vec<Sighting> = found.iter().map(sighting).collect();
            self.tracks.look(&found, at_ms);
            // A hole that somebody left who was there when the ground was learned, or a lamp: it is nobody, and would
            // hide who walks past it.
            let stays = |track: &&Track| {
                track.seen_ms == at_ms && track.travel < LEAST_TRAVEL && at_ms - track.first_ms >= STAYS_MS
            };
            for track in self.tracks.all().iter().filter(stays) {
                self.background.absorb(luma, &track.bbox);
            }
        }
        let sight = Sight { at_ms, tracks: &self.tracks, least_travel: LEAST_TRAVEL };
        Moment { luma, state, mask: self.background.mask(), sight }
    }
}

/// What never came this far is a reflection, a digit of a clock in the picture, or something that was taken away;
/// fractions of the frame.
const LEAST_TRAVEL: f32 = 0.03;
/// What did not come from anywhere and stays so long is ground.
const STAYS_MS: i64 = 5_000;
