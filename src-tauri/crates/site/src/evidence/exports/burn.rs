//! Writes date, time and the camera's name into the pictures of a clip, each by its own time in the index.

use super::{maker::Maker, progress::ExportStep};
use crate::{evidence::blocking::blocking, recording::Clip};
use jiff::{Timestamp, tz::TimeZone};
use watchwall_evidence::{ExportFolder, Transcoded, Video};
use watchwall_media::{
    Track,
    pixels::{BurnPlan, BurnUnit, Burner, BurntFacts},
};
use watchwall_model::{BurnIn, ErrorCode, Problem, UtcMillis};

/// Coding a byte anew is so much more work than copying it.
pub const BURN_WEIGHT: u64 = 30;

/// What is burnt where.
pub struct BurnOrder<'a> {
    /// The file in the export.
    pub name: &'a str,
    pub clip: &'a Clip,
    pub camera: &'a str,
    pub burn: &'a BurnIn,
}

impl Maker {
    /// Makes the video's file, fragment by fragment.
    ///
    /// # Errors
    /// `transcode_failed`, `engine_missing`, `job_cancelled`, or what disk and index answer.
    pub async fn burn(
        &self,
        mut folder: ExportFolder,
        order: &BurnOrder<'_>,
    ) -> Result<(ExportFolder, BurntFacts), Problem> {
        self.progress.enter(ExportStep::Burning);
        let clip = order.clip;
        let params = clip.params().ok_or_else(|| Problem::new(ErrorCode::NoRecording))?;
        let (start, lasts) = (clip.range.start.to_micros(), clip.lasts());
        let watermark = order.burn.watermark.clone();
        let burner = move || Burner::start(&BurnPlan { params: &params, start, lasts, watermark: &watermark });
        let mut burner = blocking(burner).await?;
        let mut file = folder.begin(order.name)?;
        for n in 0..clip.fragments() {
            self.check_stop()?;
            let (units, bytes) = clip.units_of(n).await?;
            let units: Vec<BurnUnit> = units
                .into_iter()
                .map(|unit| BurnUnit {
                    caption: match unit.stored.track {
                        Track::Video => caption(UtcMillis(unit.stored.pts_us / 1_000), order.camera, self.zone()),
                        Track::Audio => String::new(),
                    },
                    track: unit.stored.track,
                    data: unit.stored.data,
                    is_key: unit.stored.is_key,
                    dts_us: unit.dts_us,
                    pts_us: unit.pts_us,
                    duration_us: unit.stored.duration_us,
                })
                .collect();
            (burner, file) = blocking(move || {
                for unit in units {
                    for bytes in burner.push(unit)? {
                        file.write(&bytes)?;
                    }
                }
                Ok((burner, file))
            })
            .await?;
            self.progress.add(bytes * BURN_WEIGHT);
        }
        self.check_stop()?;
        blocking(move || {
            let (rest, facts) = burner.finish()?;
            for bytes in rest {
                file.write(&bytes)?;
            }
            folder.end(file)?;
            Ok((folder, facts))
        })
        .await
    }
}

/// The video as the manifest tells of it: its pictures are not the camera's own.
pub fn burnt_video(original: Video, facts: BurntFacts, burn: &BurnIn) -> Video {
    let transcoded = Transcoded {
        note: Transcoded::NOTE.to_owned(),
        original_codec: original.codec.clone(),
        burnt_in: Transcoded::BURNT_IN.to_owned(),
        watermark: burn.watermark.clone(),
    };
    Video {
        codec: "h264".to_owned(),
        width: facts.width,
        height: facts.height,
        has_audio: facts.has_audio,
        transcoded: Some(transcoded),
        ..original
    }
}

/// `2026-11-26 22:01:03.120 +08:00  Gate`.
fn caption(at: UtcMillis, camera: &str, zone: &TimeZone) -> String {
    let stamp = Timestamp::from_millisecond(at.0).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(zone.clone());
    format!("{}  {camera}", stamp.strftime("%Y-%m-%d %H:%M:%S%.3f %:z"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn captions_are_by_the_sites_clock() {
        let check = |zone: &str, at: i64, expect: &str| {
            assert_eq!(caption(UtcMillis(at), "大门 1", &TimeZone::get(zone).unwrap()), expect, "{zone} {at}");
        };
        check("Asia/Shanghai", 1_700_000_000_120, "2023-11-15 06:13:20.120 +08:00  大门 1");
        check("UTC", 1_700_000_000_000, "2023-11-14 22:13:20.000 +00:00  大门 1");
        // The hour that comes twice is told apart by its offset.
        check("Europe/Berlin", 1_698_539_400_000, "2023-10-29 02:30:00.000 +02:00  大门 1");
        check("Europe/Berlin", 1_698_543_000_000, "2023-10-29 02:30:00.000 +01:00  大门 1");
    }
}
