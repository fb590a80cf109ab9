//! Which decoder.

use super::{cores, element, set};
use gstreamer as gst;
use std::sync::{LazyLock, Mutex, PoisonError};
use watchwall_model::{ErrorCode, Problem, VideoCodec};

/// Decoders that failed on a stream of ours; they are tried last from then on.
static FAILED: LazyLock<Mutex<Vec<&'static str>>> = LazyLock::new(Mutex::default);

/// What the decoder is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A few pictures: software, which starts at once.
    Stills,
    /// A stream without delay: hardware where the machine has it.
    Stream,
    /// A recording as fast as it goes: hardware likewise, and pictures may be held back for it.
    Recording,
}

/// Names of decoders to try, best first. Hardware ones exist in the registry only where a driver was found.
pub fn candidates(codec: &VideoCodec, purpose: Purpose) -> Vec<&'static str> {
    let (hardware, software): (&[&str], &[&str]) = match codec {
        VideoCodec::H264 => {
            (&["nvh264dec", "vah264dec", "qsvh264dec", "d3d11h264dec", "vtdec"], &["avdec_h264", "openh264dec"])
        }
        VideoCodec::H265 => {
            (&["nvh265dec", "vah265dec", "qsvh265dec", "d3d11h265dec", "vtdec"], &["avdec_h265", "libde265dec"])
        }
        VideoCodec::Mjpeg => (&[], &["jpegdec", "avdec_mjpeg"]),
        VideoCodec::Other(_) => (&[], &[]),
    };
    let hardware = if purpose == Purpose::Stills { &[] } else { hardware };
    let found = hardware.iter().chain(software).copied().filter(|name| gst::ElementFactory::find(name).is_some());
    let mut found: Vec<&'static str> = found.collect();
    let failed = FAILED.lock().unwrap_or_else(PoisonError::into_inner);
    // Stable: otherwise the order stays.
    found.sort_by_key(|name| failed.contains(name));
    found
}

/// Why there is none: which element is missing, or that the codec is not one we decode.
pub fn none_for(codec: &VideoCodec) -> Problem {
    let wanted = match codec {
        VideoCodec::H264 => "avdec_h264",
        VideoCodec::H265 => "avdec_h265",
        VideoCodec::Mjpeg => "jpegdec",
        VideoCodec::Other(name) => return Problem::new(ErrorCode::CodecUnsupported).with("codec", name),
    };
    Problem::new(ErrorCode::EngineMissing).with("element", wanted).with("package", super::plugins::package_of(wanted))
}

pub fn note_failed(name: &'static str) {
    let mut failed = FAILED.lock().unwrap_or_else(PoisonError::into_inner);
    if !failed.contains(&name) {
        failed.push(name);
    }
}

/// Makes a decoder; for a stream, one that holds nothing back.
///
/// # Errors
/// `engine_missing`.
pub fn make(name: &str, purpose: Purpose) -> Result<gst::Element, Problem> {
    let decoder = element(name)?;
    // Frame threads hold one picture back each; slices none.
    set(&decoder, "thread-type", if purpose == Purpose::Stream { "slice" } else { "frame+slice" });
    set(&decoder, "max-threads", &cores().min(4).to_string());
    // A late picture is still the newest one.
    set(&decoder, "qos", "false");
    Ok(decoder)
}

/// An element that copies pictures from the card to memory, where the decoder leaves them there.
pub fn download(name: &str) -> Option<&'static str> {
    match name {
        "nvh264dec" | "nvh265dec" => Some("cudadownload"),
        "vah264dec" | "vah265dec" => Some("vapostproc"),
        "d3d11h264dec" | "d3d11h265dec" => Some("d3d11download"),
        _ => None,
    }
    .filter(|name| gst::ElementFactory::find(name).is_some())
}
