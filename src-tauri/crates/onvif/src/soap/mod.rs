//! SOAP 1.2 as cameras speak it: what a request looks like, what an answer is, what a fault means.
//!
//! Pure text in and out; sending is the transport's.

mod answer;
mod envelope;
mod fault;
mod operation;
mod service;
mod xml;

pub use answer::{Answer, NotSoap, read_answer};
pub use envelope::{Addressing, Envelope};
pub use fault::{Fault, FaultKind};
pub use operation::{Effect, Gap, Login, Operation, Patience};
pub use service::Service;
pub use xml::{Xml, escape};
