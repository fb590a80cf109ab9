//! One examination as others see it: lines come in while it runs.

use super::{
    check::{Check, Skip},
    line::{Line, Verdict},
    place::Place,
    scene::Scene,
    subject::{Subject, SubjectStream},
};
use crate::cameras::{
    jobs::{Kept, Pulse},
    onboarding::JobId,
};
use serde::{Deserialize, Serialize};
use std::{
    collections::HashSet,
    sync::{Mutex, MutexGuard, PoisonError},
};
use tokio_util::sync::CancellationToken;
use watchwall_model::{CameraId, DeviceFacts, UtcMillis};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DoctorState {
    Running,
    Done,
    Cancelled,
}

impl DoctorState {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
        }
    }
}

/// Everything that was found, in a form that can be stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DoctorReport {
    /// 0 once the job is not kept any more.
    #[serde(skip, default = "no_job")]
    pub id: JobId,
    pub state: DoctorState,
    pub camera: Option<CameraId>,
    pub name: String,
    pub address: String,
    pub started_at: UtcMillis,
    pub ended_at: Option<UtcMillis>,
    pub device: Option<ExaminedFacts>,
    /// In their fixed order.
    pub lines: Vec<Line>,
}

/// Who the device is. Empty where it does not tell.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExaminedFacts {
    pub manufacturer: String,
    pub model: String,
    pub firmware: String,
    pub serial: String,
    pub mac: String,
}

impl From<&DeviceFacts> for ExaminedFacts {
    fn from(facts: &DeviceFacts) -> Self {
        Self {
            manufacturer: facts.manufacturer.clone(),
            model: facts.model.clone(),
            firmware: facts.firmware.clone(),
            serial: facts.serial.clone(),
            mac: facts.macs.first().cloned().unwrap_or_default(),
        }
    }
}

const fn no_job() -> JobId {
    JobId(0)
}

impl DoctorReport {
    pub fn count(&self, verdict: Verdict) -> usize {
        self.lines.iter().filter(|line| line.verdict == verdict).count()
    }
}

/// One examination.
pub struct DoctorJob {
    pub id: JobId,
    pub started_at: UtcMillis,
    pub(super) subject: Subject,
    pub(super) cancel: CancellationToken,
    inner: Mutex<Inner>,
    pulse: Pulse,
}

struct Inner {
    state: DoctorState,
    ended_at: Option<UtcMillis>,
    device: Option<ExaminedFacts>,
    name: String,
    lines: Vec<Told>,
    /// What a mend works on.
    scene: Option<Scene>,
    revision: u64,
}

/// A line with the revision that changed it last.
struct Told {
    revision: u64,
    line: Line,
    is_looked_at: bool,
}

impl DoctorJob {
    pub(super) fn new(id: JobId, subject: Subject, cancel: CancellationToken, pulse: Pulse) -> Self {
        let inner = Inner {
            state: DoctorState::Running,
            ended_at: None,
            device: None,
            name: subject.name.clone(),
            lines: Vec::new(),
            scene: None,
            revision: 1,
        };
        Self { id, started_at: UtcMillis::now(), subject, cancel, inner: Mutex::new(inner), pulse }
    }

    /// Rises with every change.
    pub fn revision(&self) -> u64 {
        self.lock().revision
    }

    pub fn state(&self) -> DoctorState {
        self.lock().state
    }

    pub fn camera(&self) -> Option<CameraId> {
        self.subject.camera
    }

    /// What was found so far.
    pub fn report(&self) -> DoctorReport {
        let inner = self.lock();
        DoctorReport {
            id: self.id,
            state: inner.state,
            camera: self.subject.camera,
            name: inner.name.clone(),
            address: self.subject.address(),
            started_at: self.started_at,
            ended_at: inner.ended_at,
            device: inner.device.clone(),
            lines: inner.lines.iter().map(|told| told.line.clone()).collect(),
        }
    }

    /// Lines that came or changed after a revision; whether each is being looked at again.
    pub fn lines_since(&self, revision: u64) -> Vec<(Line, bool)> {
        let inner = self.lock();
        let news = inner.lines.iter().filter(|told| told.revision > revision);
        news.map(|told| (told.line.clone(), told.is_looked_at)).collect()
    }

    pub(super) fn tell(&self, line: Line) {
        self.change(|inner, revision| {
            let told = Told { revision, line, is_looked_at: false };
            match inner.lines.iter_mut().find(|known| known.line.is_same(&told.line)) {
                Some(known) => *known = told,
                None => {
                    inner.lines.push(told);
                    inner.lines.sort_by_key(|told| told.line.order());
                }
            }
        });
    }

    pub(super) fn skip(&self, check: Check, place: Place, why: Skip) {
        self.tell(Line::skipped(check, why).of(place));
    }

    /// Says why of every line that is not there.
    pub(super) fn fill(&self, expected: impl IntoIterator<Item = (Check, Place)>, why: Skip) {
        let known: HashSet<_> = self.lock().lines.iter().map(|told| (told.line.check, told.line.place())).collect();
        for (check, place) in expected.into_iter().filter(|wanted| !known.contains(wanted)) {
            self.skip(check, place, why);
        }
    }

    pub(super) fn know(&self, facts: &DeviceFacts) {
        self.change(|inner, _| {
            inner.device = Some(ExaminedFacts::from(facts));
            if inner.name.is_empty() {
                inner.name = facts.name.clone().unwrap_or_default();
            }
        });
    }

    pub(super) fn set_scene(&self, scene: Scene) {
        self.lock().scene = Some(scene);
    }

    /// Streams of a channel that was asked.
    pub(super) fn add_streams(&self, streams: &[SubjectStream]) {
        if let Some(scene) = &mut self.lock().scene {
            scene.streams.extend_from_slice(streams);
        }
    }

    pub(super) fn scene(&self) -> Option<Scene> {
        self.lock().scene.clone()
    }

    pub(super) fn line(&self, is_it: impl Fn(&Line) -> bool) -> Option<Line> {
        self.lock().lines.iter().map(|told| &told.line).find(|line| is_it(line)).cloned()
    }

    /// Begins again for some of the lines; `false` while it runs.
    pub(super) fn begin_again(&self) -> bool {
        let mut began = false;
        self.change(|inner, _| {
            began = inner.state != DoctorState::Running;
            if began {
                (inner.state, inner.ended_at) = (DoctorState::Running, None);
            }
        });
        began
    }

    pub(super) fn look_again(&self, is_affected: impl Fn(&Line) -> bool) {
        self.change(|inner, revision| {
            for told in inner.lines.iter_mut().filter(|told| is_affected(&told.line)) {
                (told.revision, told.is_looked_at) = (revision, true);
            }
        });
    }

    pub(super) fn end(&self, state: DoctorState) {
        self.change(|inner, revision| {
            for told in inner.lines.iter_mut().filter(|told| told.is_looked_at) {
                (told.revision, told.is_looked_at) = (revision, false);
            }
            (inner.state, inner.ended_at) = (state, Some(UtcMillis::now()));
        });
    }

    fn change(&self, act: impl FnOnce(&mut Inner, u64)) {
        let mut inner = self.lock();
        inner.revision += 1;
        let revision = inner.revision;
        act(&mut inner, revision);
        drop(inner);
        self.pulse.send_modify(|count| *count += 1);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept for DoctorJob {
    fn number(&self) -> u64 {
        self.id.0
    }

    fn is_over(&self) -> bool {
        self.state() != DoctorState::Running
    }

    fn revision(&self) -> u64 {
        Self::revision(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cameras::doctor::subject::DoctorWish;
    use watchwall_model::StreamRole;

    fn job() -> DoctorJob {
        let wish = DoctorWish { address: "10.0.0.5".into(), ..DoctorWish::default() };
        let subject = Subject::of_address(&wish).unwrap();
        DoctorJob::new(JobId(1), subject, CancellationToken::new(), Pulse::new(0))
    }

    #[test]
    fn lines_stand_in_their_order_and_once() {
        let job = job();
        let (main, sub) = (Place::DEVICE.stream(StreamRole::Main), Place::DEVICE.stream(StreamRole::Sub));
        let line = |check, place| Line::new(check, Verdict::Ok, "x").of(place);
        job.tell(line(Check::Decode, main));
        job.tell(line(Check::Gop, sub));
        job.tell(line(Check::Arrival, main));
        job.tell(line(Check::Clock, Place::DEVICE));
        job.tell(line(Check::Reachable, Place::DEVICE));
        let before = job.revision();
        job.tell(Line::new(Check::Clock, Verdict::Bad, "wrong"));
        let places: Vec<_> = job.report().lines.iter().map(|line| (line.check, line.place())).collect();
        assert_eq!(
            places,
            [
                (Check::Reachable, Place::DEVICE),
                (Check::Clock, Place::DEVICE),
                (Check::Arrival, main),
                (Check::Gop, sub),
                (Check::Decode, main),
            ]
        );
        let news = job.lines_since(before);
        assert_eq!(news.len(), 1);
        assert_eq!((news[0].0.check, news[0].0.verdict, news[0].1), (Check::Clock, Verdict::Bad, false));
        assert_eq!(job.report().count(Verdict::Ok), 4);
    }

    #[test]
    fn channels_stand_one_after_another() {
        let job = job();
        for (check, channel) in [(Check::Gop, 2), (Check::Gop, 10), (Check::Snapshot, 2), (Check::Profiles, 10)] {
            let place = Place::of_channel(Some(channel));
            let place = if check == Check::Gop { place.stream(StreamRole::Main) } else { place };
            job.tell(Line::new(check, Verdict::Ok, "x").of(place));
        }
        job.tell(Line::new(Check::Events, Verdict::Ok, "works"));
        let order: Vec<_> = job.report().lines.iter().map(|line| (line.check, line.channel)).collect();
        let channels = [(Check::Snapshot, Some(2)), (Check::Profiles, Some(10)), (Check::Gop, Some(2))];
        assert_eq!(order[0], (Check::Events, None));
        assert_eq!((&order[1..4], order[4]), (&channels[..], (Check::Gop, Some(10))));
    }

    #[test]
    fn what_is_missing_is_said_why() {
        let job = job();
        job.tell(Line::new(Check::Clock, Verdict::Ok, "right"));
        let main = Place::DEVICE.stream(StreamRole::Main);
        job.fill([(Check::Clock, Place::DEVICE), (Check::Gop, main)], Skip::OutOfTime);
        let lines = job.report().lines;
        assert_eq!(lines.iter().map(|line| line.outcome.as_str()).collect::<Vec<_>>(), ["right", "out_of_time"]);
    }

    #[test]
    fn a_line_is_looked_at_again_until_it_is_told() {
        let job = job();
        job.tell(Line::new(Check::Clock, Verdict::Bad, "wrong"));
        assert!(!job.begin_again(), "it runs");
        job.end(DoctorState::Done);
        let before = job.revision();
        assert!(job.begin_again());
        job.look_again(|line| line.check == Check::Clock);
        assert_eq!(job.lines_since(before).iter().map(|(_, looked)| *looked).collect::<Vec<_>>(), [true]);
        job.tell(Line::new(Check::Clock, Verdict::Ok, "right"));
        job.end(DoctorState::Done);
        assert_eq!(job.lines_since(0).iter().map(|(_, looked)| *looked).collect::<Vec<_>>(), [false]);
    }

    #[test]
    fn a_report_survives_being_stored() {
        let job = job();
        job.tell(Line::new(Check::Clock, Verdict::Bad, "wrong").mended_by(super::super::line::Mend::SyncClock));
        job.end(DoctorState::Done);
        let report = DoctorReport { id: JobId(0), ..job.report() };
        let text = serde_json::to_string(&report).unwrap();
        assert_eq!(serde_json::from_str::<DoctorReport>(&text).unwrap(), report);
    }
}
