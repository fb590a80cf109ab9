//! The ring of a live hub as something to play: instant replay, also of a stream nobody records.

use super::source::StoredUnit;
use std::{collections::VecDeque, sync::Arc};
use watchwall_media::{AccessUnit, StreamParams, Track, hub::Hub};
use watchwall_model::UtcMicros;

/// What is kept behind the newest unit while a viewer replays.
const KEPT_US: i64 = 90_000_000;

/// A viewer's copy of the ring (the units themselves are shared), renewed as it plays on.
pub struct Ring {
    hub: Arc<Hub>,
    units: VecDeque<Arc<AccessUnit>>,
}

/// Consecutive units of the ring up to the next key frame.
#[derive(Clone, Debug)]
pub struct RingPiece(Arc<[Arc<AccessUnit>]>);

impl Ring {
    pub fn new(hub: Arc<Hub>) -> Self {
        let mut ring = Self { hub, units: VecDeque::new() };
        ring.renew();
        ring
    }

    /// When the oldest picture was taken.
    pub fn start(&self) -> Option<UtcMicros> {
        self.units.iter().find(|unit| unit.is_video_key()).map(|unit| unit.capture_at)
    }

    fn renew(&mut self) {
        let newest = self.units.back().map(|unit| (unit.sequence, unit.capture_at));
        let since = newest.map_or(UtcMicros(0), |(_, at)| UtcMicros(at.0 - KEPT_US));
        let fresh = self.hub.ring_since(since).into_iter();
        self.units.extend(fresh.filter(|unit| newest.is_none_or(|(sequence, _)| unit.sequence > sequence)));
        let oldest_us = self.units.back().map_or(0, |unit| unit.capture_at.0 - KEPT_US);
        while self.units.front().is_some_and(|unit| unit.capture_at.0 < oldest_us) {
            self.units.pop_front();
        }
    }

    /// The units from this position up to, not including, the next key picture.
    fn piece(&self, from: usize) -> Option<RingPiece> {
        let rest = self.units.iter().skip(from + 1);
        let len = 1 + rest.take_while(|unit| !unit.is_video_key()).count();
        let units: Vec<_> = self.units.iter().skip(from).take(len).cloned().collect();
        units.iter().any(|unit| unit.is_video()).then(|| RingPiece(units.into()))
    }

    fn keys(&self) -> impl DoubleEndedIterator<Item = (usize, i64)> + '_ {
        self.units.iter().enumerate().filter(|(_, unit)| unit.is_video_key()).map(|(n, unit)| (n, unit.capture_at.0))
    }

    pub fn find(&mut self, at_us: i64) -> Option<RingPiece> {
        self.renew();
        let holding = self.keys().rev().find(|(_, key_us)| *key_us <= at_us);
        let (from, _) = holding.or_else(|| self.keys().next())?;
        self.piece(from).filter(|piece| holding.is_none() || piece.range_us().1 > at_us || self.is_newest(piece))
    }

    fn is_newest(&self, piece: &RingPiece) -> bool {
        piece.0.last().map(|unit| unit.sequence) == self.units.back().map(|unit| unit.sequence)
    }

    pub fn last_before(&mut self, at_us: i64) -> Option<RingPiece> {
        let (from, _) = self.keys().rev().find(|(_, key_us)| *key_us < at_us)?;
        self.piece(from)
    }

    /// What stands between the key picture and a piece that was cut off before its end.
    pub fn lead_in(&self, piece: &RingPiece) -> Option<RingPiece> {
        let first = piece.0.first().filter(|unit| !unit.is_video_key())?.sequence;
        let (from, _) = self.keys().rev().find(|(n, _)| self.units[*n].sequence < first)?;
        let units: Vec<_> = self.units.iter().skip(from).take_while(|unit| unit.sequence < first).cloned().collect();
        Some(RingPiece(units.into()))
    }

    pub fn next(&mut self, last: &RingPiece) -> Option<RingPiece> {
        self.renew();
        let sequence = last.0.last()?.sequence;
        let from = self.units.iter().position(|unit| unit.sequence > sequence)?;
        self.piece(from)
    }
}

impl RingPiece {
    pub fn is_key(&self) -> bool {
        self.0.iter().find(|unit| unit.is_video()).is_some_and(|unit| unit.is_key)
    }

    pub fn range_us(&self) -> (i64, i64) {
        let mut videos = self.0.iter().filter(|unit| unit.is_video());
        let start = videos.next().map_or(0, |unit| unit.capture_at.0);
        let last = self.0.iter().rev().find(|unit| unit.is_video());
        let end = last.map_or(start, |unit| unit.capture_at.0 + duration_us(unit));
        (start, end)
    }

    pub fn load(&self, units: &mut Vec<StoredUnit>) -> Arc<StreamParams> {
        let params =
            self.0.iter().rev().find(|unit| unit.is_video()).or(self.0.last()).map(|unit| Arc::clone(&unit.params));
        units.extend(self.0.iter().map(|unit| {
            let rate = i64::from(rate(unit).max(1));
            let composition_us = (unit.pts - unit.dts) * 1_000_000 / rate;
            StoredUnit {
                track: unit.track,
                data: unit.data.clone(),
                is_key: unit.is_key,
                dts_us: unit.capture_at.0 - composition_us,
                pts_us: unit.capture_at.0,
                duration_us: duration_us(unit),
            }
        }));
        params.unwrap_or_else(|| Arc::new(StreamParams::new(0, None, None)))
    }
}

fn rate(unit: &AccessUnit) -> u32 {
    match unit.track {
        Track::Video => unit.params.video.as_ref().map_or(90_000, |video| video.clock_rate),
        Track::Audio => unit.params.audio.as_ref().map_or(8_000, |audio| audio.clock_rate),
    }
}

fn duration_us(unit: &AccessUnit) -> i64 {
    i64::from(unit.duration) * 1_000_000 / i64::from(rate(unit).max(1))
}
