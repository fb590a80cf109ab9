//! Where a message goes.

use crate::{
    ChannelKind,
    fields::Fields,
    mail::Mail,
    mqtt::Mqtt,
    robot::Robot,
    veil::Veil,
    webhook::Webhook,
    {dingtalk, feishu, wecom},
};
use std::{collections::BTreeMap, fmt};
use watchwall_model::{Problem, Secret};

/// A way to reach people, checked and ready to be used. Besides the settings of its kind each but the desktop takes `ca`:
/// own authorities as PEM, believed besides the public ones.
#[derive(Clone)]
pub struct Target {
    kind: ChannelKind,
    place: String,
    pub(crate) way: Way,
    pub(crate) veil: Veil,
}

#[derive(Clone)]
pub(crate) enum Way {
    Webhook(Webhook),
    Feishu(Robot),
    Wecom(Robot),
    Dingtalk(Robot),
    Mail(Mail),
    Mqtt(Mqtt),
    Desktop,
}

impl Target {
    /// Checks everything a person may get wrong.
    ///
    /// # Errors
    /// `request_invalid` with `field`, the name of a setting or secret (those of mail call `from` `sender` and `to`
    /// `recipients`), and `reason`: `missing`, `unknown`, `too_long`, `too_many`, `control_characters`, `url_invalid`,
    /// `scheme_unsupported`, `credentials_in_url`, `port_invalid`, `address_invalid`, `topic_invalid`, `template_invalid`
    /// or `certificate_invalid`.
    pub fn read(
        kind: ChannelKind,
        settings: &BTreeMap<String, String>,
        secrets: &BTreeMap<String, Secret>,
    ) -> Result<Self, Problem> {
        let fields = Fields { settings, secrets };
        let robot = |secrets: &[&str], way: fn(Robot) -> Way| -> Result<_, Problem> {
            let robot = Robot::read(fields, secrets)?;
            Ok((robot.place(), robot.veil(), way(robot)))
        };
        let (place, veil, way) = match kind {
            ChannelKind::Webhook => {
                let webhook = Webhook::read(fields)?;
                (webhook.place(), webhook.veil(), Way::Webhook(webhook))
            }
            ChannelKind::Feishu => robot(&feishu::SECRETS, Way::Feishu)?,
            ChannelKind::Wecom => robot(&wecom::SECRETS, Way::Wecom)?,
            ChannelKind::Dingtalk => robot(&dingtalk::SECRETS, Way::Dingtalk)?,
            ChannelKind::Smtp => {
                let mail = Mail::read(fields)?;
                (mail.place(), mail.veil(), Way::Mail(mail))
            }
            ChannelKind::Mqtt => {
                let mqtt = Mqtt::read(fields)?;
                (mqtt.place(), mqtt.veil(), Way::Mqtt(mqtt))
            }
            ChannelKind::Desktop => {
                fields.only(&[], &[])?;
                (String::new(), Veil::default(), Way::Desktop)
            }
        };
        Ok(Self { kind, place, way, veil })
    }

    pub const fn kind(&self) -> ChannelKind {
        self.kind
    }

    /// Where it goes, without secrets: host and path without tokens, addresses of mail, broker and topic.
    pub fn place(&self) -> String {
        self.place.clone()
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Target({} {})", self.kind.as_str(), self.place)
    }
}
