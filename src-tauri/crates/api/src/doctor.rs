//! Camera Doctor: one camera looked at thoroughly, a verdict per line.

use crate::ProblemDetails;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;
use watchwall_model::Secret;

/// `POST /api/v1/doctor`: a camera of the site, or an address.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub struct NewDoctor {
    /// Looked at with what the site knows of it; the other fields are not read then.
    pub camera_id: Option<i64>,
    /// Address, name, IPv6 or URL of a device, or the URL of a stream.
    #[serde(default)]
    pub address: String,
    pub port: Option<u16>,
    pub username: Option<String>,
    #[schema(value_type = Option<String>, format = Password)]
    pub password: Option<Secret>,
    /// User name and password of this set, where none is typed.
    pub credential_set_id: Option<i64>,
    /// Of a recorder, from 1: only this one. Absent: every channel, 64 at most.
    pub channel: Option<u32>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct DoctorView {
    #[serde(flatten)]
    pub progress: DoctorProgress,
    /// In a fixed order, one per check, channel and stream, as far as they are there.
    pub lines: Vec<DoctorLineView>,
}

/// How far an examination is, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DoctorProgress {
    /// 0 in a report whose job is not kept any more.
    pub id: u64,
    /// `running`, `done` or `cancelled`.
    pub state: String,
    /// Absent for an address that is no camera of the site.
    pub camera_id: Option<i64>,
    /// The camera's, or what the device calls itself; empty where it does not.
    pub name: String,
    /// Host and port, or the URL of a stream; never with a password.
    pub address: String,
    pub started_at: i64,
    pub ended_at: Option<i64>,
    pub counts: DoctorCounts,
    /// Absent until it told, and where it does not.
    pub device: Option<DoctorDeviceView>,
}

/// Lines by verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DoctorCounts {
    pub ok: usize,
    pub note: usize,
    pub warning: usize,
    pub bad: usize,
    pub skipped: usize,
}

/// Empty where the device does not tell.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DoctorDeviceView {
    pub manufacturer: String,
    pub model: String,
    pub firmware: String,
    pub serial: String,
    /// Lower case with colons.
    pub mac: String,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct DoctorLineView {
    /// What was looked at, for example `clock`; `doctor.check.{check}` of the catalogue.
    pub check: String,
    /// `reach`, `onvif`, `stream` or `machine`.
    pub area: String,
    /// Channel of a recorder that was examined at its address, from 1; absent for what belongs to the device, and for a
    /// device of one picture.
    pub channel: Option<u32>,
    /// `main` or `sub`; absent for what belongs to no stream.
    pub stream: Option<String>,
    /// `ok`, `note`, `warning`, `bad` or `skipped`.
    pub verdict: String,
    /// What was found, or why nothing was.
    pub outcome: String,
    /// Key of its sentence in the catalogue: `doctor.{check}.{outcome}`, or `doctor.skipped.{outcome}`.
    pub text: String,
    /// For the sentence. Numbers are written with a point and without a unit.
    pub params: BTreeMap<String, String>,
    /// What can be done about it at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mend: Option<DoctorMendView>,
    /// What went wrong, by the error catalogue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<ProblemDetails>,
    /// `suggestion.{code}` of the catalogue, where a person must act.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<String>,
    pub at: i64,
    /// It is being looked at again.
    pub looking: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DoctorMendView {
    /// `sync_clock`, `set_ntp`, `set_gop` or `set_codec`.
    pub kind: String,
    /// What would be set: `servers` (with commas; empty: those its network names), `frames` and `seconds`, or `codec`.
    pub params: BTreeMap<String, String>,
}

/// `POST /api/v1/doctor/{id}/mends`: do what a line offers.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub struct DoctorMendOrder {
    /// `sync_clock`, `set_ntp`, `set_gop` or `set_codec`.
    pub mend: String,
    /// Of the line that offers it.
    pub channel: Option<u32>,
    /// `main` or `sub`, for what belongs to a stream.
    pub stream: Option<String>,
    /// Time servers instead of those the line names.
    pub servers: Option<Vec<String>>,
}

/// `GET /api/v1/cameras/{id}/doctor`
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct LastDoctorView {
    /// The last examination that came to its end; absent when there was none.
    pub report: Option<DoctorView>,
}
