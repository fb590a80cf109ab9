//! Configurations of the metadata track. Both media services.

use super::tokens;
use crate::onvif::call::{Answer, Call, Refusal, Service};

pub(super) fn answer(call: &Call<'_>) -> Answer {
    if !call.quirks.offers_metadata() {
        return if call.operation == "GetMetadataConfigurations" { call.done() } else { Err(Refusal::unsupported()) };
    }
    let prefix = call.service.prefix();
    if call.operation == "GetMetadataConfiguration" && call.service == Service::Media {
        let token = call.text("ConfigurationToken")?;
        let found = (0..call.channels()).find(|channel| tokens::metadata(*channel) == token);
        let channel = found.ok_or_else(|| Refusal::sender(&["InvalidArgVal", "NoConfig"], "There is no such"))?;
        return call.answer(element(&format!("{prefix}:Configuration"), channel));
    }
    let list = (0..call.channels()).map(|channel| element(&format!("{prefix}:Configurations"), channel));
    call.answer(list.collect::<String>())
}

/// The configuration of a channel, as an element of that name.
pub(super) fn element(name: &str, channel: usize) -> String {
    format!(
        "<{name} token=\"{}\"><tt:Name>Metadata {}</tt:Name><tt:UseCount>2</tt:UseCount><tt:Events/>\
         <tt:Analytics>false</tt:Analytics><tt:Multicast><tt:Address><tt:Type>IPv4</tt:Type><tt:IPv4Address>0.0.0.0\
         </tt:IPv4Address></tt:Address><tt:Port>0</tt:Port><tt:TTL>0</tt:TTL><tt:AutoStart>false</tt:AutoStart></tt:Multicast>\
         <tt:SessionTimeout>PT60S</tt:SessionTimeout></{name}>",
        tokens::metadata(channel),
        channel + 1
    )
}
