//! Once a day, in the small hours of the site, every volume is compared with the index.

use super::{
    engine::Engine,
    integrity,
    recovery::{self, Depth, Recovered},
    retention::age_limit,
};
use jiff::{Timestamp, ToSpan, civil, tz::TimeZone};
use std::{sync::Weak, time::Duration};
use tokio::time;
use tokio_util::sync::CancellationToken;
use watchwall_model::{Problem, UtcMillis};

/// When it begins, by the site's clock.
const AT: civil::Time = civil::time(2, 0, 0, 0);
/// The clock may be set at any time; it is looked at this often.
const LOOK_EVERY: Duration = Duration::from_secs(30);
/// As long as any plan may keep recordings.
const KEEP_CHECKSUMS_DAYS: u32 = 3_650;
/// After a start recorders and viewers come first.
const SOON: Duration = Duration::from_secs(5);
/// Further away than any next night: the clock was set back.
const FAR_MS: i64 = 26 * 3_600_000;

/// Compares every night until cancelled.
pub async fn run(engine: Weak<Engine>, zone: TimeZone, cancel: CancellationToken) {
    let mut due = next(UtcMillis::now(), &zone);
    // What a crash left without its checksum was repaired by the start.
    let (mut leftovers_due, mut wait) = (true, SOON);
    loop {
        tokio::select! {
            () = cancel.cancelled() => return,
            () = time::sleep(wait) => wait = LOOK_EVERY,
        }
        let now = UtcMillis::now();
        if now >= due || leftovers_due {
            let Some(engine) = engine.upgrade() else { return };
            tokio::select! {
                () = cancel.cancelled() => return,
                chained = integrity::chain_leftovers(&engine, now) => {
                    if let Err(problem) = chained {
                        tracing::warn!(error = %problem, "repaired recordings could not be given their checksums; it is tried again in the night");
                    }
                }
            }
            leftovers_due = false;
        }
        if now >= due {
            let Some(engine) = engine.upgrade() else { return };
            tokio::select! {
                () = cancel.cancelled() => return,
                compared = compare(&engine) => {
                    if let Err(problem) = compared {
                        tracing::warn!(error = %problem, "the nightly comparison of the volumes could not be finished");
                    }
                }
            }
        }
        if now >= due || due - now > FAR_MS {
            due = next(now, &zone);
        }
    }
}

/// Files without a row are taken in, rows without a file become missing.
///
/// # Errors
/// When the index or a volume's folder cannot be read.
pub async fn compare(engine: &Engine) -> Result<Recovered, Problem> {
    let mut total = Recovered::default();
    for disk in engine.set.disks().iter().filter(|disk| disk.refusal().is_none()) {
        let open = &engine.archive.open;
        total.add(recovery::reindex(&engine.index, disk, engine.zone(), Depth::Everything, open).await?);
    }
    engine.index.forget_checksums(age_limit(UtcMillis::now(), KEEP_CHECKSUMS_DAYS)).await?;
    tracing::info!(
        found = total.found,
        missing = total.missing,
        unreadable = total.unreadable,
        "the volumes were compared with the index"
    );
    Ok(total)
}

fn next(now: UtcMillis, zone: &TimeZone) -> UtcMillis {
    let stamp = Timestamp::from_millisecond(now.0).unwrap_or(Timestamp::UNIX_EPOCH);
    let today = zone.to_datetime(stamp).date();
    let at = |date: civil::Date| {
        let zoned = date.to_datetime(AT).to_zoned(zone.clone()).ok()?;
        Some(UtcMillis(zoned.timestamp().as_millisecond())).filter(|at| *at > now)
    };
    let tomorrow = today.checked_add(1.day()).ok();
    at(today).or_else(|| at(tomorrow?)).unwrap_or(now.saturating_add_ms(86_400_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_night_is_the_sites() {
        let check = |zone: &str, now: &str, expect: &str| {
            let at = |text: &str| UtcMillis(text.parse::<Timestamp>().unwrap().as_millisecond());
            assert_eq!(next(at(now), &TimeZone::get(zone).unwrap()), at(expect), "{zone} {now}");
        };
        check("UTC", "2026-03-01T01:59:59Z", "2026-03-01T02:00:00Z");
        check("UTC", "2026-03-01T02:00:00Z", "2026-03-02T02:00:00Z");
        check("Asia/Shanghai", "2026-03-01T17:00:00Z", "2026-03-01T18:00:00Z");
        // In the night of the change there is no two o'clock.
        check("Europe/Berlin", "2026-03-28T23:30:00Z", "2026-03-29T01:00:00Z");
        check("UTC", "1970-01-01T00:00:00Z", "1970-01-01T02:00:00Z");
    }
}
