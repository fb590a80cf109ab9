//! Results by camera, task, scene and time, newest first.

use super::{
    ResultFiles,
    day::{Day, open_to_read},
    rows::read,
};
use crate::{Page, PageRequest, StoreError, page};
use sqlx::Connection;
use watchwall_model::{AiResultRow, CameraId, ErrorCode, Problem, SceneCode, TaskId, TimeRange, UtcMillis};

/// The page of what a filter asks for. Each shape is a statement of its own: an index serves conditions that are written
/// down, and not ones that a bound value switches off. There is one upper bound, which is the cursor's on every page but
/// the first: of two, the index begins at either.
pub fn statement(filter: &ResultFilter) -> String {
    let mut text = "SELECT * FROM results WHERE at_ms >= ?1 AND at_ms <= MIN(?2 - 1, ?6)".to_owned();
    let conditions = [
        (filter.camera.is_some(), " AND camera = ?3"),
        (filter.task.is_some(), " AND task = ?4"),
        (filter.scene.is_some(), " AND scene = ?5"),
        (filter.only_alarms, " AND is_alarm = 1"),
    ];
    conditions.into_iter().filter(|(is_asked, _)| *is_asked).for_each(|(_, condition)| text.push_str(condition));
    text.push_str(" AND (at_ms, task, scene) < (?6, ?7, ?8) ORDER BY at_ms DESC, task DESC, scene DESC LIMIT ?9");
    text
}

pub const ONE: &str = "SELECT * FROM results WHERE at_ms = ?1 AND task = ?2 AND scene = ?3";

/// What a list of results is narrowed to; nothing given, nothing narrowed.
#[derive(Clone, Debug, Default)]
pub struct ResultFilter {
    pub camera: Option<CameraId>,
    pub task: Option<TaskId>,
    pub scene: Option<SceneCode>,
    pub range: Option<TimeRange>,
    pub only_alarms: bool,
}

/// The last row of a page: its day's number, and what follows in that day is less.
struct Place {
    day: Day,
    at_ms: i64,
    task: i64,
    scene: String,
}

impl Place {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(4, ',');
        let (day, at_ms, task) = (parts.next()?, parts.next()?, parts.next()?);
        Some(Self {
            day: Day::numbered(day.parse().ok()?),
            at_ms: at_ms.parse().ok()?,
            task: task.parse().ok()?,
            scene: parts.next()?.to_owned(),
        })
    }
}

impl ResultFiles {
    /// Newest day first, and in it by the time of the picture.
    ///
    /// # Errors
    /// `request_invalid` for a made-up cursor.
    pub async fn page(&self, filter: &ResultFilter, request: &PageRequest) -> Result<Page<AiResultRow>, Problem> {
        let invalid = || Problem::new(ErrorCode::RequestInvalid).with("field", "cursor");
        let place = match &request.cursor {
            Some(cursor) => Some(Place::parse(&page::decode(cursor)?).ok_or_else(invalid)?),
            None => None,
        };
        let limit = request.limit();
        let mut items: Vec<(Day, AiResultRow)> = Vec::new();
        let days = Day::all(&self.folder)?;
        for day in days.into_iter().rev().filter(|day| place.as_ref().is_none_or(|place| *day <= place.day)) {
            let after = place.as_ref().filter(|place| place.day == day);
            let wanted = limit + 1 - items.len();
            items.extend(self.of_day(day, filter, after, wanted).await?.into_iter().map(|row| (day, row)));
            if items.len() > limit {
                break;
            }
        }
        let key = |(day, row): &(Day, AiResultRow)| format!("{},{},{},{}", day.number(), row.at.0, row.task, row.scene);
        let Page { items, next_cursor } = Page::cut(items, limit, key);
        Ok(Page { items: items.into_iter().map(|(_, row)| row).collect(), next_cursor })
    }

    /// The result of a scene for one picture.
    ///
    /// # Errors
    /// What the database says.
    pub async fn get(&self, task: TaskId, scene: &SceneCode, at: UtcMillis) -> Result<Option<AiResultRow>, StoreError> {
        // It came when its picture was taken, or later; a clock that is ahead is corrected by less than a day.
        let first = Day::numbered(Day::of(at).number().saturating_sub(1));
        for day in Day::all(&self.folder)?.into_iter().filter(|day| *day >= first) {
            let Some(mut connection) = open_to_read(&self.folder, day).await? else { continue };
            let row =
                sqlx::query(ONE).bind(at.0).bind(task.0).bind(scene.as_str()).fetch_optional(&mut connection).await?;
            connection.close().await?;
            if let Some(row) = row {
                return read(&row).map(Some);
            }
        }
        Ok(None)
    }

    async fn of_day(
        &self,
        day: Day,
        filter: &ResultFilter,
        after: Option<&Place>,
        limit: usize,
    ) -> Result<Vec<AiResultRow>, StoreError> {
        let Some(mut connection) = open_to_read(&self.folder, day).await? else { return Ok(Vec::new()) };
        let all = TimeRange { start: UtcMillis(i64::MIN), end: UtcMillis(i64::MAX) };
        let range = filter.range.unwrap_or(all);
        // Made of fixed words alone.
        let rows = sqlx::query(sqlx::AssertSqlSafe(statement(filter)))
            .bind(range.start.0)
            .bind(range.end.0)
            .bind(filter.camera.map(|camera| camera.0))
            .bind(filter.task.map(|task| task.0))
            .bind(filter.scene.as_ref().map(SceneCode::as_str))
            .bind(after.map_or(i64::MAX, |place| place.at_ms))
            .bind(after.map_or(i64::MAX, |place| place.task))
            .bind(after.map_or("", |place| place.scene.as_str()))
            .bind(i64::try_from(limit).unwrap_or(i64::MAX))
            .fetch_all(&mut connection)
            .await?;
        connection.close().await?;
        rows.iter().map(read).collect()
    }
}
