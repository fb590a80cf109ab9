//! What every handler shares.

use crate::{
    access::Access,
    live::Viewers,
    metrics::Metrics,
    net::Sockets,
    notify::{Board, Edits},
    playback::group::Groups,
    snapshot::Snapshots,
    tls::Tls,
};
use std::{ops::Deref, sync::Arc};
use watchwall_api::SettingsView;
use watchwall_model::{CameraId, Problem, UtcMillis};
use watchwall_site::Site;
use watchwall_store::NewAuditEntry;

/// Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Shared>);

pub struct Shared {
    pub site: Arc<Site>,
    pub access: Arc<Access>,
    pub metrics: Arc<Metrics>,
    pub sockets: Sockets,
    pub viewers: Viewers,
    pub playback_groups: Groups,
    pub board: Board,
    pub edits: Edits,
    pub snapshots: Snapshots,
    /// `None` while only plain HTTP is spoken.
    pub tls: Option<Arc<Tls>>,
    /// A proxy in front may say that it speaks TLS.
    pub trusts_proxy: bool,
}

impl App {
    pub fn new(shared: Shared) -> Self {
        Self(Arc::new(shared))
    }
}

impl Deref for App {
    type Target = Shared;
    fn deref(&self) -> &Shared {
        &self.0
    }
}

/// One act for the audit log. `old` and `new` are wire types, which hold no secrets.
pub struct Act<'a> {
    /// For example `camera.update`.
    pub action: &'static str,
    pub subject: &'a str,
    pub old: Option<serde_json::Value>,
    pub new: Option<serde_json::Value>,
}

impl Shared {
    /// Notes what somebody did to a camera. One that was removed meanwhile is named by its number: the act is done.
    pub async fn audit_camera(
        &self,
        who: &crate::access::Caller,
        action: &'static str,
        camera: CameraId,
        new: Option<serde_json::Value>,
    ) {
        let found = self.site.cameras.get(camera).await;
        let subject = found.map_or_else(|_| camera.to_string(), |found| found.camera.name);
        self.audit(who, Act { action, subject: &subject, old: None, new }).await;
    }

    /// Notes who did what. A log that cannot be written is a problem of the site, not of the act that is done already.
    pub async fn audit(&self, who: &crate::access::Caller, act: Act<'_>) {
        let entry = NewAuditEntry {
            at: UtcMillis::now(),
            user: who.name.clone(),
            address: who.address.to_string(),
            action: act.action.to_owned(),
            subject: act.subject.to_owned(),
            old: act.old,
            new: act.new,
        };
        if let Err(error) = self.site.store.audit().append(&entry).await {
            tracing::error!(
                action = entry.action,
                subject = entry.subject,
                "an act is missing in the audit log: {}",
                Problem::from(error)
            );
        }
    }

    /// The settings in force.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn settings(&self) -> Result<SettingsView, Problem> {
        let stored: Option<SettingsView> = self.site.store.settings().get(SETTINGS_KEY).await?;
        Ok(stored.unwrap_or_else(|| SettingsView {
            site_name: "Watchwall".to_owned(),
            default_language: "en".to_owned(),
            stale_after_ms: self.site.config.live.stale_after_ms,
            version: 1,
        }))
    }
}

/// Row of the settings table that holds them all.
pub const SETTINGS_KEY: &str = "site";

/// A wire type as the audit log keeps it.
pub fn as_value<T: serde::Serialize>(view: &T) -> Option<serde_json::Value> {
    serde_json::to_value(view).ok()
}
