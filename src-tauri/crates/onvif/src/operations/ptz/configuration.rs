//! How a PTZ unit is set up.

use super::node::PtzSpaces;
use crate::{dates::parse_duration_ms, operations::Span, soap::Gap};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PtzConfiguration {
    pub token: String,
    pub name: String,
    pub node_token: String,
    /// After which a continuous move stops by itself, if the device means it.
    pub default_timeout_ms: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetPtzConfigurations;

operation! {
    GetPtzConfigurations "GetConfigurations" of Ptz -> Vec<PtzConfiguration> {}
    read(self, answer) {
        let configurations = answer.children("PTZConfiguration").filter_map(|node| {
            Some(PtzConfiguration {
                token: node.token()?.to_owned(),
                name: node.string_of("Name"),
                node_token: node.string_of("NodeToken"),
                default_timeout_ms: node.text_of("DefaultPTZTimeout").and_then(parse_duration_ms),
            })
        });
        Ok(configurations.collect())
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GetPtzConfigurationOptions {
    pub configuration: String,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct PtzConfigurationOptions {
    pub spaces: PtzSpaces,
    /// Timeouts a continuous move may carry, when the device lists a range that makes sense: some list nothing but zero.
    pub timeout_ms: Option<Span<u64>>,
}

operation! {
    GetPtzConfigurationOptions "GetConfigurationOptions" of Ptz -> PtzConfigurationOptions {}
    write(self, body) { body.leaf("ConfigurationToken", &self.configuration); }
    read(self, answer) {
        let options = answer.child("PTZConfigurationOptions").ok_or(Gap("PTZConfigurationOptions"))?;
        let timeout_ms = options.child("PTZTimeout").and_then(|range| {
            let read = |name| range.text_of(name).and_then(parse_duration_ms);
            let span = Span { min: read("Min")?, max: read("Max")? };
            (span.min < span.max && span.max >= 1000).then_some(span)
        });
        Ok(PtzConfigurationOptions { spaces: options.child("Spaces").map(PtzSpaces::read).unwrap_or_default(), timeout_ms })
    }
}
