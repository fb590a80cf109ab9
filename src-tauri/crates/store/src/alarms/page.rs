//! Lists of alarms, and how many there are of which kind.

use super::{AlarmTable, read};
use crate::{Page, PageRequest, StoreError, page, row::column};
use watchwall_model::{Alarm, AlarmSource, AlarmState, CameraId, ErrorCode, Problem, TaskId, TimeRange, UtcMillis};

// A bound NULL leaves its condition out. The index is named: with conditions like these SQLite cannot choose. There is one
// upper bound, the cursor's or the range's: of two, the index begins at either.
macro_rules! page {
    ($index:literal, $first:literal) => {
        concat!(
            "SELECT * FROM alarms INDEXED BY ",
            $index,
            " WHERE ",
            $first,
            " AND (last_ms, id) < (?1, ?2) AND (?3 IS NULL OR state = ?3) AND (?4 IS NULL OR source = ?4) \
             AND (?5 IS NULL OR kind = ?5) AND (?6 IS NULL OR level >= ?6) AND (?7 IS NULL OR camera_id = ?7) \
             AND (?8 IS NULL OR task_id = ?8) AND last_ms >= ?9 AND last_ms <= MIN(?10 - 1, ?1) ORDER BY last_ms DESC, id DESC LIMIT ?11"
        )
    };
}
const PAGE: &str = page!("alarms_by_time", "1");
const PAGE_OPEN: &str = page!("alarms_by_time", "state IN ('new', 'acknowledged', 'in_progress')");
const PAGE_OF_CAMERA: &str = page!("alarms_of_camera", "camera_id = ?7");
const PAGE_OPEN_OF_CAMERA: &str =
    page!("alarms_of_camera", "camera_id = ?7 AND state IN ('new', 'acknowledged', 'in_progress')");
const COUNTS: &str = "SELECT state, level, COUNT(*) AS number, \
     SUM(CASE WHEN state = 'new' AND deadline_ms <= ?1 THEN 1 ELSE 0 END) AS overdue FROM alarms INDEXED BY alarms_open \
     WHERE state IN ('new', 'acknowledged', 'in_progress') GROUP BY state, level";
#[cfg(test)]
pub const STATEMENTS: &[&str] = &[PAGE, PAGE_OPEN, PAGE_OF_CAMERA, PAGE_OPEN_OF_CAMERA, COUNTS];

/// Which states a list shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StateFilter {
    #[default]
    All,
    Open,
    One(AlarmState),
}

/// What a list is narrowed to; nothing given, nothing narrowed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AlarmFilter {
    pub state: StateFilter,
    pub source: Option<AlarmSource>,
    pub kind: Option<String>,
    /// And above.
    pub level: Option<u32>,
    pub camera: Option<CameraId>,
    pub task: Option<TaskId>,
    /// When it happened last.
    pub range: Option<TimeRange>,
}

/// How many stand how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AlarmCounts {
    pub new: u64,
    pub acknowledged: u64,
    pub in_progress: u64,
    pub overdue: u64,
    /// Open ones of levels 1 to 4.
    pub open_by_level: [u64; 4],
}

impl AlarmTable<'_> {
    /// By when they happened last, newest first.
    ///
    /// # Errors
    /// `request_invalid` for a made-up cursor.
    pub async fn page(&self, filter: &AlarmFilter, request: &PageRequest) -> Result<Page<Alarm>, Problem> {
        let invalid = || Problem::new(ErrorCode::RequestInvalid).with("field", "cursor");
        let (at, id) = match &request.cursor {
            Some(cursor) => {
                let text = page::decode(cursor)?;
                let (at, id) = text.split_once(' ').ok_or_else(invalid)?;
                (at.parse().map_err(|_| invalid())?, id.parse().map_err(|_| invalid())?)
            }
            None => (i64::MAX, i64::MAX),
        };
        let statement = match (filter.state, filter.camera) {
            (StateFilter::Open, None) => PAGE_OPEN,
            (StateFilter::Open, Some(_)) => PAGE_OPEN_OF_CAMERA,
            (_, None) => PAGE,
            (_, Some(_)) => PAGE_OF_CAMERA,
        };
        let (state, _) = state_of(filter.state);
        let limit = request.limit();
        let rows = sqlx::query(statement)
            .bind(at)
            .bind(id)
            .bind(state)
            .bind(filter.source.map(AlarmSource::as_str))
            .bind(&filter.kind)
            .bind(filter.level)
            .bind(filter.camera.map(|camera| camera.0))
            .bind(filter.task.map(|task| task.0))
            .bind(filter.range.map_or(i64::MIN, |range| range.start.0))
            .bind(filter.range.map_or(i64::MAX, |range| range.end.0))
            .bind(page::one_more(limit))
            .fetch_all(self.store.reader())
            .await
            .map_err(StoreError::from)?;
        let items = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        Ok(Page::cut(items, limit, |alarm| format!("{} {}", alarm.last_at.0, alarm.id)))
    }

    pub async fn counts(&self, now: UtcMillis) -> Result<AlarmCounts, StoreError> {
        let mut counts = AlarmCounts::default();
        for row in &sqlx::query(COUNTS).bind(now.0).fetch_all(self.store.reader()).await? {
            let (state, level): (String, i64) = (column(row, "state")?, column(row, "level")?);
            let number = u64::try_from(column::<i64>(row, "number")?).unwrap_or(0);
            match AlarmState::parse(&state) {
                Some(AlarmState::New) => counts.new += number,
                Some(AlarmState::Acknowledged) => counts.acknowledged += number,
                _ => counts.in_progress += number,
            }
            counts.overdue += u64::try_from(column::<Option<i64>>(row, "overdue")?.unwrap_or(0)).unwrap_or(0);
            let place = usize::try_from(level - 1).unwrap_or(0).min(3);
            if let Some(of_level) = counts.open_by_level.get_mut(place) {
                *of_level += number;
            }
        }
        Ok(counts)
    }
}

/// The one state, and whether it is all open ones.
pub fn state_of(filter: StateFilter) -> (Option<&'static str>, bool) {
    match filter {
        StateFilter::One(state) => (Some(state.as_str()), false),
        StateFilter::All => (None, false),
        StateFilter::Open => (None, true),
    }
}
