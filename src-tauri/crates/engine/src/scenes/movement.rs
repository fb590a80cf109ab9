//! What moves in the picture, worked out once for all scenes.

use super::{Background, BackgroundState, BlobRules, Track, Tracks, blobs};
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
    /// When it was taken.
    pub at_ms: i64,
    pub state: BackgroundState,
    /// Which pixels differ from the ground.
    pub mask: &'a [bool],
    /// Also those that are not seen at the moment.
    pub tracks: &'a [Track],
}

impl Movement {
    pub fn look<'a>(&'a mut self, luma: &'a Luma, at_ms: i64) -> Moment<'a> {
        let state = self.background.look(luma, at_ms);
        if state == BackgroundState::Learning {
            self.tracks.forget();
        } else {
            let found = blobs(self.background.mask(), self.background.excess(), luma.width, &self.rules);
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
        Moment { luma, at_ms, state, mask: self.background.mask(), tracks: self.tracks.all() }
    }
}

/// What never came this far is a reflection, a digit of a clock in the picture, or something that was taken away;
/// fractions of the frame.
const LEAST_TRAVEL: f32 = 0.03;
/// What did not come from anywhere and stays so long is ground.
const STAYS_MS: i64 = 5_000;

impl Moment<'_> {
    /// What is there for sure, came from somewhere, and is as clear as is asked for.
    pub fn present(&self, confidence: f32) -> impl Iterator<Item = &Track> {
        let has_come = move |track: &&Track| track.is_sure(self.at_ms) && track.travel >= LEAST_TRAVEL;
        self.tracks.iter().filter(has_come).filter(move |track| track.score >= confidence)
    }
}
