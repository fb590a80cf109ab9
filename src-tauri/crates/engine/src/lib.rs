//! The reference AI node: it looks for motion, tampering, crossed lines and intruders in the streams a site gives it, and
//! with a model for what the model knows.
//!
//! [`run`] is a whole node: `node` talks to the site, `task` pulls, decodes and reports, `scenes` looks, [`detect`] runs a
//! model, `preview` shows what was seen. [`conformance`]
//! plays one side of the protocol to check the other. Nothing here knows the site's inside: a node is a program of its
//! own, and this one speaks only what `docs/ai-engine.md` says.
//!
//! Tasks: the node (whoever calls [`run`]), one per task of the site, tracked and joined by the node, one per preview that
//! the site wants, joined by its task. Channels: two `watch`es per task with its plan and its preview, a bounded outbox of
//! the node. A task with a range looks at what was recorded, as fast as it can.

pub mod conformance;
pub mod detect;
mod error;
mod node;
mod options;
mod preview;
pub mod scenes;
mod task;

pub use error::EngineError;
pub use node::run;
pub use options::{EngineOptions, SiteAddress};
