//! What searches, lists of devices and examinations have to tell since a listener was told last.

use crate::{
    app::App,
    net::RequestId,
    views::{discovered_view, doctor_progress, job_progress, line_view, row_view},
};
use std::collections::HashMap;
use watchwall_api::NotifyServerMessage;

/// What one listener knows: jobs by number, with the revision told last.
#[derive(Default)]
pub struct JobNews {
    discoveries: Option<HashMap<u64, u64>>,
    onboardings: Option<HashMap<u64, u64>>,
    doctors: Option<HashMap<u64, u64>>,
}

impl JobNews {
    /// Begins or ends to follow; what is there already is left to the list.
    pub fn follow(&mut self, app: &App, follow: FollowJobs) {
        let FollowJobs { discoveries, onboardings, doctors } = follow;
        self.discoveries = (discoveries == Follow::Yes)
            .then(|| app.site.cameras.discoveries().iter().map(|job| (job.id.0, job.revision())).collect());
        self.onboardings = (onboardings == Follow::Yes)
            .then(|| app.site.cameras.onboardings().iter().map(|job| (job.id.0, job.revision())).collect());
        self.doctors = (doctors == Follow::Yes)
            .then(|| app.site.doctor.jobs().iter().map(|job| (job.id.0, job.revision())).collect());
    }

    /// One message per job that changed; `next` numbers them.
    pub fn gather(&mut self, app: &App, mut next: impl FnMut() -> u64) -> Vec<NotifyServerMessage> {
        let mut news = Vec::new();
        if let Some(told) = &mut self.discoveries {
            let jobs = app.site.cameras.discoveries();
            told.retain(|id, _| jobs.iter().any(|job| job.id.0 == *id));
            for job in jobs {
                // Read first: what changes meanwhile is told again.
                let (revision, before) = (job.revision(), told.get(&job.id.0).copied().unwrap_or(0));
                if revision == before {
                    continue;
                }
                news.push(NotifyServerMessage::DiscoveryChanged {
                    sequence: next(),
                    id: job.id.0,
                    state: job.state().as_str().to_owned(),
                    total: job.count(),
                    devices: job.found_since(before).iter().map(discovered_view).collect(),
                });
                told.insert(job.id.0, revision);
            }
        }
        if let Some(told) = &mut self.onboardings {
            let jobs = app.site.cameras.onboardings();
            told.retain(|id, _| jobs.iter().any(|job| job.id.0 == *id));
            for job in jobs {
                let (revision, before) = (job.revision(), told.get(&job.id.0).copied().unwrap_or(0));
                if revision == before {
                    continue;
                }
                let request = RequestId::next();
                news.push(NotifyServerMessage::OnboardingChanged {
                    sequence: next(),
                    job: job_progress(&job),
                    rows: job.rows_since(before).iter().map(|row| row_view(row, &request)).collect(),
                });
                told.insert(job.id.0, revision);
            }
        }
        if let Some(told) = &mut self.doctors {
            let jobs = app.site.doctor.jobs();
            told.retain(|id, _| jobs.iter().any(|job| job.id.0 == *id));
            for job in jobs {
                let (revision, before) = (job.revision(), told.get(&job.id.0).copied().unwrap_or(0));
                if revision == before {
                    continue;
                }
                let request = RequestId::next();
                let lines = job.lines_since(before);
                news.push(NotifyServerMessage::DoctorChanged {
                    sequence: next(),
                    job: doctor_progress(&job.report()),
                    lines: lines.iter().map(|(line, looked_at)| line_view(line, *looked_at, &request)).collect(),
                });
                told.insert(job.id.0, revision);
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
