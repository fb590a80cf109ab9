//! The metadata track: what happens at a device, as XML documents within RTP (ONVIF Streaming Specification, chapter on
//! metadata).

use super::{
    Device, Quirk,
    events::{EventTopic, Message},
    notification::{Stamp, notification_xml},
    quirk::QuirkSet,
};
use tokio::sync::broadcast::{self, error::RecvError};

/// Documents for one session. The first tells how things stand.
pub(crate) struct MetadataFeed {
    channel: usize,
    states: Option<Vec<Message>>,
    news: broadcast::Receiver<Message>,
}

impl QuirkSet {
    /// Whether streams describe a metadata track.
    pub fn offers_metadata(self) -> bool {
        let quirks = [Quirk::MetadataTrack, Quirk::MetadataOnly, Quirk::PullPointsRefused, Quirk::MetadataRefused];
        quirks.into_iter().any(|quirk| self.has(quirk))
    }
}

impl Device {
    pub(crate) fn offers_metadata(&self) -> bool {
        self.quirks().offers_metadata()
    }

    pub(crate) fn refuses_metadata(&self) -> bool {
        self.quirks().has(Quirk::MetadataRefused)
    }

    /// What happens from now on at a camera of this device, by the camera's number, and at the device as a whole.
    pub(crate) fn metadata(&self, camera: usize) -> Option<MetadataFeed> {
        let channel = self.spec.cameras.iter().position(|own| *own == camera)?;
        let (states, news) = self.events.follow();
        Some(MetadataFeed { channel, states: Some(states), news })
    }

    /// One document.
    pub(crate) fn metadata_document(&self, messages: &[Message]) -> String {
        let stamp = Stamp::new(self.quirks());
        let list: String = messages
            .iter()
            .enumerate()
            .map(|(index, message)| notification_xml(self, message, &stamp.of_message(index, message.at)))
            .collect();
        // A detector that sees nothing: what clients of events have no use for.
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<tt:MetadataStream xmlns:tt=\"http://www.onvif.org/ver10/schema\" \
             xmlns:wsnt=\"http://docs.oasis-open.org/wsn/b-2\" xmlns:tns1=\"http://www.onvif.org/ver10/topics\">\
             <tt:VideoAnalytics><tt:Frame UtcTime=\"{}\"/></tt:VideoAnalytics><tt:Event>{list}</tt:Event></tt:MetadataStream>",
            stamp.text(self.now())
        )
    }
}

impl MetadataFeed {
    /// What the next document tells; `None` when there will be none any more.
    pub(crate) async fn next(&mut self) -> Option<Vec<Message>> {
        if let Some(mut states) = self.states.take() {
            states.retain(|message| self.concerns(message));
            return Some(states);
        }
        loop {
            match self.news.recv().await {
                Ok(message) if self.concerns(&message) => return Some(vec![message]),
                Ok(_) | Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return None,
            }
        }
    }

    /// Of its own channel, or of no channel at all.
    fn concerns(&self, message: &Message) -> bool {
        matches!(message.event.topic, EventTopic::DigitalInput | EventTopic::Relay)
            || message.event.index == self.channel
    }
}
