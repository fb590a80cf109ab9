//! Pull points: made, pulled, kept alive, ended.

use super::message::Notification;
use crate::{
    dates::{format_duration_ms, format_utc, parse_utc},
    soap::{Effect, Gap, Login, Operation, Patience, Service, Xml},
    transport::Endpoint,
    tree::Node,
};
use watchwall_model::UtcMillis;

/// When a subscription ends by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Termination {
    After {
        ms: u64,
    },
    /// For devices that ignore durations; by their own clock.
    At(UtcMillis),
}

impl Termination {
    fn text(self) -> String {
        match self {
            Self::After { ms } => format_duration_ms(ms),
            Self::At(at) => format_utc(at),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreatePullPointSubscription {
    pub termination: Termination,
}

/// A subscription as the device made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    pub endpoint: Endpoint,
    /// The device's clock.
    pub now: Option<UtcMillis>,
    /// By the device's clock.
    pub ends: Option<UtcMillis>,
}

impl Subscription {
    /// How long it lives; `None` when the device does not tell or tells nonsense.
    pub fn lifetime_ms(&self) -> Option<u64> {
        u64::try_from(self.ends? - self.now?).ok().filter(|ms| *ms > 0)
    }
}

const EVENT_PORT: &str = "http://www.onvif.org/ver10/events/wsdl/EventPortType";
const PULL_POINT: &str = "http://www.onvif.org/ver10/events/wsdl/PullPointSubscription";
const MANAGER: &str = "http://docs.oasis-open.org/wsn/bw-2/SubscriptionManager";

impl Operation for CreatePullPointSubscription {
    type Answer = Subscription;
    const NAME: &'static str = "CreatePullPointSubscription";
    const EFFECT: Effect = Effect::Change;
    const LOGIN: Login = Login::Needed;

    fn service(&self) -> Service {
        Service::Events
    }

    fn write(&self, body: &mut Xml) {
        body.leaf("InitialTerminationTime", self.termination.text());
    }

    fn read(&self, answer: Node<'_>) -> Result<Subscription, Gap> {
        let reference = answer.child("SubscriptionReference").ok_or(Gap("SubscriptionReference"))?;
        let parameters = reference.child("ReferenceParameters").or_else(|| reference.child("ReferenceProperties"));
        Ok(Subscription {
            endpoint: Endpoint {
                address: reference.text_of("Address").ok_or(Gap("Address"))?.to_owned(),
                reference_parameters: parameters
                    .into_iter()
                    .flat_map(Node::elements)
                    .filter(is_small)
                    .take(16)
                    .map(Node::to_xml)
                    .collect(),
            },
            now: answer.text_of("CurrentTime").and_then(parse_utc),
            ends: answer.text_of("TerminationTime").and_then(parse_utc),
        })
    }

    fn action(&self) -> String {
        format!("{EVENT_PORT}/CreatePullPointSubscriptionRequest")
    }
}

/// What is to be copied into every request.
fn is_small(node: &Node<'_>) -> bool {
    node.descendants().nth(64).is_none()
}

/// Messages that came, or that come while the device waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PullMessages {
    /// How long the device may wait for something to happen.
    pub wait_ms: u32,
    pub most: u32,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pulled {
    pub now: Option<UtcMillis>,
    pub ends: Option<UtcMillis>,
    pub messages: Vec<Notification>,
}

impl Operation for PullMessages {
    type Answer = Pulled;
    const NAME: &'static str = "PullMessages";
    // Asked twice, messages may be lost: the first answer takes them away.
    const EFFECT: Effect = Effect::Change;

    fn service(&self) -> Service {
        Service::Subscription
    }

    fn write(&self, body: &mut Xml) {
        body.leaf("Timeout", format_duration_ms(u64::from(self.wait_ms))).leaf("MessageLimit", self.most);
    }

    fn read(&self, answer: Node<'_>) -> Result<Pulled, Gap> {
        Ok(Pulled {
            now: answer.text_of("CurrentTime").and_then(parse_utc),
            ends: answer.text_of("TerminationTime").and_then(parse_utc),
            messages: answer.children("NotificationMessage").filter_map(Notification::read).collect(),
        })
    }

    fn action(&self) -> String {
        format!("{PULL_POINT}/PullMessagesRequest")
    }

    fn patience(&self) -> Patience {
        Patience::Waits { ms: self.wait_ms }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Renew {
    pub termination: Termination,
}

impl Operation for Renew {
    /// When it ends now, by the device's clock.
    type Answer = Option<UtcMillis>;
    const NAME: &'static str = "Renew";
    const EFFECT: Effect = Effect::Change;

    fn service(&self) -> Service {
        Service::Subscription
    }

    fn write(&self, body: &mut Xml) {
        body.leaf("TerminationTime", self.termination.text());
    }

    fn read(&self, answer: Node<'_>) -> Result<Option<UtcMillis>, Gap> {
        Ok(answer.text_of("TerminationTime").and_then(parse_utc))
    }

    fn action(&self) -> String {
        format!("{MANAGER}/RenewRequest")
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unsubscribe;

impl Operation for Unsubscribe {
    type Answer = ();
    const NAME: &'static str = "Unsubscribe";
    const EFFECT: Effect = Effect::Change;

    fn service(&self) -> Service {
        Service::Subscription
    }

    fn read(&self, _answer: Node<'_>) -> Result<(), Gap> {
        Ok(())
    }

    fn action(&self) -> String {
        format!("{MANAGER}/UnsubscribeRequest")
    }
}

/// Asks for the state of everything once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetSynchronizationPoint;

impl Operation for SetSynchronizationPoint {
    type Answer = ();
    const NAME: &'static str = "SetSynchronizationPoint";
    const EFFECT: Effect = Effect::Change;

    fn service(&self) -> Service {
        Service::Subscription
    }

    fn read(&self, _answer: Node<'_>) -> Result<(), Gap> {
        Ok(())
    }

    fn action(&self) -> String {
        format!("{PULL_POINT}/SetSynchronizationPointRequest")
    }
}
