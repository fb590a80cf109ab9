//! Takes triggers in: checks them against the plan and the ring, puts them on the board, keeps them.

use super::{Accepted, Asked, Board, CameraTrigger, Cause, Kept, Window};
use crate::recording::{archive::Archive, index::Index, streams::StreamSource};
use jiff::tz::TimeZone;
use watchwall_model::{ErrorCode, Problem, Slot, StreamPath, UtcMillis};

/// What is asked for lasts a day at most; a trigger before that asks for nothing any more.
const LOOK_BACK_MS: i64 = 90_000_000;

/// What taking a trigger needs.
pub struct Intake<'a> {
    pub index: &'a Index,
    pub board: &'a Board,
    pub archive: &'a Archive,
    pub source: &'a dyn StreamSource,
    pub zone: &'a TimeZone,
}

impl Intake<'_> {
    /// Recordings asked for before a restart that are not over yet.
    pub async fn recall(&self, now: UtcMillis) -> Result<(), Problem> {
        for (path, mark) in self.index.triggers_since(now.saturating_add_ms(-LOOK_BACK_MS)).await? {
            if let Some(window) = mark.kept.window().filter(|window| window.until > now) {
                self.board.desk(&path).add(window, now);
            }
        }
        Ok(())
    }

    pub async fn ask(&self, path: &StreamPath, asked: Asked) -> Result<Accepted, Problem> {
        let plan = self.index.plan(path).await?;
        let plan = plan.ok_or_else(|| Problem::new(ErrorCode::NotFound).with("what", "plan"))?;
        if !plan.enabled {
            return Err(Problem::new(ErrorCode::PlanOff).with("path", path));
        }
        let now = UtcMillis::now();
        let range = asked.range(&plan, self.earliest(path, now), now)?;
        let window = Window { from: range.start, until: range.end, cause: Cause::Asked, going_on: None };
        self.board.desk(path).add(window, now);
        let kept = Kept { kind: None, from: range.start, until: Some(range.end), reason: asked.reason, by: asked.by };
        self.index.note_trigger(path, range.start.max(now), &kept).await?;
        Ok(Accepted { range, is_scheduled: range.start > now })
    }

    /// Nobody asks any more. What was kept is shortened too, so that a restart does not begin it again. Answers whether
    /// anything was asked for.
    pub async fn withdraw(&self, path: &StreamPath) -> Result<bool, Problem> {
        let now = UtcMillis::now();
        let withdrawn = self.board.desk(path).withdraw(now);
        self.index.end_triggers(path, now.saturating_add_ms(-LOOK_BACK_MS), now).await?;
        Ok(withdrawn > 0)
    }

    /// What a camera noticed. Only what begins a recording by its plan is kept.
    pub async fn notice(&self, path: &StreamPath, trigger: &CameraTrigger) -> Result<(), Problem> {
        let Some(plan) = self.index.plan(path).await?.filter(|plan| plan.enabled && plan.awaits_events()) else {
            return Ok(());
        };
        let (now, desk) = (UtcMillis::now(), self.board.desk(path));
        if let Some(ended) = trigger.ends() {
            desk.end(&ended, trigger.until(&plan, now));
            return Ok(());
        }
        let Some(window) = trigger.window(&plan, now).filter(|_| plan.events.kinds.contains(&trigger.kind)) else {
            return Ok(());
        };
        let (from, at) = (window.from, trigger.at.min(now));
        let until = window.going_on.is_none().then_some(window.until);
        if desk.add(window, now) && plan.slot_at(at, self.zone).slot == Slot::Event {
            let kept = Kept { kind: Some(trigger.kind), from, until, reason: String::new(), by: String::new() };
            self.index.note_trigger(path, at, &kept).await?;
        }
        Ok(())
    }

    /// The oldest moment that is still in memory, or being written.
    fn earliest(&self, path: &StreamPath, now: UtcMillis) -> UtcMillis {
        let tap = self.source.stream(path);
        let ring = tap.and_then(|tap| tap.hub.ring_start()).map(|at| at.to_millis());
        let files = self.archive.open.of(path);
        let written = files.iter().filter(|file| !file.is_closed()).map(|file| file.facts.start).min();
        [ring, written].into_iter().flatten().min().unwrap_or(now).min(now)
    }
}
