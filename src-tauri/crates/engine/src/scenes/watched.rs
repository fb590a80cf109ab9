//! Which things a scene is about, and where.

use super::{Region, Sight, Track};
use std::sync::Arc;

/// Labels that count; without any, all do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted(Option<Arc<[Arc<str>]>>);

impl Wanted {
    pub fn of<L: Into<Arc<str>>>(labels: impl IntoIterator<Item = L>) -> Self {
        Self(Some(labels.into_iter().map(Into::into).collect()))
    }

    pub fn includes(&self, label: &str) -> bool {
        self.0.as_ref().is_none_or(|labels| labels.iter().any(|wanted| **wanted == *label))
    }
}

/// What is looked at.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Watched {
    pub region: Region,
    /// 0 to 1: what is less clear is not there.
    pub confidence: f32,
    pub wanted: Wanted,
}

impl Watched {
    /// Of what is there, that with its foot in the region.
    pub fn present<'a>(&self, sight: Sight<'a>) -> impl Iterator<Item = &'a Track> {
        let is_here = |track: &&Track| self.wanted.includes(&track.label) && self.region.contains(track.bbox.foot());
        sight.present(self.confidence).filter(is_here)
    }
}
