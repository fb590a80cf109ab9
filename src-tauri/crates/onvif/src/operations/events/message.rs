//! One notification as it came, before anybody says what it means.

use crate::{dates::parse_utc, tree::Node};
use std::collections::BTreeMap;
use watchwall_model::UtcMillis;

/// What a message says about the property it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Property {
    /// How things stood when the subscription began: a state, never an alarm.
    Initialized,
    Changed,
    Deleted,
    /// It happened and has no state.
    Occurrence,
}

/// A message of a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification {
    /// As written, with prefixes: `tns1:VideoSource/MotionAlarm`.
    pub topic: String,
    pub at: Option<UtcMillis>,
    pub property: Property,
    pub source: BTreeMap<String, String>,
    pub key: BTreeMap<String, String>,
    pub data: BTreeMap<String, String>,
}

/// A hostile message may not fill memory.
const MOST_ITEMS: usize = 64;

impl Notification {
    /// Reads a `NotificationMessage`; `None` without a topic.
    pub(crate) fn read(node: Node<'_>) -> Option<Self> {
        let topic = node.text_of("Topic")?.trim_end_matches(['/', '.']).to_owned();
        let outer = node.child("Message");
        let message = outer.and_then(|outer| outer.child("Message")).or(outer);
        let items = |name: &str| {
            let group = message.and_then(|message| message.child(name));
            let simple = group.into_iter().flat_map(|group| group.children("SimpleItem")).take(MOST_ITEMS);
            simple
                .filter_map(|item| Some((item.attribute("Name")?.to_owned(), item.attribute("Value")?.to_owned())))
                .collect()
        };
        Some(Self {
            topic,
            at: message.and_then(|message| message.attribute("UtcTime")).and_then(parse_utc),
            property: match message.and_then(|message| message.attribute("PropertyOperation")) {
                Some("Initialized") => Property::Initialized,
                Some("Changed") => Property::Changed,
                Some("Deleted") => Property::Deleted,
                _ => Property::Occurrence,
            },
            source: items("Source"),
            key: items("Key"),
            data: items("Data"),
        })
    }
}
