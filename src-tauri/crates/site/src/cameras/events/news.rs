//! What is news: not how things stood when listening began, not what was said before. Pure.

use super::keeper::Via;
use std::collections::{HashMap, VecDeque};
use watchwall_model::{CameraEventRow, CameraEventState, CameraId, UtcMillis};
use watchwall_onvif::events::{CameraEvent, EventState};

/// Things remembered per camera; a device that makes up ever new rules is told of without memory.
const MOST_KEYS: usize = 256;
/// Events stored per camera and minute; what comes faster is left out and counted.
const MOST_PER_MINUTE: u32 = 300;

/// Moments remembered per camera, to know them when they come the other way as well.
const MOST_MOMENTS: usize = 32;
/// What we know of a device's clock changes a little between two readings.
const SAME_MOMENT_MS: i64 = 100;
/// By so much it may change at once: devices show whole seconds.
const CLOCK_DOUBT_MS: i64 = 1_000;

/// Kind, topic, source and rule of something that goes on.
type Key = (String, String, String, String);

/// How everything stands that a camera told of.
#[derive(Default)]
pub struct News {
    cameras: HashMap<CameraId, Told>,
}

#[derive(Default)]
struct Told {
    states: HashMap<Key, Known>,
    moments: VecDeque<Moment>,
    minute: i64,
    count: u32,
    left_out: u64,
}

/// How something stands that goes on, and since when.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Known {
    is_on: bool,
    at: UtcMillis,
}

/// Something without a state, and the way it came.
struct Moment {
    at: UtcMillis,
    key: Key,
    value: Option<(String, String)>,
    via: Via,
}

impl News {
    /// Whether a camera's last states were read from the database.
    pub fn knows(&self, camera: CameraId) -> bool {
        self.cameras.contains_key(&camera)
    }

    /// What an earlier run stored last.
    pub fn remember(&mut self, camera: CameraId, stored: &[CameraEventRow]) {
        let told = self.cameras.entry(camera).or_default();
        for row in stored {
            let event = &row.event;
            let topic = if event.kind == "other" { event.topic.clone() } else { String::new() };
            let key = (event.kind.clone(), topic, event.source.clone(), event.rule.clone());
            told.states.insert(key, Known { is_on: event.state == CameraEventState::On, at: event.at });
        }
    }

    /// The state to store and tell, and since when; `None` when it is no news. The state at the beginning of listening is news only
    /// when it differs from what was known: then it changed while nobody listened.
    ///
    /// A device may tell the same in two ways: in a pull point and in its streams. A state is news once whatever the way;
    /// a moment is known by the device's own time. What we know of the device's clock may change between two events: a
    /// state does not begin before the one it ends.
    pub fn take(
        &mut self,
        camera: CameraId,
        kind: &str,
        event: &CameraEvent,
        via: Via,
    ) -> Option<(CameraEventState, UtcMillis)> {
        let told = self.cameras.entry(camera).or_default();
        let is_on = match event.state {
            EventState::Happened if event.is_initial => return None,
            EventState::Happened => {
                let is_news = told.is_new_moment(key(kind, event), event, via) && told.allow(event);
                return is_news.then_some((CameraEventState::Pulse, event.at));
            }
            EventState::Began => true,
            EventState::Ended => false,
        };
        let key = key(kind, event);
        let known = told.states.get(&key).copied();
        let at = known.map_or(event.at, |known| not_before(known.at, event.at));
        if known.is_none_or(|known| known.is_on != is_on) && (known.is_some() || told.states.len() < MOST_KEYS) {
            told.states.insert(key, Known { is_on, at });
        }
        let is_news = match known {
            Some(known) => known.is_on != is_on,
            // The end of what nobody saw begin is no news either.
            None => is_on && !event.is_initial,
        };
        let state = if is_on { CameraEventState::On } else { CameraEventState::Off };
        (is_news && told.allow(event)).then_some((state, at))
    }

    /// Forgets cameras that are gone.
    pub fn keep(&mut self, mut is_known: impl FnMut(CameraId) -> bool) {
        self.cameras.retain(|camera, _| is_known(*camera));
    }
}

/// `at`, or `earlier` when that is later by no more than the clock may be doubted.
fn not_before(earlier: UtcMillis, at: UtcMillis) -> UtcMillis {
    if (0..=CLOCK_DOUBT_MS).contains(&(earlier - at)) { earlier } else { at }
}

fn key(kind: &str, event: &CameraEvent) -> Key {
    let topic = if kind == "other" { event.topic.clone() } else { String::new() };
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    (kind.to_owned(), topic, text(&event.source), text(&event.rule))
}

impl Told {
    fn is_new_moment(&mut self, key: Key, event: &CameraEvent, via: Via) -> bool {
        let is_known = self.moments.iter().any(|moment| {
            let is_then = (moment.at - event.at).abs() <= SAME_MOMENT_MS;
            moment.via != via && is_then && moment.key == key && moment.value == event.value
        });
        if is_known {
            return false;
        }
        if self.moments.len() == MOST_MOMENTS {
            self.moments.pop_front();
        }
        self.moments.push_back(Moment { at: event.at, key, value: event.value.clone(), via });
        true
    }

    fn allow(&mut self, event: &CameraEvent) -> bool {
        let minute = event.at.0.div_euclid(60_000);
        if minute != self.minute {
            if self.left_out > 0 {
                tracing::warn!(
                    left_out = self.left_out,
                    topic = event.topic,
                    "a camera told more events than are kept"
                );
            }
            (self.minute, self.count, self.left_out) = (minute, 0, 0);
        }
        self.count += 1;
        let is_allowed = self.count <= MOST_PER_MINUTE;
        self.left_out += u64::from(!is_allowed);
        is_allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use EventState::{Began, Ended, Happened};
    use watchwall_model::UtcMillis;
    use watchwall_onvif::events::EventKind;

    const CAMERA: CameraId = CameraId(1);

    fn event(state: EventState, is_initial: bool, rule: &str) -> CameraEvent {
        CameraEvent {
            kind: EventKind::Motion,
            state,
            is_initial,
            at: UtcMillis(0),
            topic: "t".into(),
            source: Some("v1".into()),
            rule: Some(rule.into()),
            value: None,
        }
    }

    #[track_caller]
    fn check(news: &mut News, story: &[(EventState, bool, &str)], expect: &[&str]) {
        let told = story.iter().filter_map(|(state, is_initial, rule)| {
            news.take(CAMERA, "motion", &event(*state, *is_initial, rule), Via::PullPoint)
        });
        let told: Vec<_> = told
            .map(|(state, _)| match state {
                CameraEventState::On => "on",
                CameraEventState::Off => "off",
                CameraEventState::Pulse => "pulse",
                CameraEventState::Unknown => "?",
            })
            .collect();
        assert_eq!(told, expect, "{story:?}");
    }

    #[test]
    fn the_first_state_is_no_news() {
        check(&mut News::default(), &[(Began, true, "a"), (Ended, true, "b"), (Happened, true, "c")], &[]);
        check(&mut News::default(), &[(Ended, true, "a"), (Began, false, "a"), (Ended, false, "a")], &["on", "off"]);
        check(&mut News::default(), &[(Began, true, "a"), (Ended, false, "a")], &["off"]);
    }

    #[test]
    fn what_was_said_before_is_no_news() {
        check(
            &mut News::default(),
            &[(Began, false, "a"), (Began, false, "a"), (Began, false, "b"), (Ended, false, "a"), (Ended, false, "a")],
            &["on", "on", "off"],
        );
        check(&mut News::default(), &[(Happened, false, "a"), (Happened, false, "a")], &["pulse", "pulse"]);
        check(&mut News::default(), &[(Ended, false, "a")], &[]);
    }

    #[test]
    fn what_changed_while_nobody_listened_is_news() {
        let stored = |state| CameraEventRow {
            id: 1,
            event: watchwall_model::NewCameraEvent {
                camera: CAMERA,
                kind: "motion".into(),
                state,
                source: "v1".into(),
                rule: "a".into(),
                topic: "t".into(),
                value: String::new(),
                at: UtcMillis(0),
            },
        };
        let mut news = News::default();
        news.remember(CAMERA, &[stored(CameraEventState::On)]);
        assert!(news.knows(CAMERA));
        check(&mut news, &[(Ended, true, "a"), (Ended, true, "a"), (Began, true, "a")], &["off", "on"]);
        news.remember(CAMERA, &[stored(CameraEventState::On)]);
        check(&mut news, &[(Began, true, "a")], &[]);
        news.keep(|_| false);
        assert!(!news.knows(CAMERA));
    }

    #[test]
    fn what_came_one_way_is_no_news_the_other_way() {
        let stream = Via::Metadata(CAMERA);
        for (first, second) in
            [(Via::PullPoint, stream), (stream, Via::PullPoint), (stream, Via::Metadata(CameraId(2)))]
        {
            let mut news = News::default();
            let mut take = |state, via| news.take(CAMERA, "motion", &event(state, false, "a"), via).is_some();
            assert!(take(Happened, first) && !take(Happened, second));
            assert!(take(Began, first) && !take(Began, second) && take(Ended, second) && !take(Ended, first));
        }
        // At another moment it is another one.
        let mut news = News::default();
        let later = CameraEvent { at: UtcMillis(1_000), ..event(Happened, false, "a") };
        assert!(news.take(CAMERA, "motion", &event(Happened, false, "a"), Via::PullPoint).is_some());
        assert!(news.take(CAMERA, "motion", &later, stream).is_some());
    }

    #[test]
    fn a_state_does_not_begin_before_the_one_it_ends() {
        for (on, off, expect) in [(5_000, 5_200, 5_200), (5_000, 4_001, 5_000), (5_000, 3_999, 3_999)] {
            let mut news = News::default();
            let mut take = |state, at| {
                let event = CameraEvent { at: UtcMillis(at), ..event(state, false, "a") };
                news.take(CAMERA, "motion", &event, Via::PullPoint)
            };
            assert_eq!(take(Began, on), Some((CameraEventState::On, UtcMillis(on))));
            // Said again, it begins no later.
            assert_eq!(take(Began, on + 100), None);
            assert_eq!(take(Ended, off), Some((CameraEventState::Off, UtcMillis(expect))), "{on} {off}");
        }
    }

    #[test]
    fn a_camera_that_will_not_stop_is_bounded() {
        let mut news = News::default();
        let told = (0..1_000)
            .filter(|_| news.take(CAMERA, "motion", &event(Happened, false, "a"), Via::PullPoint).is_some())
            .count();
        assert_eq!(told, MOST_PER_MINUTE as usize);
    }
}
