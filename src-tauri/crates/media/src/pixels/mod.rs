//! Whatever needs decoded pictures. GStreamer pipelines, each with a deadline or an owner that stops it.
//!
//! * [`snapshot`]: a JPEG of the last of some access units: live snapshots, recorded frames, thumbnails.
//! * [`decode_pace`]: how fast this machine decodes a stream.
//! * [`TranscodePool`]: H.264 variants of streams a viewer cannot decode; one per stream and height, shared, counted.
//! * [`pictures`]: a stream's decoded pictures, one after the other, for whoever looks at them; [`recorded_pictures`]: a
//!   recording's.
//! * [`draw`]: pictures with something drawn onto them, as H.264.
//! * [`Burner`]: a recording with words burnt into its pictures, as a file of its own.
//! * [`ensure_plugins`]: what is missing on this machine and which package brings it.
//!
//! Tasks: one per running variant, joined by [`TranscodePool::stop`], and one per [`PictureStream`], joined by its
//! `stop`; each feeds a pipeline and watches its bus through a bounded channel. Callbacks on GStreamer's threads take short locks and never wait. Snapshots run on the blocking
//! pool, as many at a time as there are cores. Nothing of GStreamer is public.

mod burn;
mod caps;
mod decoder;
mod drawn;
mod encoder;
mod pace;
mod pictures;
mod plugins;
mod run;
mod snapshot;
mod transcode;

pub use burn::{BurnPlan, BurnUnit, Burner, BurntFacts};
pub use drawn::{Colour, Drawing, Drawn, DrawnSpec, Fill, draw};
pub use encoder::h264_encoder;
pub use pace::{DecodePace, decode_pace};
pub use pictures::{Luma, Picture, PictureSpec, PictureStream, Rgb, pictures, recorded_pictures};
pub use plugins::{MissingElement, PluginReport, ensure_plugins};
pub use snapshot::snapshot;
pub use transcode::{TranscodePool, TranscodeStats, VariantLease, VariantSpec, VariantState};

use gstreamer as gst;
use watchwall_model::{ErrorCode, Problem};

/// Initialises GStreamer once.
fn init() -> Result<(), Problem> {
    gst::init().map_err(|e| Problem::new(ErrorCode::EngineMissing).with("element", "gstreamer").because(e))
}

fn element(name: &str) -> Result<gst::Element, Problem> {
    let made = gst::ElementFactory::make(name).build();
    made.map_err(|_| {
        Problem::new(ErrorCode::EngineMissing).with("element", name).with("package", plugins::package_of(name))
    })
}

/// Sets a property where this version of the element has it.
fn set(element: &gst::Element, property: &str, value: &str) {
    use gst::prelude::*;
    if element.find_property(property).is_some() {
        element.set_property_from_str(property, value);
    }
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(2, std::num::NonZero::get)
}
