//! What the node sees, shown: pictures with boxes, regions and lines drawn onto them, published where the site wants it.
//!
//! [`Show`] is a task's end of it: it offers each picture with what was found in it, and never waits. `plan` reads a
//! `START_PREVIEW`; `marks` says what is to be drawn and `paint` how, with the `letters` of a font of our own; `clock`
//! gives packets their times. Those are pure. `exhibit` is the task per preview: it has pictures drawn on and coded
//! (`media::pixels`) and sends them by `publisher`, over one RTSP connection.
//!
//! Channels: one place for a picture on its way to the exhibit. While the site does not read, that place is taken and
//! pictures are left out: none waits.

mod clock;
mod exhibit;
mod letters;
mod marks;
mod paint;
mod plan;
mod publisher;
mod show;

pub use plan::PreviewPlan;
pub use show::Show;
