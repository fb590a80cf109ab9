//! The picture itself: brightness, exposure, day and night, focus. Keyed by the token of the picture source.

mod focus;
mod settings;

pub use focus::{FocusMove, FocusOptions, FocusStatus, GetFocusOptions, GetFocusStatus, MoveFocus, StopFocus};
pub use settings::{GetImagingOptions, GetImagingSettings, ImagingOptions, ImagingSettings, SetImagingSettings};
