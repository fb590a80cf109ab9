//! Which GStreamer elements are needed and where they come from.

use gstreamer as gst;

/// Element and the Debian package that brings it.
const NEEDED: &[(&str, &str)] = &[
    ("appsrc", BASE),
    ("appsink", BASE),
    ("videoconvert", BASE),
    ("videoscale", BASE),
    ("urisourcebin", BASE),
    ("parsebin", BASE),
    ("rtspsrc", GOOD),
    ("rtph264depay", GOOD),
    ("jpegdec", GOOD),
    ("jpegenc", GOOD),
    ("qtdemux", GOOD),
    ("souphttpsrc", GOOD),
    ("h264parse", BAD),
    ("h265parse", BAD),
    ("srtsrc", BAD),
    ("rtmp2src", BAD),
    ("hlsdemux", BAD),
    ("avdec_h264", LIBAV),
    ("avdec_h265", LIBAV),
    ("x264enc", UGLY),
    ("textoverlay", X),
];
const BASE: &str = "gstreamer1.0-plugins-base";
const GOOD: &str = "gstreamer1.0-plugins-good";
const BAD: &str = "gstreamer1.0-plugins-bad";
const UGLY: &str = "gstreamer1.0-plugins-ugly";
const X: &str = "gstreamer1.0-x";
const LIBAV: &str = "gstreamer1.0-libav";

/// An element that is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MissingElement {
    pub element: &'static str,
    /// The Debian package that brings it.
    pub package: &'static str,
}

/// What [`ensure_plugins`] found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PluginReport {
    pub missing: Vec<MissingElement>,
}

impl PluginReport {
    pub fn is_complete(&self) -> bool {
        self.missing.is_empty()
    }
}

/// Initialises GStreamer and looks for every element this crate uses. Reads the plugin registry: call it off the
/// async threads.
pub fn ensure_plugins() -> PluginReport {
    if let Err(problem) = super::init() {
        tracing::error!(error = %problem, "GStreamer cannot be used");
        return PluginReport { missing: NEEDED.iter().map(missing).collect() };
    }
    let is_absent = |(element, _): &&(&str, &str)| gst::ElementFactory::find(element).is_none();
    PluginReport { missing: NEEDED.iter().filter(is_absent).map(missing).collect() }
}

const fn missing(&(element, package): &(&'static str, &'static str)) -> MissingElement {
    MissingElement { element, package }
}

/// The package that brings an element, as far as we know.
pub fn package_of(element: &str) -> &'static str {
    NEEDED.iter().find(|(name, _)| *name == element).map_or(BAD, |(_, package)| package)
}
