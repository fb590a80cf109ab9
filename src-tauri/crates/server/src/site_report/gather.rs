//! Reads the report from the site.

use super::{
    findings::{of_examination, of_site},
    machine::machine,
};
use crate::{app::App, views::word, wording::Language};
use std::collections::HashMap;
use watchwall_api::{ReportCamera, ReportDoctor, ReportRecording, ReportStream, ReportUser, ReportVolume, SiteReport};
use watchwall_model::{
    Camera, CameraId, Device, DeviceId, Group, GroupId, PlanRunning, Problem, Stream, StreamPath, TimeRange, UtcMillis,
    VideoCodec,
};
use watchwall_site::{
    cameras::{
        CameraSnapshot,
        doctor::{DoctorReport, Verdict},
        health::{ReportAsked, ReportBy, offline_report},
    },
    recording::PlanView,
};

/// What absences are counted over.
const OFFLINE_MS: i64 = 30 * 86_400_000;

/// Who the report is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// May see users.
    Administrator,
    Other,
}

/// # Errors
/// When the database cannot be read.
pub async fn gather(app: &App, language: Language, reader: Reader) -> Result<SiteReport, Problem> {
    let site = &app.site;
    let now = UtcMillis::now();
    let settings = app.settings().await?;
    let sources = Sources::read(app, now).await?;
    let mut cameras = Vec::new();
    for snapshot in site.cameras.all().await? {
        cameras.push(sources.camera(app, &snapshot, language, now).await?);
    }
    let volumes = volumes(app).await?;
    let users = match reader {
        Reader::Other => None,
        Reader::Administrator => Some(site.store.users().all().await?.iter().map(user).collect()),
    };
    let silent = sources.silent(&cameras);
    Ok(SiteReport {
        site_name: settings.site_name,
        made_at: now.0,
        language: language.tag().to_owned(),
        machine: machine(app),
        findings: of_site(&cameras, &silent, &volumes, language),
        cameras,
        volumes,
        users,
    })
}

/// What is read once for all cameras.
struct Sources {
    groups: Vec<Group>,
    devices: HashMap<DeviceId, Device>,
    plans: HashMap<StreamPath, PlanView>,
    examinations: HashMap<CameraId, DoctorReport>,
    offline: HashMap<i64, f64>,
}

impl Sources {
    async fn read(app: &App, now: UtcMillis) -> Result<Self, Problem> {
        let site = &app.site;
        let range = TimeRange { start: UtcMillis(now.0 - OFFLINE_MS), end: now };
        let events = site.store.offline_events().in_range(range).await?;
        let stored = site.store.cameras().all().await?;
        let groups = site.store.groups().all().await?;
        let asked = ReportAsked { range, now, by: ReportBy::Camera };
        let offline = offline_report(&events, &stored, &groups, asked);
        let plans = site.recording.plans().await?;
        let devices = site.store.devices().all().await?;
        let examinations = site.doctor.all_last().await?;
        Ok(Self {
            groups,
            devices: devices.into_iter().map(|device| (device.id, device)).collect(),
            plans: plans.into_iter().map(|view| (view.plan.path.clone(), view)).collect(),
            examinations: examinations.into_iter().filter_map(|report| Some((report.camera?, report))).collect(),
            offline: offline.iter().map(|row| (row.id, row.rate())).collect(),
        })
    }

    async fn camera(
        &self,
        app: &App,
        snapshot: &CameraSnapshot,
        language: Language,
        now: UtcMillis,
    ) -> Result<ReportCamera, Problem> {
        let camera = &snapshot.camera;
        let device = camera.device.and_then(|id| self.devices.get(&id));
        let facts = device.map(|device| device.facts.clone()).unwrap_or_default();
        let health = app.site.health.all().get(&camera.id).copied().unwrap_or_default();
        let address = device.map_or_else(
            || camera.host.clone(),
            |device| if device.at.port == 80 { device.at.host.clone() } else { device.at.key().to_string() },
        );
        Ok(ReportCamera {
            id: camera.id.0,
            name: camera.name.clone(),
            group: group_path(camera.group, &self.groups),
            manufacturer: facts.manufacturer,
            model: facts.model,
            firmware: facts.firmware,
            serial: facts.serial,
            mac: facts.macs.first().cloned().unwrap_or_default(),
            address,
            enabled: camera.enabled,
            streams: camera.streams.iter().map(|stream| report_stream(stream, snapshot)).collect(),
            health: word(&health.state),
            offline_rate: self.offline.get(&camera.id.0).copied().unwrap_or(0.0),
            recording: self.recording(app, camera, now).await?,
            doctor: self.examinations.get(&camera.id).map(|report| ReportDoctor {
                examined_at: report.started_at.0,
                bad: report.count(Verdict::Bad),
                warning: report.count(Verdict::Warning),
                findings: of_examination(report, language),
            }),
        })
    }

    /// First and last picture of any of its streams.
    async fn recording(&self, app: &App, camera: &Camera, now: UtcMillis) -> Result<ReportRecording, Problem> {
        let plan =
            camera.streams.iter().filter_map(|stream| self.plans.get(&stream.path)).find(|view| view.plan.enabled);
        let (mut first, mut last) = (None::<i64>, None::<i64>);
        let segments = app.site.store.segments();
        for stream in &camera.streams {
            let oldest = segments.next_after(&stream.path, UtcMillis(0)).await?;
            let newest = segments.last_before(&stream.path, now).await?;
            first = [first, oldest.map(|segment| segment.start.0)].into_iter().flatten().min();
            last = [last, newest.map(|segment| segment.end.0)].into_iter().flatten().max();
        }
        Ok(ReportRecording {
            plan: plan.map(|view| word(&view.plan.mode)),
            retention_days: plan.map(|view| view.plan.retention_days),
            first_at: first,
            last_at: last,
        })
    }

    /// Cameras with a plan that records nothing.
    fn silent(&self, cameras: &[ReportCamera]) -> Vec<i64> {
        let is_silent = |stream: &ReportStream| {
            let plan = StreamPath::parse(&stream.path).ok().and_then(|path| self.plans.get(&path));
            plan.is_some_and(|view| matches!(view.running, PlanRunning::NotRecording { .. }))
        };
        let own = cameras.iter().filter(|camera| camera.streams.iter().any(is_silent));
        own.map(|camera| camera.id).collect()
    }
}

fn report_stream(stream: &Stream, snapshot: &CameraSnapshot) -> ReportStream {
    let state = snapshot.streams.iter().find(|state| state.path == stream.path);
    let ingest = state.and_then(|state| state.ingest.as_ref());
    let facts = ingest.and_then(|ingest| ingest.facts.as_ref()).or(stream.facts.as_ref());
    let bitrate = ingest.map(|ingest| ingest.bitrate / 1_000).filter(|rate| *rate > 0);
    ReportStream {
        path: stream.path.to_string(),
        role: stream.role.as_str().to_owned(),
        codec: facts.and_then(|facts| facts.video.as_ref()).map(VideoCodec::as_str).unwrap_or_default().to_owned(),
        width: facts.map_or(0, |facts| facts.width),
        height: facts.map_or(0, |facts| facts.height),
        frame_rate: facts.map_or(0.0, |facts| facts.frame_rate),
        bitrate_kbps: bitrate.and_then(|rate| u32::try_from(rate).ok()),
        gop_ms: facts.and_then(|facts| facts.gop_ms),
    }
}

/// Names from the top. A loop, which the database refuses, would end at its length.
fn group_path(group: Option<GroupId>, groups: &[Group]) -> String {
    let mut names = Vec::new();
    let mut next = group;
    while let Some(found) = next.and_then(|id| groups.iter().find(|group| group.id == id)) {
        names.push(found.name.as_str());
        next = found.parent.filter(|_| names.len() < groups.len());
    }
    names.reverse();
    names.join(" / ")
}

async fn volumes(app: &App) -> Result<Vec<ReportVolume>, Problem> {
    let volumes = app.site.recording.volumes().await?;
    Ok(volumes
        .iter()
        .map(|view| ReportVolume {
            name: view.volume.name.clone(),
            root: view.volume.root.display().to_string(),
            state: word(&view.health.state),
            total_bytes: view.health.capacity.total_bytes,
            free_bytes: view.health.capacity.free_bytes,
            recorded_bytes: view.recorded_bytes,
        })
        .collect())
}

fn user(user: &watchwall_model::User) -> ReportUser {
    ReportUser { name: user.name.clone(), role: user.role.as_str().to_owned(), enabled: user.enabled }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_named_from_the_top() {
        let group = |id, name: &str, parent: Option<i64>| Group {
            id: GroupId(id),
            name: name.into(),
            parent: parent.map(GroupId),
            version: 1,
        };
        let groups = [group(1, "Site", None), group(2, "Hall", Some(1)), group(3, "Door", Some(2))];
        let check = |id: Option<i64>, expect: &str| assert_eq!(group_path(id.map(GroupId), &groups), expect);
        check(Some(3), "Site / Hall / Door");
        check(Some(1), "Site");
        check(None, "");
        check(Some(9), "");
    }
}
