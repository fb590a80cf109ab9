//! What a job of adding devices means to the rest of the site: plans, audit, figures, and pages that hold lists.

use crate::{
    access::Caller,
    app::{Act, App, as_value},
    notify::Edited,
    views::{Standing, camera_view, device_view},
};
use futures::future::BoxFuture;
use std::time::Duration;
use watchwall_model::{ErrorCode, Plan, StreamRole};
use watchwall_site::cameras::onboarding::{Added, Follower};

/// Follows one job for whoever began it.
pub struct JobFollower {
    app: App,
    caller: Caller,
}

impl JobFollower {
    pub const fn new(app: App, caller: Caller) -> Self {
        Self { app, caller }
    }

    async fn note(&self, added: &Added) {
        let app = &self.app;
        for camera in &added.cameras {
            let records = added.records && camera.enabled;
            if let Some(main) = camera.stream(StreamRole::Main).filter(|_| records) {
                // The camera stands whether or not its plan could be started; the plan says so itself.
                if let Err(problem) = app.site.recording.put_plan(Plan::continuous(main.path.clone())).await {
                    tracing::warn!(camera.id = camera.id.0, "a new camera's plan was not applied: {problem}");
                }
            }
            let view = camera_view(&app.site.cameras.snapshot(camera.clone()), &Standing::default());
            let new = super::routes::audited_camera(&view);
            app.audit(&self.caller, Act { action: "camera.create", subject: &camera.name, old: None, new }).await;
        }
        if let Some(device) = &added.device {
            let view = device_view(device, &added.cameras);
            let act = Act { action: "device.create", subject: &view.url, old: None, new: as_value(&view) };
            app.audit(&self.caller, act).await;
        }
        app.edits.note(Edited::Cameras);
        app.edits.note(Edited::Groups);
        if added.records {
            app.edits.note(Edited::Plans);
        }
    }
}

impl Follower for JobFollower {
    fn added<'a>(&'a self, added: &'a Added) -> BoxFuture<'a, ()> {
        Box::pin(self.note(added))
    }

    fn attempted(&self, took: Duration, outcome: Result<(), ErrorCode>) {
        self.app.metrics.onboarding.note(took, outcome);
    }
}
