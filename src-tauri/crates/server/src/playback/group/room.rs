//! The rooms that groups meet in: who is there, and what their clock says.

use super::{
    clock::{Command, GroupClock},
    footing::Footing,
    name::GroupName,
};
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::watch;
use watchwall_model::{ErrorCode, Problem, UtcMicros};

/// Groups kept at once, those that everybody left included.
const MOST_GROUPS: usize = 256;
/// Members of one group.
const MOST_MEMBERS: usize = 64;
/// A group that everybody left is found as it was for so long: a page that is loaded again comes back to it.
const KEPT: Duration = Duration::from_secs(60);

/// All groups of the site. Cheap to clone.
#[derive(Clone)]
pub struct Groups(Arc<Shared>);

struct Shared {
    rooms: Mutex<HashMap<GroupName, Arc<Room>>>,
    clock: SteadyClock,
}

/// UTC microseconds that are never set: the system's clock at the start, and what has passed since.
#[derive(Clone, Copy)]
struct SteadyClock {
    start: Instant,
    start_us: i64,
}

/// Where a group stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Standing {
    pub clock: GroupClock,
    pub members: usize,
}

struct Room {
    inside: Mutex<Inside>,
    /// What members are told; a slow one is told the newest only.
    told: watch::Sender<Standing>,
}

struct Inside {
    clock: GroupClock,
    /// By number: the epoch somebody spoke of, and what they said.
    members: BTreeMap<u64, (u64, Footing)>,
    next: u64,
    left_at: Instant,
}

/// One member's place in a group; it leaves when this is dropped.
pub struct Seat {
    room: Arc<Room>,
    number: u64,
    clock: SteadyClock,
    told: watch::Receiver<Standing>,
}

impl Default for Groups {
    fn default() -> Self {
        let clock = SteadyClock { start: Instant::now(), start_us: UtcMicros::now().0 };
        Self(Arc::new(Shared { rooms: Mutex::default(), clock }))
    }
}

impl Groups {
    /// A place in this group, which is made when it is not there, standing at `at` (UTC milliseconds).
    ///
    /// # Errors
    /// `too_many_viewers` when the group, or the site, has as many as it takes.
    pub fn enter(&self, name: &GroupName, at: i64) -> Result<Seat, Problem> {
        let full = |most: usize| Problem::new(ErrorCode::TooManyViewers).with("max", most);
        let now = Instant::now();
        let mut rooms = lock(&self.0.rooms);
        rooms.retain(|_, room| {
            let inside = lock(&room.inside);
            !inside.members.is_empty() || now.saturating_duration_since(inside.left_at) < KEPT
        });
        if rooms.len() >= MOST_GROUPS && !rooms.contains_key(name) {
            return Err(full(MOST_GROUPS));
        }
        let room = Arc::clone(rooms.entry(name.clone()).or_insert_with(|| Arc::new(Room::new(at))));
        let number = room.change(self.0.clock.now_us(), |inside, _| inside.sit()).ok_or_else(|| full(MOST_MEMBERS))?;
        let mut told = room.told.subscribe();
        // The first thing a member is told is where the group stands now.
        told.mark_changed();
        Ok(Seat { room, number, clock: self.0.clock, told })
    }
}

impl Seat {
    pub fn obey(&self, command: Command) {
        self.room.change(self.clock.now_us(), |inside, now_us| inside.clock.obey(command, now_us));
    }

    /// What is said of another epoch than the present one means nothing.
    pub fn stand(&self, epoch: u64, footing: Footing) {
        self.room.change(self.clock.now_us(), |inside, _| inside.members.insert(self.number, (epoch, footing)));
    }

    /// Looks at the clock again; see [`Self::wake_at`].
    pub fn consider(&self) {
        self.room.change(self.clock.now_us(), |_, _| ());
    }

    /// Where the group stands, once that is other than what was told last.
    pub async fn changed(&mut self) -> Standing {
        // The sender lives in the room that this seat holds.
        let _ = self.told.changed().await;
        *self.told.borrow_and_update()
    }

    /// When somebody has to look at the clock even if nobody says anything.
    pub fn wake_at(&self) -> Option<Instant> {
        let wake_us = lock(&self.room.inside).clock.wake_us()?;
        let since_us = u64::try_from(wake_us - self.clock.start_us).unwrap_or(0);
        Some(self.clock.start + Duration::from_micros(since_us))
    }

    pub fn now_us(&self) -> i64 {
        self.clock.now_us()
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.room.change(self.clock.now_us(), |inside, _| {
            inside.members.remove(&self.number);
            inside.left_at = Instant::now();
        });
    }
}

impl Room {
    fn new(at: i64) -> Self {
        let clock = GroupClock::new(at);
        let inside = Inside { clock, members: BTreeMap::new(), next: 0, left_at: Instant::now() };
        Self { inside: Mutex::new(inside), told: watch::Sender::new(Standing { clock, members: 0 }) }
    }

    /// Changes something, draws the consequences, and tells everybody when there are any.
    fn change<T>(&self, now_us: i64, change: impl FnOnce(&mut Inside, i64) -> T) -> T {
        let mut inside = lock(&self.inside);
        let done = change(&mut inside, now_us);
        let epoch = inside.clock.epoch;
        let footing = |(of, footing): &(u64, Footing)| if *of == epoch { *footing } else { Footing::Preparing };
        let footings: Vec<Footing> = inside.members.values().map(footing).collect();
        if !footings.is_empty() {
            inside.clock.consider(&footings, now_us);
        }
        let standing = Standing { clock: inside.clock, members: inside.members.len() };
        // Under the lock, so that the newest is told last.
        self.told.send_if_modified(|told| std::mem::replace(told, standing) != standing);
        done
    }
}

impl Inside {
    fn sit(&mut self) -> Option<u64> {
        if self.members.len() >= MOST_MEMBERS {
            return None;
        }
        let number = self.next;
        self.next += 1;
        self.members.insert(number, (0, Footing::Preparing));
        Some(number)
    }
}

impl SteadyClock {
    fn now_us(self) -> i64 {
        self.start_us + i64::try_from(self.start.elapsed().as_micros()).unwrap_or(i64::MAX / 2)
    }
}

/// Takes a lock whose holders never panic half-way.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::super::clock::Phase;
    use super::*;

    fn name(text: &str) -> GroupName {
        GroupName::parse(text).unwrap()
    }

    #[tokio::test]
    async fn members_are_told_of_every_change_and_of_where_the_group_stands_when_they_come() {
        let groups = Groups::default();
        let mut one = groups.enter(&name("hall"), 5_000).unwrap();
        assert_eq!(one.changed().await.clock.phase, Phase::Paused { at: 5_000 });
        one.obey(Command::Seek { at: 9_000 });
        let mut two = groups.enter(&name("hall"), 1).unwrap();
        let standing = two.changed().await;
        assert_eq!((standing.clock.phase, standing.members), (Phase::Paused { at: 9_000 }, 2));
        one.obey(Command::Play { at: None, speed: None });
        let epoch = two.changed().await.clock.epoch;
        one.stand(epoch, Footing::Ready);
        two.stand(epoch - 1, Footing::Ready);
        assert!(matches!(one.changed().await.clock.phase, Phase::Waiting { .. }), "two has not said yet");
        two.stand(epoch, Footing::Ready);
        assert!(matches!(one.changed().await.clock.phase, Phase::Running { at: 9_000, .. }));
        // Who leaves is not waited for.
        one.obey(Command::Seek { at: 100 });
        let epoch = one.changed().await.clock.epoch;
        one.stand(epoch, Footing::Ready);
        drop(two);
        let standing = one.changed().await;
        assert_eq!(standing.members, 1);
        assert!(matches!(standing.clock.phase, Phase::Running { at: 100, .. }));
    }

    #[test]
    fn groups_and_their_members_are_bounded() {
        let groups = Groups::default();
        let seats: Vec<_> = (0..MOST_MEMBERS).map(|_| groups.enter(&name("hall"), 0).unwrap()).collect();
        assert_eq!(groups.enter(&name("hall"), 0).err().map(|p| p.code), Some(ErrorCode::TooManyViewers));
        drop(seats);
        let back = groups.enter(&name("hall"), 77).unwrap();
        assert_eq!(lock(&back.room.inside).clock.phase, Phase::Paused { at: 0 }, "it is kept for a while");
        let more: Vec<_> = (1..MOST_GROUPS).map(|n| groups.enter(&name(&format!("g{n}")), 0).unwrap()).collect();
        assert_eq!(groups.enter(&name("another"), 0).err().map(|p| p.code), Some(ErrorCode::TooManyViewers));
        assert_eq!(more.len(), MOST_GROUPS - 1);
    }
}
