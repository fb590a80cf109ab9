//! What devices can be set to: picture, overlays, encoders, relays, clock, accounts.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use watchwall_model::Secret;

/// A thing of a device by its token, which is opaque and may hold any character.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TokenQuery {
    pub token: String,
}

#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct NameQuery {
    pub name: String,
}

/// From least to most, both allowed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RangeView {
    pub min: f64,
    pub max: f64,
}

/// How a picture is set. Modes are the standard's words (`ON`, `OFF`, `AUTO`, `MANUAL`) or the device's own. In a change,
/// what is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct ImagingView {
    pub backlight_mode: Option<String>,
    pub backlight_level: Option<f32>,
    pub brightness: Option<f32>,
    pub saturation: Option<f32>,
    pub contrast: Option<f32>,
    pub sharpness: Option<f32>,
    pub exposure_mode: Option<String>,
    /// Microseconds.
    pub exposure_time: Option<f32>,
    pub gain: Option<f32>,
    pub iris: Option<f32>,
    pub focus_mode: Option<String>,
    /// `ON` lets infrared out: day.
    pub ir_cut_filter: Option<String>,
    pub wide_dynamic_range_mode: Option<String>,
    pub wide_dynamic_range_level: Option<f32>,
    pub white_balance_mode: Option<String>,
}

/// What a picture may be set to; absent where the device does not list it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ImagingOptionsView {
    pub brightness: Option<RangeView>,
    pub saturation: Option<RangeView>,
    pub contrast: Option<RangeView>,
    pub sharpness: Option<RangeView>,
    pub exposure_modes: Vec<String>,
    pub ir_cut_filter_modes: Vec<String>,
    pub focus_modes: Vec<String>,
    pub wide_dynamic_range_modes: Vec<String>,
    pub white_balance_modes: Vec<String>,
}

/// `GET /api/v1/cameras/{id}/imaging`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct PictureView {
    pub settings: ImagingView,
    pub options: ImagingOptionsView,
    /// Absent where the focus cannot be moved.
    pub focus: Option<FocusView>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct FocusView {
    pub position: Option<f32>,
    pub moving: bool,
    pub absolute: Option<RangeView>,
    pub relative: Option<RangeView>,
    pub continuous: Option<RangeView>,
}

/// `POST /api/v1/cameras/{id}/focus`.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, ToSchema)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum FocusCommand {
    Absolute {
        position: f32,
    },
    Relative {
        distance: f32,
    },
    /// Until `stop`.
    Continuous {
        speed: f32,
    },
    Stop,
}

/// An overlay burnt into the picture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OsdView {
    /// Absent for a new one.
    #[serde(default)]
    pub token: Option<String>,
    /// `upper_left`, `upper_right`, `lower_left`, `lower_right`, `custom`, or the device's own word.
    pub position: String,
    /// Of a custom position: from -1 (left, bottom) to 1 (right, top).
    #[serde(default)]
    pub x: Option<f32>,
    #[serde(default)]
    pub y: Option<f32>,
    /// Absent for a picture, which cannot be changed here.
    #[serde(default)]
    pub text: Option<OsdTextView>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OsdTextView {
    /// `Plain`, `Date`, `Time` or `DateAndTime`.
    pub kind: String,
    #[serde(default)]
    pub plain: Option<String>,
    /// One of the device's own formats.
    #[serde(default)]
    pub date_format: Option<String>,
    #[serde(default)]
    pub time_format: Option<String>,
    #[serde(default)]
    pub font_size: Option<u32>,
}

/// `GET /api/v1/cameras/{id}/osds`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct OsdsView {
    pub items: Vec<OsdView>,
    /// Of all kinds together; absent when it does not say.
    pub most: Option<u32>,
    pub positions: Vec<String>,
    pub text_kinds: Vec<String>,
    pub font_sizes: Option<RangeView>,
    pub date_formats: Vec<String>,
    pub time_formats: Vec<String>,
}

/// The encoder of one profile.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct EncoderView {
    /// Token of the profile.
    pub profile: String,
    pub profile_name: String,
    /// `main` or `sub`: the stream of ours that shows it.
    pub role: Option<String>,
    /// `h264`, `h265`, `mjpeg` or the device's own word.
    pub codec: Option<String>,
    pub width: Option<u32>,
    pub height: Option<u32>,
    pub frame_rate: Option<f32>,
    pub bitrate_kbps: Option<u32>,
    pub constant_bitrate: Option<bool>,
    /// Pictures from one key frame to the next.
    pub gop_length: Option<u32>,
    pub quality: Option<f32>,
    /// `Main`, `High`, ...
    pub codec_profile: Option<String>,
    pub options: Vec<EncoderOptionView>,
}

/// What one codec allows.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct EncoderOptionView {
    pub codec: String,
    /// `[width, height]`.
    pub sizes: Vec<[u32; 2]>,
    pub frame_rates: Option<RangeView>,
    /// Where only certain rates are allowed.
    pub frame_rate_list: Vec<f32>,
    pub bitrate_kbps: Option<RangeView>,
    pub gop_length: Option<RangeView>,
    pub quality: Option<RangeView>,
}

/// `PATCH /api/v1/cameras/{id}/encoders`: what is absent stays.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct EncoderPatch {
    /// Token of the profile.
    pub profile: String,
    pub codec: Option<String>,
    /// With `height`.
    pub width: Option<u32>,
    pub height: Option<u32>,
    pub frame_rate: Option<f32>,
    pub bitrate_kbps: Option<u32>,
    pub constant_bitrate: Option<bool>,
    pub gop_length: Option<u32>,
    pub quality: Option<f32>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct RelayView {
    pub token: String,
    /// `monostable` (falls back by itself), `bistable`, or the device's own word.
    pub mode: String,
    pub pulse_ms: Option<u64>,
    /// As the last event of it said; absent while none came.
    pub active: Option<bool>,
}

/// `POST /api/v1/devices/{id}/relays`.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct RelaySwitch {
    pub token: String,
    pub active: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct InputView {
    pub token: String,
    /// `open` or `closed`, where it tells.
    pub idle_state: Option<String>,
    /// As the last event of it said; absent while none came.
    pub active: Option<bool>,
}

/// `GET /api/v1/devices/{id}/clock`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ClockView {
    /// What it showed, UTC milliseconds.
    pub shown: Option<i64>,
    /// How far it is ahead of ours.
    pub offset_ms: Option<i64>,
    /// `manual` or `ntp`.
    pub source: String,
    /// As the device writes it.
    pub time_zone: String,
    /// Minutes its local time is ahead of UTC.
    pub zone_minutes: Option<i64>,
    pub daylight_savings: bool,
    pub ntp_from_dhcp: Option<bool>,
    pub ntp_servers: Vec<String>,
}

/// `PUT /api/v1/devices/{id}/clock`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(tag = "source", rename_all = "snake_case")]
pub enum ClockChange {
    /// To our time, now.
    Manual,
    /// To time servers.
    Ntp {
        #[serde(default)]
        from_dhcp: bool,
        /// Absent keeps those it has.
        #[serde(default)]
        servers: Option<Vec<String>>,
    },
}

/// `GET /api/v1/devices/{id}/users`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct DeviceUserView {
    pub name: String,
    /// `administrator`, `operator`, `user`, `anonymous`, or the device's own word.
    pub level: String,
    /// The site logs in with it.
    pub own: bool,
}

/// `POST` and `PUT /api/v1/devices/{id}/users`. The password always travels: left out, devices may clear it.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct DeviceUserOrder {
    pub name: String,
    pub level: String,
    #[schema(value_type = String, format = Password)]
    pub password: Secret,
}
