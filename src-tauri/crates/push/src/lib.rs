//! How alarms reach people: one [`Message`] goes to one [`Target`], and what came of it comes back as an [`Outcome`].
//!
//! `webhook`, `feishu`, `wecom`, `dingtalk`, `mail` and `mqtt` each read their settings, render a message purely and send
//! it; `exchange` and `verdict` are what those over HTTP share, `reach` says which addresses may be contacted, `trust` who
//! is believed, `veil` takes secrets out of what is told. The only crate that knows lettre and MQTT.
//!
//! What is not here: queues, retries, logs, languages, the database. A failure is returned, never logged.
//!
//! The only tasks are the sessions of MQTT, one per broker and login; [`Pusher`] owns and [`Pusher::close`] joins them.

mod authorities;
mod body;
mod dingtalk;
mod exchange;
mod feishu;
mod fields;
mod http_place;
mod kind;
mod line;
mod mail;
mod markdown;
mod message;
mod mqtt;
mod outcome;
mod pusher;
mod reach;
mod robot;
mod sign;
mod target;
mod template;
mod veil;
mod verdict;
mod webhook;
mod wecom;

pub use kind::ChannelKind;
pub use message::Message;
pub use outcome::{Answer, Outcome};
pub use pusher::{Pusher, PusherOptions};
pub use reach::Reach;
pub use target::Target;
