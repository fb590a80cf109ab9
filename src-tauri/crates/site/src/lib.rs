//! The running site: its domains, one folder each. Actors and reconcilers live here.
//!
//! A domain talks to another only through its handle; [`Site`] starts and stops them, `tap`, `sense` and `edge` join
//! cameras to recording and the outlet, `looks` joins cameras and the outlet to analytics, `alert` joins all of them to
//! alarms.
//! Nothing here knows HTTP.

pub mod alarms;
mod alert;
pub mod analytics;
pub mod cameras;
mod edge;
pub mod evidence;
pub mod language;
mod looks;
pub mod outlet;
pub mod recording;
mod sense;
mod site;
mod tap;
mod upkeep;

pub use alert::AlertFigures;
pub use site::{Notice, Site, SiteOptions};
