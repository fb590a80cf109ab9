//! One examination as others see it: lines come in while it runs.

use super::{
    check::{Check, Skip},
    line::{Line, Verdict},
    scene::Scene,
    subject::Subject,
};
use crate::cameras::{
    jobs::{Kept, Pulse},
    onboarding::JobId,
};
use serde::{Deserialize, Serialize};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio_util::sync::CancellationToken;
use watchwall_model::{CameraId, DeviceFacts, StreamRole, UtcMillis};

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
                    inner.lines.sort_by_key(|told| told.line.place());
                }
            }
        });
    }

    pub(super) fn skip(&self, check: Check, stream: Option<StreamRole>, why: Skip) {
        self.tell(Line::skipped(check, why).of(stream));
    }

    /// Says why of every line that is not there.
    pub(super) fn fill(&self, expected: impl IntoIterator<Item = (Check, Option<StreamRole>)>, why: Skip) {
        let known: Vec<_> = self.lock().lines.iter().map(|told| (told.line.check, told.line.stream)).collect();
        for (check, stream) in expected.into_iter().filter(|wanted| !known.contains(wanted)) {
            self.skip(check, stream, why);
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

    fn job() -> DoctorJob {
        let wish = DoctorWish { address: "10.0.0.5".into(), ..DoctorWish::default() };
        let subject = Subject::of_address(&wish).unwrap();
        DoctorJob::new(JobId(1), subject, CancellationToken::new(), Pulse::new(0))
    }

    #[test]
    fn lines_stand_in_their_order_and_once() {
        let job = job();
        let line = |check, stream: Option<StreamRole>| Line::new(check, Verdict::Ok, "x").of(stream);
        job.tell(line(Check::Decode, Some(StreamRole::Main)));
        job.tell(line(Check::Gop, Some(StreamRole::Sub)));
        job.tell(line(Check::Arrival, Some(StreamRole::Main)));
        job.tell(line(Check::Clock, None));
        job.tell(line(Check::Reachable, None));
        let before = job.revision();
        job.tell(Line::new(Check::Clock, Verdict::Bad, "wrong"));
        let places: Vec<_> = job.report().lines.iter().map(|line| (line.check, line.stream)).collect();
        assert_eq!(
            places,
            [
                (Check::Reachable, None),
                (Check::Clock, None),
                (Check::Arrival, Some(StreamRole::Main)),
                (Check::Gop, Some(StreamRole::Sub)),
                (Check::Decode, Some(StreamRole::Main)),
            ]
        );
        let news = job.lines_since(before);
        assert_eq!(news.len(), 1);
        assert_eq!((news[0].0.check, news[0].0.verdict, news[0].1), (Check::Clock, Verdict::Bad, false));
        assert_eq!(job.report().count(Verdict::Ok), 4);
    }

    #[test]
    fn what_is_missing_is_said_why() {
        let job = job();
        job.tell(Line::new(Check::Clock, Verdict::Ok, "right"));
        job.fill([(Check::Clock, None), (Check::Gop, Some(StreamRole::Main))], Skip::OutOfTime);
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
