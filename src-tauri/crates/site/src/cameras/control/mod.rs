//! Control: moves cameras and changes what devices can be set to.
//!
//! [`Control`] asks devices over the links of [`super::health`], so that one request of a device is on its way at a time
//! and a refused password is refused for all. Only moving has state: one actor per camera that is or was just moved
//! (`ptz::seat`), owned by [`Control`] and joined by [`Control::stop`]; commands reach it by a queue of 16, and who finds
//! it full waits a moment and is told so. Rights, audit and HTTP are the server's; rules of a patrol, of who may hold a
//! camera and of where a click aims are pure.

mod accounts;
mod clock;
mod encoders;
mod handle;
mod io;
mod picture;
mod ptz;

pub use accounts::NewAccount;
pub use clock::{ClockFacts, ClockOrder};
pub(in crate::cameras) use clock::{read_clock, set_clock_of};
pub(in crate::cameras) use encoders::set_encoder_of;
pub use encoders::{EncoderOrder, EncoderSetup, Fit};
pub use handle::Control;
pub use io::{InputFacts, RelayFacts};
pub use picture::PictureFacts;
pub use ptz::{Action, LockFacts, Operator, PatrolFacts, PtzFacts, PtzOutcome, PtzSight};

/// What devices are set to, as they spell it.
pub use watchwall_onvif::operations::{
    DeviceUser, EncoderOption, FocusMove, FocusOptions, FocusStatus, ImagingOptions, ImagingSettings, MoveStatus, Osd,
    OsdOptions, OsdPosition, OsdText, Preset, PtzSpace, PtzSpaces, PtzVector, RelayMode, Size, Span, UserLevel,
    VideoEncoder,
};
