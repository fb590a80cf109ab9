//! What one listener has to be told of alarms: gathered for a moment, each once, never more than there are.

use crate::{
    app::App,
    routes::{alarm_as_seen, alarm_cameras},
    views::{alarm_summary, word},
};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio::{sync::broadcast::error::RecvError, time::Instant};
use watchwall_api::NotifyServerMessage;
use watchwall_model::{Alarm, AlarmId, Problem, UtcMillis};
use watchwall_site::alarms::AlarmNews;
use watchwall_store::{AlarmFilter, PageRequest, StateFilter};

/// The first of some is told after this; what comes with it goes in the same message.
const GATHER: Duration = Duration::from_millis(10);
/// Messages of changes are at least so far apart.
const APART: Duration = Duration::from_millis(100);
/// In a snapshot.
const NEWEST: u32 = 50;
/// More changes than this are told as a snapshot.
const MOST_PENDING: usize = 200;

#[derive(Default)]
pub struct AlarmFeed {
    is_followed: bool,
    pending: BTreeMap<AlarmId, Arc<Alarm>>,
    /// Some were missed.
    is_stale: bool,
    due: Option<Instant>,
    told_at: Option<Instant>,
}

impl AlarmFeed {
    pub fn follow(&mut self, is_followed: bool) {
        *self = Self { is_followed, ..Self::default() };
    }

    /// When there is something to be told.
    pub const fn due(&self) -> Option<Instant> {
        self.due
    }

    /// What is told at once is answered; the rest waits a moment.
    pub fn hear(&mut self, news: Result<AlarmNews, RecvError>, sequence: &mut u64) -> Option<NotifyServerMessage> {
        if !self.is_followed {
            return None;
        }
        let mut next = || {
            *sequence += 1;
            *sequence
        };
        match news {
            Ok(AlarmNews::Raised(alarm) | AlarmNews::Changed(alarm)) => {
                self.pending.insert(alarm.id, alarm);
                if self.pending.len() > MOST_PENDING {
                    self.pending.clear();
                    self.is_stale = true;
                }
            }
            Ok(AlarmNews::Sound { sound, level }) => {
                return Some(NotifyServerMessage::AlarmSound { sequence: next(), sound: word(&sound), level });
            }
            Ok(AlarmNews::Notify { title, text, level, alarm }) => {
                let alarm_id = alarm.map(|alarm| alarm.0);
                return Some(NotifyServerMessage::AlarmNotice { sequence: next(), title, text, level, alarm_id });
            }
            Err(RecvError::Lagged(_)) => self.is_stale = true,
            Err(RecvError::Closed) => return None,
        }
        let soon = Instant::now() + GATHER;
        let apart = self.told_at.map(|told| told + APART);
        self.due = self.due.or(Some(apart.map_or(soon, |apart| apart.max(soon))));
        None
    }

    /// What was gathered.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn flush(&mut self, app: &App, sequence: &mut u64) -> Result<Option<NotifyServerMessage>, Problem> {
        self.due = None;
        self.told_at = Some(Instant::now());
        if std::mem::take(&mut self.is_stale) {
            return self.snapshot(app, sequence).await;
        }
        let pending = std::mem::take(&mut self.pending);
        if pending.is_empty() {
            return Ok(None);
        }
        let cameras = alarm_cameras(app).await?;
        let summary = alarm_summary(app.site.store.alarms().counts(UtcMillis::now()).await?);
        *sequence += 1;
        let alarms = pending.values().map(|alarm| alarm_as_seen(alarm, &cameras)).collect();
        Ok(Some(NotifyServerMessage::AlarmsChanged { sequence: *sequence, summary, alarms }))
    }

    /// How they all stand; `None` for a listener that does not follow them.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn snapshot(&mut self, app: &App, sequence: &mut u64) -> Result<Option<NotifyServerMessage>, Problem> {
        if !self.is_followed {
            return Ok(None);
        }
        self.pending.clear();
        let store = app.site.store.alarms();
        let filter = AlarmFilter { state: StateFilter::Open, ..AlarmFilter::default() };
        let request = PageRequest { limit: Some(NEWEST), ..PageRequest::default() };
        let page = store.page(&filter, &request).await?;
        let summary = alarm_summary(store.counts(UtcMillis::now()).await?);
        let cameras = alarm_cameras(app).await?;
        *sequence += 1;
        let alarms = page.items.iter().map(|alarm| alarm_as_seen(alarm, &cameras)).collect();
        Ok(Some(NotifyServerMessage::AlarmsSnapshot { sequence: *sequence, summary, alarms }))
    }
}
