//! What happens at a device, and the pull points that wait for it.
//!
//! A subscription keeps at most 1000 messages; older ones are dropped. Whoever waits is woken through a watch.

use super::{Device, answers};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::{broadcast, watch};
use watchwall_model::UtcMillis;

/// Something that begins, ends or happens. As JSON: `{"topic": "motion", "index": 0, "state": true}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceEvent {
    pub topic: EventTopic,
    /// Channel, input or relay, from 0.
    #[serde(default)]
    pub index: usize,
    /// Whether it goes on.
    #[serde(default = "yes")]
    pub state: bool,
}

const fn yes() -> bool {
    true
}

/// Topics of several brands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventTopic {
    Motion,
    CellMotion,
    LineCrossed,
    AreaEntered,
    Tamper,
    SceneChange,
    SignalLoss,
    /// As Reolink tells it.
    Person,
    Vehicle,
    /// A line as Tapo tells it, under the motion detector.
    TapoLine,
    /// A topic that no standard knows.
    Vendor,
    DigitalInput,
    Relay,
}

/// How a topic is written.
pub(super) struct Form {
    pub topic: &'static str,
    pub source: &'static str,
    pub data: &'static str,
    /// It has a state that outlives the message.
    pub is_property: bool,
}

impl EventTopic {
    pub(super) const ALL: [Self; 13] = [
        Self::Motion,
        Self::CellMotion,
        Self::LineCrossed,
        Self::AreaEntered,
        Self::Tamper,
        Self::SceneChange,
        Self::SignalLoss,
        Self::Person,
        Self::Vehicle,
        Self::TapoLine,
        Self::Vendor,
        Self::DigitalInput,
        Self::Relay,
    ];

    pub(super) const fn form(self) -> Form {
        let (topic, source, data, is_property) = match self {
            Self::Motion => ("VideoSource/MotionAlarm", "Source", "State", true),
            Self::CellMotion => {
                ("RuleEngine/CellMotionDetector/Motion", "VideoSourceConfigurationToken", "IsMotion", true)
            }
            Self::LineCrossed => {
                ("RuleEngine/LineDetector/Crossed", "VideoSourceConfigurationToken", "ObjectId", false)
            }
            Self::AreaEntered => {
                ("RuleEngine/FieldDetector/ObjectsInside", "VideoSourceConfigurationToken", "IsInside", true)
            }
            Self::Tamper => ("RuleEngine/TamperDetector/Tamper", "VideoSourceConfigurationToken", "IsTamper", true),
            Self::SceneChange => ("VideoSource/GlobalSceneChange/ImagingService", "Source", "State", true),
            Self::SignalLoss => ("VideoSource/SignalLoss", "Source", "State", true),
            Self::Person => ("RuleEngine/MyRuleDetector/PeopleDetect", "Source", "State", true),
            Self::Vehicle => ("RuleEngine/MyRuleDetector/VehicleDetect", "Source", "State", true),
            Self::TapoLine => {
                ("RuleEngine/CellMotionDetector/LineCross", "VideoSourceConfigurationToken", "IsLineCross", true)
            }
            Self::Vendor => ("RuleEngine/CamsimDetector/Umbrella", "Source", "State", true),
            Self::DigitalInput => ("Device/Trigger/DigitalInput", "InputToken", "LogicalState", true),
            Self::Relay => ("Device/Trigger/Relay", "RelayToken", "LogicalState", true),
        };
        Form { topic, source, data, is_property }
    }
}

/// What a message says about its property.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Initialized,
    Changed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    pub event: DeviceEvent,
    pub at: UtcMillis,
    pub change: Change,
}

/// The subscriptions of one device.
#[derive(Debug)]
pub(super) struct EventHub {
    inner: Mutex<Inner>,
    news: watch::Sender<()>,
    /// For those who follow without a subscription.
    told: broadcast::Sender<Message>,
}

#[derive(Debug, Default)]
struct Inner {
    subscriptions: Vec<Subscription>,
    states: BTreeMap<(EventTopic, usize), Message>,
    last: u64,
}

#[derive(Debug)]
struct Subscription {
    id: u64,
    lifetime: Duration,
    ends: Instant,
    queue: VecDeque<Message>,
    pulls: u32,
}

const MOST_MESSAGES: usize = 1000;
/// Messages that who follows may be behind.
const FOLLOWED: usize = 64;

impl EventHub {
    pub fn new() -> Self {
        Self { inner: Mutex::default(), news: watch::Sender::new(()), told: broadcast::Sender::new(FOLLOWED) }
    }

    /// Woken by every change.
    pub fn news(&self) -> watch::Receiver<()> {
        self.news.subscribe()
    }

    pub fn publish(&self, event: DeviceEvent, at: UtcMillis) {
        let mut inner = self.inner();
        let message = Message { event, at, change: Change::Changed };
        if event.topic.form().is_property {
            inner.states.insert((event.topic, event.index), message);
        }
        for subscription in &mut inner.subscriptions {
            subscription.push(message);
        }
        // Nobody follows: nobody misses it.
        let _ = self.told.send(message);
        drop(inner);
        self.news.send_replace(());
    }

    /// How things stand, and what happens from then on.
    pub fn follow(&self) -> (Vec<Message>, broadcast::Receiver<Message>) {
        let inner = self.inner();
        (inner.as_initial().collect(), self.told.subscribe())
    }

    /// A new subscription; `None` when there is no room.
    pub fn subscribe(&self, lifetime: Duration, most: usize) -> Option<u64> {
        let mut inner = self.inner();
        if inner.subscriptions.len() >= most {
            return None;
        }
        inner.last += 1;
        let id = inner.last;
        let ends = Instant::now() + lifetime;
        inner.subscriptions.push(Subscription { id, lifetime, ends, queue: VecDeque::new(), pulls: 0 });
        inner.tell_states(id);
        Some(id)
    }

    /// Messages that wait for a subscription, and how many pulls it has seen; `None` when it has ended.
    pub fn take(&self, id: u64, most: usize) -> Option<Vec<Message>> {
        let mut inner = self.inner();
        let subscription = inner.find(id)?;
        // A pull keeps it alive.
        subscription.ends = subscription.ends.max(Instant::now() + subscription.lifetime);
        let count = most.min(subscription.queue.len());
        Some(subscription.queue.drain(..count).collect())
    }

    /// Counts a pull.
    pub fn count_pull(&self, id: u64) -> u32 {
        self.inner().find(id).map_or(0, |subscription| {
            subscription.pulls += 1;
            subscription.pulls
        })
    }

    pub fn renew(&self, id: u64, lifetime: Duration) -> bool {
        self.inner()
            .find(id)
            .map(|subscription| (subscription.lifetime, subscription.ends) = (lifetime, Instant::now() + lifetime))
            .is_some()
    }

    /// Puts the state of everything into the queue once more.
    pub fn synchronise(&self, id: u64) -> bool {
        let mut inner = self.inner();
        let is_known = inner.find(id).is_some();
        inner.tell_states(id);
        drop(inner);
        self.news.send_replace(());
        is_known
    }

    pub fn end(&self, id: u64) -> bool {
        let mut inner = self.inner();
        let before = inner.subscriptions.len();
        inner.subscriptions.retain(|subscription| subscription.id != id);
        let is_ended = inner.subscriptions.len() < before;
        drop(inner);
        self.news.send_replace(());
        is_ended
    }

    pub fn forget_all(&self) {
        self.inner().subscriptions.clear();
        self.news.send_replace(());
    }

    pub fn subscriptions(&self) -> usize {
        self.inner().subscriptions.len()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        inner.subscriptions.retain(|subscription| subscription.ends > now);
        inner
    }
}

impl Inner {
    fn find(&mut self, id: u64) -> Option<&mut Subscription> {
        self.subscriptions.iter_mut().find(|subscription| subscription.id == id)
    }

    fn as_initial(&self) -> impl Iterator<Item = Message> {
        self.states.values().map(|message| Message { change: Change::Initialized, ..*message })
    }

    fn tell_states(&mut self, id: u64) {
        let states: Vec<Message> = self.as_initial().collect();
        if let Some(subscription) = self.find(id) {
            states.into_iter().for_each(|message| subscription.push(message));
        }
    }
}

impl Subscription {
    fn push(&mut self, message: Message) {
        if self.queue.len() == MOST_MESSAGES {
            self.queue.pop_front();
        }
        self.queue.push_back(message);
    }
}

impl Device {
    /// Tells an event to all who listen. An input's state stays for those who come later.
    pub(crate) fn tell(&self, event: &DeviceEvent) {
        if event.topic == EventTopic::DigitalInput
            && let Some(input) = self.state().inputs.get_mut(event.index)
        {
            *input = event.state;
        }
        self.events.publish(*event, self.now());
    }

    /// How things stand when nothing has happened yet.
    pub(super) fn tell_beginning(&self) {
        let spec = &self.spec;
        let all = [
            (EventTopic::Motion, spec.cameras.len()),
            (EventTopic::DigitalInput, spec.inputs),
            (EventTopic::Relay, spec.relays),
        ];
        for (topic, count) in all {
            (0..count).for_each(|index| self.tell(&DeviceEvent { topic, index, state: false }));
        }
    }

    /// The value of an event's source.
    pub(super) fn event_source(&self, event: &DeviceEvent) -> String {
        match event.topic {
            EventTopic::DigitalInput => answers::input_token(event.index),
            EventTopic::Relay => answers::relay_token(event.index),
            topic if topic.form().source == "Source" => answers::listed_source(event.index),
            _ => answers::source_configuration(event.index),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn motion(state: bool) -> DeviceEvent {
        DeviceEvent { topic: EventTopic::Motion, index: 0, state }
    }

    fn states(messages: &[Message]) -> Vec<(bool, Change)> {
        messages.iter().map(|message| (message.event.state, message.change)).collect()
    }

    #[test]
    fn a_subscription_begins_with_the_state_of_things() {
        let hub = EventHub::new();
        hub.publish(motion(true), UtcMillis(1));
        hub.publish(DeviceEvent { topic: EventTopic::LineCrossed, index: 0, state: true }, UtcMillis(2));
        let id = hub.subscribe(Duration::from_secs(60), 1).unwrap();
        assert_eq!(hub.subscribe(Duration::from_secs(60), 1), None);
        hub.publish(motion(false), UtcMillis(3));
        assert_eq!(states(&hub.take(id, 1).unwrap()), [(true, Change::Initialized)]);
        assert_eq!(states(&hub.take(id, 9).unwrap()), [(false, Change::Changed)]);
        assert!(hub.synchronise(id));
        assert_eq!(states(&hub.take(id, 9).unwrap()), [(false, Change::Initialized)]);
        assert!(hub.end(id) && hub.take(id, 9).is_none() && !hub.renew(id, Duration::ZERO));
    }

    #[test]
    fn a_subscription_that_is_over_makes_room() {
        let hub = EventHub::new();
        let id = hub.subscribe(Duration::ZERO, 1).unwrap();
        assert!(hub.take(id, 1).is_none());
        assert!(hub.subscribe(Duration::from_secs(60), 1).is_some());
        hub.forget_all();
        assert_eq!(hub.subscriptions(), 0);
    }
}
