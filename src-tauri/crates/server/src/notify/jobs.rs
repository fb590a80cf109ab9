//! What searches, lists of devices and examinations have to tell since a listener was told last.

use crate::{
    app::App,
    net::RequestId,
    views::{discovered_view, doctor_progress, job_progress, line_view, row_view},
};
use std::{collections::HashMap, sync::Arc};
use watchwall_api::NotifyServerMessage;
use watchwall_site::cameras::Kept;

/// What one listener knows.
#[derive(Default)]
pub struct JobNews {
    discoveries: Option<Told>,
    onboardings: Option<Told>,
    doctors: Option<Told>,
}

/// Jobs of one kind by number, with the revision told last.
struct Told(HashMap<u64, u64>);

impl Told {
    /// What is there already is left to the list.
    fn begin<T: Kept>(jobs: &[Arc<T>]) -> Self {
        Self(jobs.iter().map(|job| (job.number(), job.revision())).collect())
    }

    /// Each job that changed, with the revision that was told of it last.
    fn changed<T: Kept>(&mut self, jobs: Vec<Arc<T>>) -> Vec<(Arc<T>, u64)> {
        self.0.retain(|id, _| jobs.iter().any(|job| job.number() == *id));
        let news = jobs.into_iter().filter_map(|job| {
            // Read first: what changes meanwhile is told again.
            let revision = job.revision();
            let before = self.0.insert(job.number(), revision).unwrap_or(0);
            (revision != before).then_some((job, before))
        });
        news.collect()
    }
}

impl JobNews {
    /// Begins or ends to follow.
    pub fn follow(&mut self, app: &App, follow: FollowJobs) {
        let FollowJobs { discoveries, onboardings, doctors } = follow;
        let cameras = &app.site.cameras;
        self.discoveries = (discoveries == Follow::Yes).then(|| Told::begin(&cameras.discoveries()));
        self.onboardings = (onboardings == Follow::Yes).then(|| Told::begin(&cameras.onboardings()));
        self.doctors = (doctors == Follow::Yes).then(|| Told::begin(&app.site.doctor.jobs()));
    }

    /// One message per job that changed; `next` numbers them.
    pub fn gather(&mut self, app: &App, mut next: impl FnMut() -> u64) -> Vec<NotifyServerMessage> {
        let mut news = Vec::new();
        let request = RequestId::next();
        if let Some(told) = &mut self.discoveries {
            for (job, before) in told.changed(app.site.cameras.discoveries()) {
                news.push(NotifyServerMessage::DiscoveryChanged {
                    sequence: next(),
                    id: job.id.0,
                    state: job.state().as_str().to_owned(),
                    total: job.count(),
                    devices: job.found_since(before).iter().map(discovered_view).collect(),
                });
            }
        }
        if let Some(told) = &mut self.onboardings {
            for (job, before) in told.changed(app.site.cameras.onboardings()) {
                news.push(NotifyServerMessage::OnboardingChanged {
                    sequence: next(),
                    job: job_progress(&job),
                    rows: job.rows_since(before).iter().map(|row| row_view(row, &request)).collect(),
                });
            }
        }
        if let Some(told) = &mut self.doctors {
            for (job, before) in told.changed(app.site.doctor.jobs()) {
                let lines = job.lines_since(before);
                news.push(NotifyServerMessage::DoctorChanged {
                    sequence: next(),
                    job: doctor_progress(&job.report()),
                    lines: lines.iter().map(|(line, looked_at)| line_view(line, *looked_at, &request)).collect(),
                });
            }
        }
        news
    }
}

/// Which jobs a listener follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FollowJobs {
    pub discoveries: Follow,
    pub onboardings: Follow,
    pub doctors: Follow,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Follow {
    Yes,
    No,
}
