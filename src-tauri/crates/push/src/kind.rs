//! The ways to reach people.

use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChannelKind {
    Webhook,
    Feishu,
    Wecom,
    Dingtalk,
    Smtp,
    Mqtt,
    /// The site shows it itself; nothing is sent.
    Desktop,
}

impl ChannelKind {
    pub const ALL: [Self; 7] =
        [Self::Webhook, Self::Feishu, Self::Wecom, Self::Dingtalk, Self::Smtp, Self::Mqtt, Self::Desktop];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Feishu => "feishu",
            Self::Wecom => "wecom",
            Self::Dingtalk => "dingtalk",
            Self::Smtp => "smtp",
            Self::Mqtt => "mqtt",
            Self::Desktop => "desktop",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_the_wire_and_of_the_code_are_the_same() {
        for kind in ChannelKind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
            assert_eq!(ChannelKind::parse(kind.as_str()), Some(kind));
        }
        assert_eq!(ChannelKind::parse("pager"), None);
    }
}
