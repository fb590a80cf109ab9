//! Playback groups: several viewers that show the same recorded moment by the site's clock.
//!
//! [`clock`] and [`footing`] are pure: where the group stands, and whether time may go on. [`Groups`] holds the rooms by
//! name; a [`Seat`] is one member's place in one. [`run`] serves a member's socket on the task of its upgrade; nothing
//! here spawns a task. Pictures do not pass here: each tile has a playback socket of its own.

mod clock;
mod footing;
mod name;
mod room;
mod session;

pub use name::GroupName;
pub use room::Groups;
pub use session::run;
