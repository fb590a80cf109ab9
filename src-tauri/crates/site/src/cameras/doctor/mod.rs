//! Camera Doctor: everything about one camera, a verdict per line, and what can be mended at once.
//!
//! Pure: `check` what is looked at, `line` a verdict with what mends it, `rhythm` what pictures say together,
//! `place` whose line it is, `judge_device` and `judge_stream` the verdicts, `factory_login` known passwords. At the edge:
//! `ask_device` and `ask_channel` by ONVIF, `ask_stream` in RTSP sessions of its own, `run` all of them within a minute (a
//! recorder's channels four at a time), `mend`. [`DoctorJob`] is what others see.
//! No password is ever tried but the one that was given, through the memory of refused ones that a site shares.
//!
//! Tasks: one per examination and one per second look after a mend; they end with their job, or with
//! [`Cameras::stop`](super::Cameras::stop). One `watch` counts the changes of all jobs; lines are read from the job, so
//! nothing queues up.

mod ask_channel;
mod ask_device;
mod ask_stream;
mod check;
mod device_facts;
mod factory_login;
mod handle;
mod job;
mod judge_device;
mod judge_stream;
mod line;
mod mend;
mod picture_size;
mod place;
mod reach;
mod rhythm;
mod run;
mod scene;
mod stream_facts;
mod subject;
mod tools;

pub use check::{Area, Check, Skip};
pub use handle::{Doctor, Visit};
pub use job::{DoctorJob, DoctorReport, DoctorState, ExaminedFacts};
pub use line::{Line, LineProblem, Mend, MendKind, Verdict};
pub use mend::{MendOrder, Mended};
pub use place::Place;
pub use subject::DoctorWish;
