//! The harness of the integration tests: a whole site on a free port with a folder of its own, virtual cameras, and
//! clients for HTTP and the sockets.
//!
//! The site runs in the test's process as `watchwall serve` would run it; [`Binary`] runs the real command where
//! signals and exit codes matter. Waits are for conditions, with a deadline; nothing here sleeps and hopes.

mod ai_node;
mod binary;
mod boxes;
mod cameras;
mod client;
mod data;
mod devices;
mod examination;
mod network;
mod served;
mod site;
mod socket;
mod wait;

pub use ai_node::{AiNode, AiNodeSpec, Told};
pub use binary::Binary;
pub use boxes::{has_box, top_boxes};
pub use cameras::{demo_like, farm, small_stream};
pub use client::{Answer, Client};
pub use data::DataFolder;
pub use devices::{DeviceFarm, USER};
pub use examination::{EXAMINED_WITHIN, at_login, examination_ended, examine, line_of, report_says};
pub use network::{Network, network_or_skip};
pub use served::ServedSite;
pub use site::{SiteOptions, TestSite, local_token};
pub use socket::{Binary as BinaryMessage, Closed, Heard, Socket};
pub use wait::{soon, until};
