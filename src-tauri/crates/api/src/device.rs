//! Devices and credential sets.

use crate::{CameraView, FactsView};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;
use watchwall_model::Secret;

/// A box with an ONVIF endpoint, as it was found.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct DeviceView {
    pub id: i64,
    /// URL of the device service.
    pub url: String,
    /// Address or name, IPv6 without brackets.
    pub host: String,
    pub port: u16,
    pub tls: bool,
    /// The password never leaves the server.
    pub username: Option<String>,
    pub has_password: bool,
    #[serde(flatten)]
    pub facts: DeviceFactsView,
    /// By channel.
    pub camera_ids: Vec<i64>,
    pub version: i64,
    pub created_at: i64,
}

/// Who a device is, as it tells. Empty where it does not.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct DeviceFactsView {
    pub manufacturer: String,
    pub model: String,
    pub firmware: String,
    pub serial: String,
    pub hardware_id: String,
    /// Name of its preset file, or what it calls its maker.
    pub vendor: Option<String>,
    /// The name a person gave it.
    pub name: Option<String>,
    /// Endpoint reference without `urn:uuid:`.
    pub endpoint: Option<String>,
    /// Lower case with colons.
    pub macs: Vec<String>,
    /// `digest`, `wsse`, `both` or `basic`; absent when it asked for nothing.
    pub login: Option<String>,
    /// How far its clock is ahead of the site's.
    pub clock_offset_ms: Option<i64>,
    pub services: Vec<DeviceServiceView>,
    pub profiles: Vec<DeviceProfileView>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct DeviceServiceView {
    /// Its XML namespace.
    pub namespace: String,
    /// Where the device says it is.
    pub xaddr: String,
    /// For example `2.60`.
    pub version: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct DeviceProfileView {
    /// Opaque.
    pub token: String,
    pub name: String,
    /// The channel it shows.
    pub source_token: String,
    /// `h264`, `h265`, `mjpeg` or the device's own word; empty when it does not say.
    pub codec: String,
    pub width: u32,
    pub height: u32,
    pub has_ptz: bool,
}

/// `PATCH /api/v1/devices/{id}`: absent fields stay as they are. Its cameras follow, with their recordings.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub struct DevicePatch {
    /// Address, name or URL.
    pub address: Option<String>,
    pub port: Option<u16>,
    /// Empty removes the credentials.
    pub username: Option<String>,
    #[schema(value_type = Option<String>, format = Password)]
    pub password: Option<Secret>,
}

/// `POST /api/v1/devices/probe`: look at one device, save nothing.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub struct DeviceProbeRequest {
    /// Address, name, IPv6 or URL.
    #[serde(default)]
    pub address: String,
    pub port: Option<u16>,
    pub username: Option<String>,
    #[schema(value_type = Option<String>, format = Password)]
    pub password: Option<Secret>,
    /// Name of a preset file, when the brand is known.
    pub vendor: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct DeviceProbeAnswer {
    /// Absent for a stream without ONVIF.
    pub device: Option<DeviceFactsView>,
    /// URL of the device service.
    pub url: Option<String>,
    pub channels: Vec<ChannelView>,
    pub steps: Vec<StepView>,
}

/// One picture source.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ChannelView {
    /// From 1.
    pub number: u32,
    pub name: String,
    pub source_token: Option<String>,
    /// Tokens of all profiles that show it.
    pub profiles: Vec<String>,
    pub ptz_profile: Option<String>,
    /// Main first.
    pub streams: Vec<ChannelStreamView>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ChannelStreamView {
    /// `main` or `sub`.
    pub role: String,
    /// Without credentials; absent when the device gave none.
    pub url: Option<String>,
    /// Token of its profile.
    pub profile: Option<String>,
    /// What was really received; absent with a failure.
    pub facts: Option<FactsView>,
    pub bitrate_kbps: Option<u32>,
    pub first_picture_ms: Option<u64>,
    /// Remarks by catalogue code (`warning.{code}`).
    pub warnings: Vec<String>,
    pub failure: Option<StreamFailureView>,
    /// `data:image/jpeg;base64,...` of the first picture of a main stream, when it could be decoded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub picture: Option<String>,
}

/// Why a stream could not be had when it was looked at last.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct StreamFailureView {
    /// Catalogue code.
    pub code: String,
    pub params: BTreeMap<String, String>,
    /// `STREAM_URIS` or `PROBE_STREAMS`.
    pub step: String,
    /// One English line.
    pub message: String,
    /// `suggestion.{code}` of the catalogue; empty without one.
    pub suggestion: String,
    pub at: i64,
}

/// One step of adding a device, as it went.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct StepView {
    /// `REACH`, `SPEAK`, `CLOCK`, `AUTHENTICATE`, `IDENTIFY`, `CAPABILITIES`, `PROFILES`, `STREAM_URIS`, `TEMPLATES`,
    /// `PROBE_STREAMS`, `REGISTER` or `SNAPSHOT`.
    pub step: String,
    pub took_ms: u64,
    pub ok: bool,
    /// Catalogue code of what went wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// One English line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// `suggestion.{code}` of the catalogue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suggestion_code: Option<String>,
}

/// `POST /api/v1/devices/{id}/refresh`
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct DeviceRefreshAnswer {
    pub device: DeviceView,
    pub cameras: Vec<CameraView>,
    pub steps: Vec<StepView>,
}

/// `PUT /api/v1/cameras/{id}/streams/{role}/profile`
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct ProfileChoice {
    /// Token of one of the device's profiles for this camera.
    pub profile: String,
}

/// A user name and password to try on new devices. The password never leaves the server.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct CredentialSetView {
    pub id: i64,
    pub name: String,
    pub username: String,
    /// Lower is tried first.
    pub position: i64,
    pub version: i64,
}

#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct NewCredentialSet {
    pub name: String,
    pub username: String,
    #[schema(value_type = String, format = Password)]
    pub password: Secret,
}

/// Absent fields stay as they are.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub struct CredentialSetPatch {
    pub name: Option<String>,
    pub username: Option<String>,
    #[schema(value_type = Option<String>, format = Password)]
    pub password: Option<Secret>,
    pub position: Option<i64>,
}
