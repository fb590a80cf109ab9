//! Counts of one hub.

use super::SubscriberClass;
use crate::AccessUnit;
use std::time::{Duration, Instant};
use watchwall_model::UtcMicros;

/// A hub's figures at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HubStatistics {
    pub video_units: u64,
    pub audio_units: u64,
    pub bytes: u64,
    pub key_frames: u64,
    /// Units flagged with a discontinuity.
    pub discontinuities: u64,
    /// When the newest unit's last byte was read; `None` before the first.
    pub last_unit_at: Option<Instant>,
    pub last_capture_at: Option<UtcMicros>,
    /// Pictures per second over the last two seconds or so; 0 when silent.
    pub frame_rate: f32,
    /// Bits per second of both tracks over the same time.
    pub bitrate: u64,
    /// Pictures in the last whole GOP.
    pub gop_units: u32,
    /// Its length; 0 before the second key frame.
    pub gop_ms: u32,
    /// Bytes of its pictures.
    pub gop_bytes: u64,
    /// GOP cache and ring.
    pub kept_units: usize,
    pub kept_bytes: usize,
    pub live_subscribers: u32,
    pub recorder_subscribers: u32,
    pub latest_subscribers: u32,
    pub gateway_subscribers: u32,
    /// Units that subscribers since gone were too slow to take; pictures replaced for `Latest` aside.
    pub lost_by_slow: u64,
}

impl HubStatistics {
    pub(super) const fn subscribers(&mut self, class: SubscriberClass) -> &mut u32 {
        match class {
            SubscriberClass::Live => &mut self.live_subscribers,
            SubscriberClass::Recorder => &mut self.recorder_subscribers,
            SubscriberClass::Latest => &mut self.latest_subscribers,
            SubscriberClass::Gateway => &mut self.gateway_subscribers,
        }
    }
}

const WINDOW: Duration = Duration::from_secs(2);

#[derive(Debug, Default)]
pub(super) struct Meter {
    stats: HubStatistics,
    window_start: Option<Instant>,
    window_pictures: u32,
    window_bytes: u64,
    pictures_since_key: u32,
    bytes_since_key: u64,
    last_key_at: Option<UtcMicros>,
}

impl Meter {
    pub fn note(&mut self, unit: &AccessUnit) {
        self.roll(unit.received_at);
        let bytes = unit.data.len() as u64;
        self.stats.bytes += bytes;
        self.window_bytes += bytes;
        self.stats.last_unit_at = Some(unit.received_at);
        self.stats.last_capture_at = Some(unit.capture_at);
        self.stats.discontinuities += u64::from(unit.is_discontinuity);
        if !unit.is_video() {
            self.stats.audio_units += 1;
            return;
        }
        self.stats.video_units += 1;
        self.window_pictures += 1;
        if unit.is_key {
            self.stats.key_frames += 1;
            if let Some(last) = self.last_key_at {
                self.stats.gop_units = self.pictures_since_key;
                self.stats.gop_bytes = self.bytes_since_key;
                self.stats.gop_ms = u32::try_from((unit.capture_at.0 - last.0) / 1_000).unwrap_or(0);
            }
            self.last_key_at = Some(unit.capture_at);
            (self.pictures_since_key, self.bytes_since_key) = (0, 0);
        }
        self.pictures_since_key += 1;
        self.bytes_since_key += bytes;
    }

    fn roll(&mut self, now: Instant) {
        let start = *self.window_start.get_or_insert(now);
        let elapsed = now.saturating_duration_since(start);
        if elapsed >= WINDOW {
            self.stats.frame_rate = self.window_pictures as f32 / elapsed.as_secs_f32();
            self.stats.bitrate = (self.window_bytes as f64 * 8.0 / elapsed.as_secs_f64()) as u64;
            self.window_start = Some(now);
            (self.window_pictures, self.window_bytes) = (0, 0);
        }
    }

    pub fn note_lost(&mut self, class: SubscriberClass, units: u64) {
        if class != SubscriberClass::Latest {
            self.stats.lost_by_slow += units;
        }
    }

    pub fn stats(&self, now: Instant) -> HubStatistics {
        let mut stats = self.stats.clone();
        let is_silent = stats.last_unit_at.is_none_or(|at| now.saturating_duration_since(at) > 2 * WINDOW);
        if is_silent {
            (stats.frame_rate, stats.bitrate) = (0.0, 0);
        }
        stats
    }
}
