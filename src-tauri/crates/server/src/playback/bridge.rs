//! Re-encoding a recording while it plays: a hub of its own in front of a transcode.

use crate::{app::App, live::transcode_height};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};
use watchwall_media::{
    AccessUnit, Track, UnitParts,
    hub::{BacklogLimits, Hub, Received, SubscriberClass, Subscription},
    pixels::{VariantLease, VariantSpec, VariantState},
};
use watchwall_model::{Problem, StreamPath};

pub struct Bridge {
    source: Arc<Hub>,
    pictures: Subscription,
    variant: VariantLease,
    seek: Seek,
}

/// How far the newest seek has come.
enum Seek {
    /// What leads in to its picture is held until it is known which one that is.
    Asked { lead_in: Vec<Arc<AccessUnit>> },
    /// It begins at this play time, in microseconds; what stands before belongs to another moment.
    Pushed { from_us: i64 },
}

/// What a unit is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    Shown,
    /// Later ones are decoded with it.
    LeadIn,
}

impl Bridge {
    /// # Errors
    /// `too_many_transcodes`, `transcode_failed`.
    pub async fn start(app: &App) -> Result<Self, Problem> {
        // Transcodes are shared by name, and this one belongs to one viewer.
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let name = StreamPath::parse(&format!("playback-{}", COUNT.fetch_add(1, Ordering::Relaxed)))?;
        let source = Hub::new(BacklogLimits::default());
        let spec = VariantSpec::for_height(transcode_height(None));
        let variant = app.site.transcodes.acquire(&name, Arc::clone(&source), spec).await?;
        let pictures = variant.hub().subscribe(SubscriberClass::Live);
        Ok(Self { source, pictures, variant, seek: Seek::new() })
    }

    /// What is pushed from now on belongs to this moment, and what has not come out yet to another.
    pub fn turn(&mut self) {
        self.seek = Seek::new();
    }

    pub fn push(&mut self, unit: Arc<AccessUnit>, purpose: Purpose) {
        let Seek::Asked { lead_in } = &mut self.seek else { return self.feed(&unit, false) };
        if purpose == Purpose::LeadIn {
            return lead_in.push(unit);
        }
        if !unit.is_video() {
            // Sound without a picture begins nothing.
            return;
        }
        self.variant.aim(play_us(&unit, unit.dts));
        let units = std::mem::take(lead_in).into_iter().chain([unit]);
        let mut is_first = true;
        for unit in units {
            if is_first {
                self.seek = Seek::Pushed { from_us: play_us(&unit, unit.dts) };
            }
            self.feed(&unit, is_first);
            is_first = false;
        }
    }

    fn feed(&self, unit: &AccessUnit, is_cut_off: bool) {
        let mut parts = UnitParts::clone(unit);
        // Its age counts from when it was due, not from when it was read.
        parts.received_at = Instant::now();
        parts.is_discontinuity |= is_cut_off;
        self.source.push(parts);
    }

    /// The next re-encoded unit of the newest seek.
    ///
    /// # Errors
    /// Why the transcode was given up.
    pub async fn next(&mut self) -> Result<Arc<AccessUnit>, Problem> {
        loop {
            match self.pictures.recv().await {
                Received::Unit(unit) => match &self.seek {
                    // Rounding between clock rates takes less than a tick.
                    Seek::Pushed { from_us } if play_us(&unit, unit.pts) >= from_us - 100 => return Ok(unit),
                    Seek::Pushed { .. } | Seek::Asked { .. } => {}
                },
                Received::Lost { .. } => {}
                Received::Closed => match self.variant.state() {
                    VariantState::Failed(problem) => return Err(problem),
                    // Its source was closed, by us.
                    VariantState::Starting | VariantState::Running(_) => std::future::pending().await,
                },
            }
        }
    }
}

impl Seek {
    const fn new() -> Self {
        Self::Asked { lead_in: Vec::new() }
    }
}

fn play_us(unit: &AccessUnit, ticks: i64) -> i64 {
    let rate = match unit.track {
        Track::Video => unit.params.video.as_ref().map(|video| video.clock_rate),
        Track::Audio => unit.params.audio.as_ref().map(|audio| audio.clock_rate),
    };
    let rate = i128::from(rate.filter(|rate| *rate > 0).unwrap_or(90_000));
    i64::try_from(i128::from(ticks) * 1_000_000 / rate).unwrap_or(0)
}

impl Drop for Bridge {
    fn drop(&mut self) {
        self.source.close();
    }
}
