//! What engines are to look for, and which of them does.

pub mod board;
mod dispatch;

pub use dispatch::{Assignment, NodeStanding, Undispatched, assign};
