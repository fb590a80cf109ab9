//! What is there in one picture, for scenes about things.

use super::{Track, Tracks};

/// One picture, as scenes about things see it.
#[derive(Clone, Copy, Debug)]
pub struct Sight<'a> {
    /// When it was taken.
    pub at_ms: i64,
    /// Also what is not seen at the moment.
    pub tracks: &'a Tracks,
    /// What never came this far is nothing; fractions of the frame.
    pub least_travel: f32,
}

impl<'a> Sight<'a> {
    /// As long as this, or as nobody looked.
    pub fn at_least(&self, ms: i64) -> i64 {
        ms.max(self.tracks.gap_ms())
    }

    /// What is there for sure, came from somewhere, and is as clear as is asked for.
    pub fn present(&self, confidence: f32) -> impl Iterator<Item = &'a Track> + use<'a> {
        let Self { at_ms, tracks, least_travel } = *self;
        let rules = tracks.rules();
        let has_come = move |track: &&Track| track.is_sure(at_ms, rules) && track.travel >= least_travel;
        tracks.all().iter().filter(has_come).filter(move |track| track.score >= confidence)
    }
}
