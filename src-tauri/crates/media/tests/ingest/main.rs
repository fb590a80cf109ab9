//! Ingest against virtual cameras: what a camera sees of us, and what we make of what a camera does.

mod cameras;
mod connect;
mod engines;
mod faults;
mod passwords;
mod probes;
mod times;
