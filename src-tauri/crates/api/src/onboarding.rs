//! Finding devices and adding many of them.

use crate::{ChannelView, DeviceFactsView, ProblemDetails, StepView};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use watchwall_model::Secret;

/// `POST /api/v1/discovery`. Nothing asks the networks this machine is on.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub struct NewDiscovery {
    /// Addresses to ask one by one: `192.168.1.0/24`, `192.168.1.10-40` or one; at most 16 ranges.
    #[serde(default)]
    pub ranges: Vec<String>,
    /// UDP port; 3702 when absent.
    pub port: Option<u16>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct DiscoveryView {
    pub id: u64,
    /// `running`, `done` or `cancelled`.
    pub state: String,
    pub started_at: i64,
    pub ended_at: Option<i64>,
    /// In the order they answered.
    pub devices: Vec<DiscoveredView>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct DiscoveredView {
    /// Endpoint reference without `urn:uuid:`; empty when it gives none.
    pub endpoint: String,
    pub host: String,
    pub port: u16,
    /// URL of the device service; good as `address` of a row.
    pub url: String,
    /// Every address it answered from, as URLs.
    pub addresses: Vec<String>,
    pub name: Option<String>,
    pub hardware: Option<String>,
    pub location: Option<String>,
    pub mac: Option<String>,
    pub serial: Option<String>,
    /// Name of its preset file, when it can be guessed.
    pub vendor: Option<String>,
    /// `new`, `known` or `moved`: the site has it at another address.
    pub known: String,
    /// The site's device, when it is known or moved.
    pub device_id: Option<i64>,
}

/// `POST /api/v1/onboarding`: rows, or a table as text or as the bytes of a file.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub struct NewOnboarding {
    /// At most 1000.
    #[serde(default)]
    pub rows: Vec<OnboardingRow>,
    /// CSV with the columns name, address, port, user, password, group and url, in either language.
    #[schema(value_type = Option<String>)]
    pub csv: Option<Secret>,
    /// The same as a file in UTF-8, UTF-16 or GB18030, in base64.
    #[schema(value_type = Option<String>)]
    pub csv_base64: Option<Secret>,
    /// Look at every device, add none.
    #[serde(default)]
    pub dry_run: bool,
    /// Start a continuous plan on each main stream; true when absent.
    pub record: Option<bool>,
    /// Tried in this order on rows without credentials of their own, each once per device, two wrong ones at most.
    #[serde(default)]
    pub credential_set_ids: Vec<i64>,
}

#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub struct OnboardingRow {
    /// Absent: the name the device gives, or its address.
    pub name: Option<String>,
    /// Address, name, IPv6 or URL of a device, or the URL of a stream.
    #[serde(default)]
    pub address: String,
    pub port: Option<u16>,
    pub username: Option<String>,
    #[schema(value_type = Option<String>, format = Password)]
    pub password: Option<Secret>,
    pub group_id: Option<i64>,
    /// Names from the top, with `/` between; made where they are missing.
    pub group: Option<String>,
    /// Address of a stream: nothing else is asked of the device.
    pub url: Option<String>,
    /// Name of a preset file, when the brand is known.
    pub vendor: Option<String>,
    /// Numbers of the channels that are wanted, from 1: the others are added switched off and without a plan. Absent: all.
    pub channels: Option<Vec<u32>>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct OnboardingView {
    #[serde(flatten)]
    pub progress: OnboardingProgress,
    /// One page, by row.
    pub rows: Vec<OnboardingRowView>,
    /// Send as `cursor` for the next page of rows; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// How far a job is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OnboardingProgress {
    pub id: u64,
    /// `running`, `done` or `cancelled`.
    pub state: String,
    pub dry_run: bool,
    pub record: bool,
    pub started_at: i64,
    pub total: usize,
    pub waiting: usize,
    pub running: usize,
    /// Of a dry run: could be added.
    pub ready: usize,
    pub added: usize,
    pub failed: usize,
    pub cancelled: usize,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct OnboardingRowView {
    /// Line of the table or place in the list, from 1.
    pub row: u32,
    pub name: Option<String>,
    /// Host and port, or the URL of a stream.
    pub address: String,
    /// `waiting`, `running`, `ready`, `added`, `failed` or `cancelled`.
    pub state: String,
    /// Of a row that runs: the step it is at, as in `steps`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    pub attempts: u32,
    /// Until it was added or refused.
    pub took_ms: u64,
    pub steps: Vec<StepView>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<ProblemDetails>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_id: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<DeviceFactsView>,
    pub camera_ids: Vec<i64>,
    pub channels: Vec<ChannelView>,
}

/// `POST /api/v1/onboarding/{id}/retry`. Without rows all that failed are tried again.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub struct OnboardingRetry {
    #[serde(default)]
    pub rows: Vec<OnboardingRetryRow>,
}

/// A row to try again, with what was mended; absent fields stay as they are.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub struct OnboardingRetryRow {
    pub row: u32,
    pub address: Option<String>,
    pub port: Option<u16>,
    pub username: Option<String>,
    #[schema(value_type = Option<String>, format = Password)]
    pub password: Option<Secret>,
    /// User name and password of this set, by a person's choice: sets that a device refused are not tried again otherwise.
    pub credential_set_id: Option<i64>,
    pub vendor: Option<String>,
}
