//! The running site: its domains, one folder each. Actors and reconcilers live here.
//!
//! A domain talks to another only through its handle. Nothing here knows HTTP.

pub mod cameras;
pub mod recording;
