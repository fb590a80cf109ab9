//! Plays one side of the protocol and checks the other: [`check_site`] is a scripted node, [`check_node`] a scripted
//! site. Each answers a [`Verdict`], one line per promise of `docs/ai-engine.md`. No task outlives its check.

mod archive;
mod of_node;
mod of_site;
mod preview;
mod verdict;
mod wire;

pub use archive::Recording;
pub use of_node::{NodeCheck, check_node};
pub use of_site::{ANSWER_WITHIN, check_site};
pub use verdict::{Outcome, Verdict};
