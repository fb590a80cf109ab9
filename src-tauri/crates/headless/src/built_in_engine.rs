//! The site's own AI node, in this process: what needs no model is found without anything to install.
//!
//! It comes in as any node of this machine does, by the socket and with the local token, and can be switched off among the
//! nodes, or by `analytics.built_in_engine`.

use futures::FutureExt;
use std::{net::SocketAddr, panic::AssertUnwindSafe, path::Path, time::Duration};
use tokio::{
    task::JoinHandle,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;
use watchwall_engine::{EngineOptions, SiteAddress};
use watchwall_model::{AiNode, Secret};

const STOP_WITHIN: Duration = Duration::from_secs(2);
const AGAIN_AFTER: Duration = Duration::from_secs(5);

/// See the module. Owns one task; [`Self::stop`] joins it.
pub struct BuiltInEngine {
    cancel: CancellationToken,
    task: JoinHandle<()>,
}

impl BuiltInEngine {
    /// `local_address` speaks plain HTTP. `None` when it cannot be: a site without it is still one.
    pub fn start(local_address: SocketAddr, data_folder: &Path) -> Option<Self> {
        let without = |error: &dyn std::fmt::Display| tracing::warn!(%error, "the site runs without its own AI node");
        let token =
            std::fs::read_to_string(data_folder.join("local-token")).inspect_err(|error| without(error)).ok()?;
        let address = SiteAddress::parse(&format!("ws://{local_address}")).inspect_err(|error| without(error)).ok()?;
        let options = EngineOptions {
            node_id: AiNode::BUILT_IN.to_owned(),
            node_name: "Built-in engine".to_owned(),
            // Whoever switches it on again waits for it.
            again_after_refusal: AGAIN_AFTER,
            ..EngineOptions::new(address, Some(Secret::new(token.trim())))
        };
        let cancel = CancellationToken::new();
        let task = tokio::spawn(keep(options, cancel.clone()));
        Some(Self { cancel, task })
    }

    pub async fn stop(self) {
        self.cancel.cancel();
        let abort = self.task.abort_handle();
        if timeout(STOP_WITHIN, self.task).await.is_err() {
            abort.abort();
        }
    }
}

/// A fault in it costs its scenes a few seconds, and the site nothing.
async fn keep(options: EngineOptions, cancel: CancellationToken) {
    while !cancel.is_cancelled() {
        match AssertUnwindSafe(watchwall_engine::run(options.clone(), cancel.clone())).catch_unwind().await {
            Ok(Ok(())) => return,
            Ok(Err(error)) => return tracing::error!(%error, "the site's own AI node cannot run"),
            Err(_) => tracing::error!("the site's own AI node panicked; it begins again"),
        }
        tokio::select! {
            () = cancel.cancelled() => return,
            () = sleep(AGAIN_AFTER) => {}
        }
    }
}
