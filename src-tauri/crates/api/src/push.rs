//! Push: channels, routes, the log.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};

/// A way to reach people.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct PushChannelView {
    pub id: i64,
    pub name: String,
    /// `webhook`, `feishu`, `wecom`, `dingtalk`, `smtp`, `mqtt` or `desktop`.
    pub kind: String,
    pub enabled: bool,
    /// Of what is sent: `en` or `zh-CN`.
    pub language: String,
    /// What is not secret; which names there are depends on the kind.
    pub settings: BTreeMap<String, String>,
    /// Names of secrets that are set. Their values are never shown.
    pub secrets: Vec<String>,
    /// At most so many a minute, the rest is summarised; 1 to 600.
    pub per_minute: u32,
    pub health: PushHealthView,
    pub version: i64,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct PushHealthView {
    /// `idle` (nothing was sent yet), `ok` or `failing`.
    pub state: String,
    /// How many wait to be sent.
    pub waiting: u64,
    pub last_sent_at: Option<i64>,
    pub last_failed_at: Option<i64>,
    /// What the target answered, or why it could not be reached.
    pub last_error: Option<String>,
}

/// `settings` and `secrets` by kind. webhook: `url`, secret `key` (HMAC-SHA256), `template`. feishu, dingtalk: secret
/// `url`, secret `key`. wecom: secret `url`. smtp: `host`, `port`, `security` (`starttls`, `tls`, `none`), `from`, `to`
/// (several with commas), `user`, secret `password`. mqtt: `host`, `port`, `tls` (`true`, `false`), `topic`, `version`
/// (`3.1.1`, `5`), `user`, secret `password`. desktop: nothing.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct NewPushChannel {
    /// Up to 100 characters.
    pub name: String,
    pub kind: String,
    #[serde(default)]
    pub language: Option<String>,
    #[serde(default)]
    pub settings: BTreeMap<String, String>,
    #[serde(default)]
    pub secrets: BTreeMap<String, String>,
    /// 20 when absent.
    #[serde(default)]
    pub per_minute: Option<u32>,
    /// True when absent.
    #[serde(default)]
    pub enabled: Option<bool>,
}

/// What is absent stays as it is.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
pub struct PushChannelPatch {
    pub name: Option<String>,
    pub enabled: Option<bool>,
    pub language: Option<String>,
    /// All of them.
    pub settings: Option<BTreeMap<String, String>>,
    /// Those named; an empty text takes one away.
    pub secrets: BTreeMap<String, String>,
    pub per_minute: Option<u32>,
}

/// What a test came to.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct PushTest {
    pub is_sent: bool,
    pub status: Option<u32>,
    /// The beginning of the answer, or why it could not be reached.
    pub response: Option<String>,
    pub took_ms: u32,
}

/// Which channels a key leads to. The key `default` is always there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PushRoutesView {
    pub routes: Vec<PushRouteView>,
    /// Of all of them together.
    pub version: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PushRouteView {
    /// 1 to 64 letters, digits, `_`, `-` or `.`.
    pub key: String,
    pub channel_ids: Vec<i64>,
}

#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct PushLogQuery {
    pub cursor: Option<String>,
    /// 1 to 500; 100 when absent.
    pub limit: Option<u32>,
    pub channel_id: Option<i64>,
    pub alarm_id: Option<i64>,
}
