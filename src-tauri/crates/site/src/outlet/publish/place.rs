//! Where something may be published, and by whom.

use super::super::{
    handle::{Shared, lock},
    tokens::Token,
};
use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use tokio_util::sync::CancellationToken;
use watchwall_media::hub::Hub;
use watchwall_model::StreamPath;

/// Places at once: one for each task that is looked at.
const MOST: usize = 256;
/// Who has brought a picture so recently is there.
const LIVE_FOR: Duration = Duration::from_secs(3);

/// All that are open.
#[derive(Default)]
pub struct Places {
    open: Vec<Arc<Place>>,
}

/// One word, one path, one hub.
pub struct Place {
    pub path: StreamPath,
    pub hub: Arc<Hub>,
    token: Token,
    /// The word begins nothing after this; who is there by then goes on.
    until: Instant,
    /// The publisher of now is sent away by it.
    taken: Mutex<CancellationToken>,
    brought_at: Mutex<Option<Instant>>,
    /// Nobody wants it any more.
    pub ended: CancellationToken,
}

/// The right to have something published, for as long as this lives.
pub struct Publication {
    place: Arc<Place>,
    shared: Arc<Shared>,
}

impl Places {
    /// `None` when there are too many.
    pub fn open(&mut self, path: &StreamPath, hub: Arc<Hub>, lifetime: Duration, now: Instant) -> Option<Arc<Place>> {
        if self.open.len() >= MOST {
            return None;
        }
        let place = Arc::new(Place {
            path: path.clone(),
            hub,
            token: Token::random(),
            until: now + lifetime,
            taken: Mutex::default(),
            brought_at: Mutex::default(),
            ended: CancellationToken::new(),
        });
        self.open.push(Arc::clone(&place));
        Some(place)
    }

    /// The place that the word opens now. Looks at all of them, whichever fits.
    pub fn find(&self, token: Token, path: &StreamPath, now: Instant) -> Option<Arc<Place>> {
        let fits = |place: &&Arc<Place>| (place.token == token) & (place.path == *path) & (now < place.until);
        self.open.iter().fold(None, |found, place| if fits(&place) { Some(place) } else { found }).cloned()
    }

    fn close(&mut self, place: &Arc<Place>) {
        self.open.retain(|open| !Arc::ptr_eq(open, place));
        place.ended.cancel();
    }
}

impl Place {
    /// The newest publisher has it; the one before is sent away.
    pub fn take(&self) -> CancellationToken {
        let fresh = self.ended.child_token();
        std::mem::replace(&mut *lock(&self.taken), fresh.clone()).cancel();
        fresh
    }

    pub fn note_brought(&self, now: Instant) {
        *lock(&self.brought_at) = Some(now);
    }

    pub fn word(&self) -> watchwall_model::Secret {
        self.token.text()
    }

    fn is_live(&self, now: Instant) -> bool {
        lock(&self.brought_at).is_some_and(|at| now.saturating_duration_since(at) < LIVE_FOR)
    }
}

impl Publication {
    pub(in crate::outlet) const fn new(place: Arc<Place>, shared: Arc<Shared>) -> Self {
        Self { place, shared }
    }

    /// Pictures come.
    pub fn is_live(&self) -> bool {
        self.place.is_live(Instant::now())
    }
}

impl Drop for Publication {
    fn drop(&mut self) {
        lock(&self.shared.places).close(&self.place);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use watchwall_media::hub::BacklogLimits;

    const LIFETIME: Duration = Duration::from_secs(60);

    fn path(task: u32) -> StreamPath {
        StreamPath::parse(&format!("ai_task_{task}")).unwrap()
    }

    #[test]
    fn a_word_opens_its_own_place_for_its_time_and_until_it_is_closed() {
        let (mut places, now) = (Places::default(), Instant::now());
        let hub = Hub::new(BacklogLimits::default());
        let mut open = |task| places.open(&path(task), Arc::clone(&hub), LIFETIME, now).unwrap();
        let (one, other) = (open(1), open(2));
        let check = |places: &Places, token, task, at, expect: bool| {
            assert_eq!(places.find(token, &path(task), at).is_some(), expect);
        };
        check(&places, one.token, 1, now, true);
        check(&places, one.token, 2, now, false);
        check(&places, other.token, 2, now, true);
        check(&places, Token::random(), 1, now, false);
        check(&places, one.token, 1, now + LIFETIME, false);
        places.close(&one);
        check(&places, one.token, 1, now, false);
        check(&places, other.token, 2, now, true);
        assert!(one.ended.is_cancelled() && !other.ended.is_cancelled());
    }

    #[test]
    fn the_newest_publisher_has_it() {
        let (mut places, now) = (Places::default(), Instant::now());
        let place = places.open(&path(1), Hub::new(BacklogLimits::default()), LIFETIME, now).unwrap();
        let first = place.take();
        assert!(!first.is_cancelled());
        let second = place.take();
        assert!(first.is_cancelled() && !second.is_cancelled());
        assert!(!place.is_live(now));
        place.note_brought(now);
        assert!(place.is_live(now) && !place.is_live(now + LIVE_FOR));
        places.close(&place);
        assert!(second.is_cancelled());
    }

    #[test]
    fn places_are_bounded() {
        let (mut places, now) = (Places::default(), Instant::now());
        let hub = Hub::new(BacklogLimits::default());
        let opened =
            (0..2 * MOST as u32).filter_map(|n| places.open(&path(n), Arc::clone(&hub), LIFETIME, now)).count();
        assert_eq!(opened, MOST);
    }
}
