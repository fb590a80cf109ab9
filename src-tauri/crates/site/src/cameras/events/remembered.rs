//! The cameras' events as timelines need them, in memory: a month of a whole site is drawn without reading a row.
//!
//! A camera's events are read once, when it is asked for first, and what is stored afterwards is added. A camera with
//! more than is read at once is not remembered; its timelines are read from the database.

use super::marks::{Event, Mark, marks, reach_back};
use std::collections::HashMap;
use tokio::sync::Mutex;
use watchwall_model::{CameraEventRow, CameraEventState, CameraId, TimeRange, UtcMillis};
use watchwall_store::{Store, StoreError};

/// What the database reads of one camera at once.
const MOST_OF_CAMERA: usize = 20_000;
/// Of all cameras together, 24 bytes each; past it the memory begins anew.
const MOST_MOMENTS: usize = 2_000_000;

#[derive(Default)]
pub struct Remembered {
    tracks: Mutex<Tracks>,
}

#[derive(Default)]
struct Tracks {
    of_camera: HashMap<CameraId, Track>,
    moments: usize,
}

enum Track {
    Whole(Moments),
    TooMany,
}

#[derive(Default)]
struct Moments {
    keys: Vec<Key>,
    /// Ascending.
    moments: Vec<Moment>,
    newest_id: i64,
}

#[derive(PartialEq, Eq)]
struct Key {
    kind: String,
    topic: String,
    source: String,
    rule: String,
}

struct Moment {
    at: UtcMillis,
    state: CameraEventState,
    key: usize,
}

impl Remembered {
    /// What a timeline draws for a camera.
    pub async fn marks(
        &self,
        store: &Store,
        camera: CameraId,
        range: TimeRange,
        resolution_ms: i64,
    ) -> Result<Vec<Mark>, StoreError> {
        {
            let mut tracks = self.tracks.lock().await;
            if !tracks.of_camera.contains_key(&camera) {
                // Held meanwhile: what is stored now is added after what was read.
                let ever = TimeRange { start: UtcMillis(i64::MIN), end: UtcMillis(i64::MAX) };
                tracks.put(camera, &store.camera_events().in_range(camera, ever).await?);
            }
            if let Some(Track::Whole(moments)) = tracks.of_camera.get(&camera) {
                return Ok(marks(moments.within(reach_back(range)), range, UtcMillis::now(), resolution_ms));
            }
        }
        let rows = store.camera_events().in_range(camera, reach_back(range)).await?;
        Ok(marks(rows.iter().map(event_of), range, UtcMillis::now(), resolution_ms))
    }

    /// Adds what was stored.
    pub async fn add(&self, rows: &[CameraEventRow]) {
        let mut tracks = self.tracks.lock().await;
        for row in rows {
            // What was stored just before it was read is there already.
            if let Some(Track::Whole(moments)) = tracks.of_camera.get_mut(&row.event.camera)
                && row.id > moments.newest_id
            {
                moments.add(row);
                tracks.moments += 1;
            }
        }
        if tracks.moments > MOST_MOMENTS {
            *tracks = Tracks::default();
        }
    }

    /// What the database forgot is read anew.
    pub async fn clear(&self) {
        *self.tracks.lock().await = Tracks::default();
    }
}

impl Tracks {
    fn put(&mut self, camera: CameraId, rows: &[CameraEventRow]) {
        if self.moments + rows.len() > MOST_MOMENTS {
            *self = Self::default();
        }
        let track = if rows.len() < MOST_OF_CAMERA {
            let mut moments = Moments::default();
            rows.iter().for_each(|row| moments.add(row));
            self.moments += rows.len();
            Track::Whole(moments)
        } else {
            Track::TooMany
        };
        self.of_camera.insert(camera, track);
    }
}

impl Moments {
    fn add(&mut self, row: &CameraEventRow) {
        let event = &row.event;
        self.newest_id = self.newest_id.max(row.id);
        let key = Key {
            kind: event.kind.clone(),
            topic: event.topic.clone(),
            source: event.source.clone(),
            rule: event.rule.clone(),
        };
        let key = self.keys.iter().position(|known| *known == key).unwrap_or_else(|| {
            self.keys.push(key);
            self.keys.len() - 1
        });
        let place = self.moments.partition_point(|moment| moment.at <= event.at);
        self.moments.insert(place, Moment { at: event.at, state: event.state, key });
    }

    fn within(&self, range: TimeRange) -> impl Iterator<Item = Event<'_>> {
        let first = self.moments.partition_point(|moment| moment.at < range.start);
        let inside = self.moments[first..].iter().take_while(move |moment| moment.at < range.end);
        inside.map(|moment| {
            let Key { kind, topic, source, rule } = &self.keys[moment.key];
            Event { kind, topic, source, rule, at: moment.at, state: moment.state }
        })
    }
}

fn event_of(row: &CameraEventRow) -> Event<'_> {
    let event = &row.event;
    Event {
        kind: &event.kind,
        topic: &event.topic,
        source: &event.source,
        rule: &event.rule,
        at: event.at,
        state: event.state,
    }
}
