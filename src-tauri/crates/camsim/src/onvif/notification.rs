//! One message as XML, the same in a pull and in the metadata track.

use super::{
    Device, Quirk,
    call::escape,
    dates::utc_text,
    events::{Change, Message},
    quirk::QuirkSet,
};
use watchwall_model::UtcMillis;

/// What [`Quirk::OddDates`] writes, in turn.
const ODD: [&str; 5] =
    ["2024-05-01T00:61:16Z", "2024-05-01T-07:10:32Z", "2010-01-01-00:00:00", "0000-00-00T00:00:00Z", ""];

/// How the device writes dates.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stamp {
    quirks: QuirkSet,
}

impl Stamp {
    pub const fn new(quirks: QuirkSet) -> Self {
        Self { quirks }
    }

    pub fn text(self, at: UtcMillis) -> String {
        let text = utc_text(at);
        if self.quirks.has(Quirk::NanosecondDates) { text.replace('Z', "123456+00:00") } else { text }
    }

    /// The date of the message at this place of an answer.
    pub fn of_message(self, index: usize, at: UtcMillis) -> String {
        if self.quirks.has(Quirk::OddDates) { ODD[index % ODD.len()].to_owned() } else { self.text(at) }
    }
}

/// `wsnt:NotificationMessage`; its prefixes are declared around it.
pub(super) fn notification_xml(device: &Device, message: &Message, at: &str) -> String {
    let form = message.event.topic.form();
    let operation = match (form.is_property, message.change) {
        (false, _) => "",
        (true, Change::Initialized) => " PropertyOperation=\"Initialized\"",
        (true, Change::Changed) => " PropertyOperation=\"Changed\"",
    };
    let value = match form.data {
        "ObjectId" => "17".to_owned(),
        _ => message.event.state.to_string(),
    };
    format!(
        "<wsnt:NotificationMessage><wsnt:Topic Dialect=\"http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet\">tns1:{}\
         </wsnt:Topic><wsnt:Message><tt:Message UtcTime=\"{at}\"{operation}><tt:Source><tt:SimpleItem Name=\"{}\" Value=\"{}\"/>\
         </tt:Source><tt:Data><tt:SimpleItem Name=\"{}\" Value=\"{value}\"/></tt:Data></tt:Message></wsnt:Message>\
         </wsnt:NotificationMessage>",
        form.topic,
        form.source,
        escape(&device.event_source(&message.event)),
        form.data
    )
}
