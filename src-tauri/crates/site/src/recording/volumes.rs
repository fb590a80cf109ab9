//! The volumes of the site: which there are, the first one made by itself, and what a plan may say about them.

use super::{
    index::Index,
    retention::Capacity,
    volume::marker::{self, Found},
    volume_set::Contents,
};
use jiff::tz::TimeZone;
use std::path::{Path, PathBuf};
use watchwall_model::{ErrorCode, Plan, Problem, UtcMillis, Volume, VolumeCode, VolumeKind, config::RecordingConfig};

/// Code of the volume every site begins with.
pub const FIRST: &str = "main";
const DAY_MS: f64 = 86_400_000.0;
const MOST_NAME_CHARS: usize = 100;
const MOST_PRIORITY: i32 = 1_000;
const MOST_ARCHIVE_DAYS: u32 = 3_650;

/// # Errors
/// `config_invalid` for a name the time zone database does not have.
pub fn zone(name: Option<&str>) -> Result<TimeZone, Problem> {
    match name {
        None => Ok(TimeZone::system()),
        Some(name) => TimeZone::get(name).map_err(|e| {
            Problem::new(ErrorCode::ConfigInvalid).with("key", "recording.time_zone").with("value", name).because(e)
        }),
    }
}

/// The volumes of the database, highest priority first; without any, the first one is made.
///
/// # Errors
/// When the database cannot be read, or the first folder cannot be made.
pub async fn load(
    index: &Index,
    config: &RecordingConfig,
    data_folder: &Path,
) -> Result<Vec<(Volume, Contents)>, Problem> {
    let volumes = index.volumes().await?;
    if !volumes.is_empty() {
        return Ok(volumes.into_iter().map(|volume| (volume, Contents::Known)).collect());
    }
    let root = config.folder.clone().unwrap_or_else(|| data_folder.join("recordings"));
    let volume = super::archive::blocking(move || first(root)).await?;
    index.put_volume(&volume).await?;
    Ok(vec![(volume, Contents::Unknown)])
}

/// Makes the folder this site's, or takes over the volume that stands there: the database was lost, not the disk.
fn first(root: PathBuf) -> Result<Volume, Problem> {
    let invalid =
        |detail: String| Problem::new(ErrorCode::VolumePathInvalid).with("root", root.display()).because(detail);
    let root = std::path::absolute(&root).map_err(|e| invalid(e.to_string()))?;
    let found = Found::look(&root).map_err(|e| invalid(e.to_string()))?;
    let mut volume = new_volume(root.clone());
    match found {
        Found::Marker(marker) => {
            tracing::info!(root = %root.display(), "the folder already is a volume; it is taken over");
            volume.marker = marker.volume;
            volume.code = VolumeCode(marker.code);
        }
        Found::NoMarker | Found::NoRoot => {
            marker::write(&volume).map_err(|e| invalid(e.to_string()))?;
        }
        Found::Damaged => {
            return Err(Problem::new(ErrorCode::VolumeForeign)
                .with("root", root.display())
                .because("the marker file cannot be read as one"));
        }
    }
    Ok(volume)
}

/// A first volume with a new id.
pub fn new_volume(root: PathBuf) -> Volume {
    Volume {
        code: VolumeCode(FIRST.to_owned()),
        marker: format!("{:032x}", rand::random::<u128>()),
        name: FIRST.to_owned(),
        root,
        kind: VolumeKind::Local,
        high_watermark_percent: Volume::DEFAULT_HIGH_WATERMARK_PERCENT,
        low_watermark_percent: Volume::DEFAULT_LOW_WATERMARK_PERCENT,
        priority: 0,
        archive_after_days: None,
        object: None,
    }
}

/// A code that no volume has.
pub fn free_code(all: &[Volume]) -> VolumeCode {
    let mut codes = (2..).map(|number| VolumeCode(format!("{FIRST}{number}")));
    let free = codes.find(|code| all.iter().all(|volume| &volume.code != code));
    free.unwrap_or_else(|| VolumeCode(FIRST.to_owned()))
}

fn invalid(field: &str, allowed: &str) -> Problem {
    Problem::new(ErrorCode::VolumeInvalid).with("field", field).with("allowed", allowed)
}

/// An object store without a place in one, or such a place of something else.
pub fn object_misplaced() -> Problem {
    invalid("object", "of kind object, and of no other")
}

/// # Errors
/// `volume_invalid` names the field.
pub fn check_volume(volume: &Volume) -> Result<(), Problem> {
    let invalid = |field, allowed| Err(invalid(field, allowed));
    let (low, high) = (volume.low_watermark_percent, volume.high_watermark_percent);
    if !(1..=MOST_NAME_CHARS).contains(&volume.name.trim().chars().count()) {
        return invalid("name", "1 to 100 characters");
    }
    if !(5.0..=99.0).contains(&high) {
        return invalid("high_watermark_percent", "5 to 99");
    }
    if !(1.0..=98.0).contains(&low) || low >= high {
        return invalid("low_watermark_percent", "1 to below the high one");
    }
    match volume.archive_after_days {
        Some(_) if !volume.kind.is_archive() => return invalid("archive_after_days", "only of an archive"),
        Some(days) if days > MOST_ARCHIVE_DAYS => return invalid("archive_after_days", "0 to 3650"),
        _ => {}
    }
    if !(-MOST_PRIORITY..=MOST_PRIORITY).contains(&volume.priority) {
        return invalid("priority", "-1000 to 1000");
    }
    Ok(())
}

/// # Errors
/// `plan_invalid` names the field, `volume_not_found` the volume.
pub fn check_plan(plan: &Plan, known: &[VolumeCode]) -> Result<(), Problem> {
    plan.check()?;
    match &plan.volume {
        Some(code) if !known.contains(code) => Err(Problem::new(ErrorCode::VolumeNotFound).with("volume", code)),
        _ => Ok(()),
    }
}

/// When the high watermark is reached at the rate of the last day; `None` without a day to go by, or past it.
pub fn full_in_days(
    volume: &Volume,
    capacity: Capacity,
    last_day_bytes: u64,
    oldest_at: Option<UtcMillis>,
) -> Option<f64> {
    let age_days = ((UtcMillis::now() - oldest_at?) as f64 / DAY_MS).clamp(0.0, 1.0);
    let per_day = last_day_bytes as f64 / age_days;
    let room = capacity.total_bytes as f64 * (volume.high_watermark_percent - capacity.used_percent()) / 100.0;
    (age_days > 1.0 / 48.0 && last_day_bytes > 0 && room > 0.0).then(|| room / per_day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use watchwall_model::StreamPath;

    #[test]
    fn plans_have_bounds() {
        let check = |segment_minutes, retention_days, volume: Option<&str>, expect: Option<ErrorCode>| {
            let plan = Plan {
                segment_minutes,
                retention_days,
                volume: volume.map(|code| VolumeCode(code.into())),
                ..Plan::continuous(StreamPath::parse("a").unwrap())
            };
            assert_eq!(check_plan(&plan, &[VolumeCode("main".into())]).err().map(|p| p.code), expect);
        };
        check(10, 7, None, None);
        check(1, 3650, Some("main"), None);
        check(0, 7, None, Some(ErrorCode::PlanInvalid));
        check(61, 7, None, Some(ErrorCode::PlanInvalid));
        check(10, 0, None, Some(ErrorCode::PlanInvalid));
        check(10, 7, Some("other"), Some(ErrorCode::VolumeNotFound));
    }

    #[test]
    fn volumes_have_bounds() {
        let check = |change: fn(&mut Volume), field: Option<&str>| {
            let mut volume = new_volume("/recordings".into());
            change(&mut volume);
            let found = check_volume(&volume).err();
            assert_eq!(found.as_ref().map(|p| p.code), field.map(|_| ErrorCode::VolumeInvalid));
            let named = found.and_then(|problem| problem.params.get("field").cloned());
            assert_eq!(named.as_deref(), field);
        };
        check(|_| {}, None);
        check(|volume| volume.name = " ".into(), Some("name"));
        check(|volume| volume.high_watermark_percent = f64::NAN, Some("high_watermark_percent"));
        check(|volume| volume.high_watermark_percent = 99.5, Some("high_watermark_percent"));
        check(|volume| volume.low_watermark_percent = 90.0, Some("low_watermark_percent"));
        check(|volume| volume.priority = 1_001, Some("priority"));
        check(|volume| volume.archive_after_days = Some(1), Some("archive_after_days"));
        check(|volume| (volume.kind, volume.archive_after_days) = (VolumeKind::Archive, Some(0)), None);
        check(
            |volume| (volume.kind, volume.archive_after_days) = (VolumeKind::Archive, Some(3_651)),
            Some("archive_after_days"),
        );
    }

    #[test]
    fn codes_are_free() {
        let volume = |code: &str| Volume { code: VolumeCode(code.into()), ..new_volume("/r".into()) };
        assert_eq!(free_code(&[volume("main")]).0, "main2");
        assert_eq!(free_code(&[volume("main"), volume("main2"), volume("main4")]).0, "main3");
    }

    #[test]
    fn a_folder_is_made_once_and_taken_over_later() {
        let folder = tempfile::tempdir().unwrap();
        let made = first(folder.path().join("recordings")).unwrap();
        assert_eq!(first(folder.path().join("recordings")).unwrap(), made);
        std::fs::write(folder.path().join("recordings").join(Volume::MARKER_FILE), b"?").unwrap();
        assert_eq!(first(folder.path().join("recordings")).unwrap_err().code, ErrorCode::VolumeForeign);
    }

    #[test]
    fn zones_are_known_or_refused() {
        assert!(zone(None).is_ok() && zone(Some("Asia/Shanghai")).is_ok());
        assert_eq!(zone(Some("Nowhere/Land")).unwrap_err().code, ErrorCode::ConfigInvalid);
    }
}
