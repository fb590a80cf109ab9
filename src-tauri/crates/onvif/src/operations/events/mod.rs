//! The event service: subscriptions, messages, and which topics there are.

mod message;
mod properties;
mod subscription;

pub use message::{Notification, Property};
pub use properties::{AnalyticsModule, EventProperties, GetAnalyticsModules, GetEventProperties};
pub use subscription::{
    CreatePullPointSubscription, PullMessages, Pulled, Renew, SetSynchronizationPoint, Subscription, Termination,
    Unsubscribe,
};
