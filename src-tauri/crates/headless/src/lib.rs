//! Watchwall without a window: starts the site and its server in this process.
//!
//! [`start`] is what `watchwall serve`, `watchwall demo` and the desktop shell call. It spawns nothing of its own:
//! site, server, virtual cameras and the built-in engine own their tasks and are stopped, in reverse order, by [`Running::stop`].

mod built_in_engine;
mod demo;
mod folders;
mod start;

pub use folders::{default_data_dir, demo_data_dir};
pub use start::{Running, StartOptions, start};
