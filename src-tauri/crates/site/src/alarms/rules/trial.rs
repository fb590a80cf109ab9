//! A rule as it might be, tried on what has happened.

use super::judge::RuleBook;
use crate::alarms::ground::{AlarmGround, CameraFacts};
use jiff::tz::TimeZone;
use std::collections::{HashMap, hash_map::Entry};
use watchwall_model::{
    AiResultRow, AlarmRule, AlarmRuleId, AlarmSource, Arming, CameraId, Happening, Problem, RuleAction, RuleMatch,
    TimeRange, UtcMillis,
};
use watchwall_store::{PageRequest, ResultFiles, ResultFilter, Store};

/// More is not looked at.
const MOST: usize = 100_000;
const EXAMPLES: usize = 20;

/// How often a rule would have fired.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trial {
    pub fired: u64,
    pub looked_at: u64,
    /// There was more to look at.
    pub is_cut: bool,
    /// Newest first.
    pub examples: Vec<TrialExample>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct TrialExample {
    pub at: UtcMillis,
    pub source: AlarmSource,
    pub kind: String,
    pub camera: Option<CameraId>,
    pub level: Option<u32>,
}

/// Where the past is read.
pub struct Past<'a> {
    pub store: &'a Store,
    pub results: &'a ResultFiles,
    pub ground: &'a dyn AlarmGround,
    pub arming: Arming,
    pub zone: TimeZone,
}

/// Modes set by hand are not remembered: the trial goes by week and calendar.
///
/// # Errors
/// `request_invalid`, or when the past cannot be read.
pub async fn run(past: &Past<'_>, when: RuleMatch, rest_s: u32, range: TimeRange) -> Result<Trial, Problem> {
    let rule = AlarmRule {
        id: AlarmRuleId(0),
        version: 0,
        name: "trial".into(),
        enabled: true,
        when,
        then: vec![RuleAction::Suppress],
        rest_s,
        last_fired_at: None,
    };
    rule.check()?;
    let (happened, is_cut) = past.read(range, rule.when.source).await?;
    let arming = Arming { manual: None, ..past.arming.clone() };
    let mut book = RuleBook::new(vec![rule], arming, past.zone.clone());
    let mut facts: HashMap<CameraId, Option<CameraFacts>> = HashMap::new();
    let mut trial = Trial { looked_at: happened.len() as u64, is_cut, ..Trial::default() };
    for what in happened {
        let of_camera = match what.camera {
            Some(camera) => {
                if let Entry::Vacant(place) = facts.entry(camera) {
                    place.insert(past.ground.camera(camera).await);
                }
                facts.get(&camera).and_then(Option::as_ref)
            }
            None => None,
        };
        if !book.judge(&what, of_camera, what.at).fired.is_empty() {
            trial.fired += 1;
            trial.examples.push(TrialExample {
                at: what.at,
                source: what.source,
                kind: what.kind,
                camera: what.camera,
                level: what.level,
            });
            if trial.examples.len() > EXAMPLES {
                trial.examples.remove(0);
            }
        }
    }
    trial.examples.reverse();
    Ok(trial)
}

impl Past<'_> {
    /// Oldest first, and whether there was more.
    async fn read(&self, range: TimeRange, source: Option<AlarmSource>) -> Result<(Vec<Happening>, bool), Problem> {
        let wanted = |one: AlarmSource| source.is_none_or(|source| source == one);
        let (mut all, mut is_cut) = (Vec::new(), false);
        if wanted(AlarmSource::Ai) {
            let (of_engines, cut) = self.results(range).await?;
            all.extend(of_engines);
            is_cut |= cut;
        }
        if wanted(AlarmSource::CameraEvent) {
            for camera in self.store.cameras().all().await? {
                let rows = self.store.camera_events().in_range(camera.id, range).await?;
                all.extend(rows.iter().filter_map(crate::alert::of_camera_event));
                if all.len() > MOST {
                    break;
                }
            }
        }
        let others = self.store.alarms().since(range.start).await?;
        let others = others.iter().filter(|alarm| alarm.first_at < range.end && wanted(alarm.source));
        // Of those two every single one is there already.
        let is_other = |source: AlarmSource| !matches!(source, AlarmSource::Ai | AlarmSource::CameraEvent);
        all.extend(others.filter(|alarm| is_other(alarm.source)).map(|alarm| Happening {
            level: Some(alarm.level),
            camera: alarm.camera,
            ..Happening::new(alarm.source, alarm.kind.clone(), alarm.first_at)
        }));
        all.sort_by_key(|what| what.at);
        if all.len() > MOST {
            is_cut = true;
            all.drain(..all.len() - MOST);
        }
        Ok((all, is_cut))
    }

    /// Alarms of engines, newest first as they are read.
    async fn results(&self, range: TimeRange) -> Result<(Vec<Happening>, bool), Problem> {
        let levels: HashMap<_, _> =
            self.store.ai_tasks().all().await?.into_iter().map(|task| (task.id, task.level)).collect();
        let filter = ResultFilter { range: Some(range), only_alarms: true, ..ResultFilter::default() };
        let mut request = PageRequest { limit: Some(PageRequest::MAX_LIMIT), ..PageRequest::default() };
        let mut all = Vec::new();
        loop {
            let page = self.results.page(&filter, &request).await?;
            all.extend(page.items.into_iter().map(|row: AiResultRow| Happening {
                camera: Some(row.camera),
                task: Some(row.task),
                level: levels.get(&row.task).copied(),
                objects: Some(row.objects),
                ..Happening::new(AlarmSource::Ai, row.scene.to_string(), row.at)
            }));
            match page.next_cursor {
                Some(cursor) if all.len() < MOST => request.cursor = Some(cursor),
                Some(_) => return Ok((all, true)),
                None => return Ok((all, false)),
            }
        }
    }
}
