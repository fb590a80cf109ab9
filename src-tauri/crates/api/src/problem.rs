//! Errors: RFC 9457 problem details with the catalogue's code.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ProblemDetails {
    /// `urn:watchwall:problem:{code}`
    #[serde(rename = "type")]
    pub kind: String,
    /// English sentence, for tools; the UI takes its own from the catalogue by `code`.
    pub title: String,
    pub status: u16,
    pub code: String,
    pub params: BTreeMap<String, String>,
    pub details: ErrorDetails,
    pub request_id: String,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct ErrorDetails {
    /// What was being done when it failed, for example `describe`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// One English line of technical detail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// English next step, for tools.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<String>,
    /// `suggestion.{code}` of the catalogue, where it says more than the code's own next step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suggestion_code: Option<String>,
}
