//! Pictures of any past moment, as a storage would give them: groups on a grid of wall-clock time, drawn when they are
//! asked for.

use super::{
    clip::{EncodedUnit, Profile},
    encoder::VideoEncoder,
};
use crate::{CamsimError, picture::Scene};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use watchwall_model::UtcMicros;

const LONGEST_ENCODE: Duration = Duration::from_secs(30);

impl Profile {
    /// From one picture to the next.
    pub fn recorded_step_us(&self) -> i64 {
        1_000_000 / i64::from(self.fps.max(1))
    }

    /// Number of the group that holds a moment, counted from 1970.
    pub fn recorded_group(&self, at: UtcMicros) -> i64 {
        at.0.div_euclid(self.recorded_step_us() * i64::from(self.gop_frames))
    }
}

/// One group of pictures in decoding order, each with the moment it shows. Blocks for a moment.
///
/// # Errors
/// The encoder fails, or gives another number of pictures.
pub(crate) fn encode_recorded(profile: &Profile, group: i64) -> Result<Vec<(UtcMicros, EncodedUnit)>, CamsimError> {
    let units = Arc::new(Mutex::new(Vec::new()));
    let sink = units.clone();
    let encoder = VideoEncoder::start(profile, move |unit| {
        sink.lock().unwrap_or_else(PoisonError::into_inner).push(unit);
    })?;
    let mut scene = Scene::new(&profile.scene);
    let step_us = profile.recorded_step_us();
    let start_us = group * i64::from(profile.gop_frames) * step_us;
    for index in 0..profile.gop_frames {
        let at = UtcMicros(start_us + i64::from(index) * step_us);
        encoder.push_waiting(scene.draw_live(at.to_millis()), profile.frame_ns(index))?;
    }
    encoder.finish(LONGEST_ENCODE)?;
    let units = std::mem::take(&mut *units.lock().unwrap_or_else(PoisonError::into_inner));
    if units.len() != profile.gop_frames as usize || !units.first().is_some_and(|unit| unit.key) {
        let reason = format!("{} of {} frames came out of {:?}", units.len(), profile.gop_frames, profile.codec);
        return Err(CamsimError::Encoder { action: "encode a group", reason });
    }
    let moment = |unit: &EncodedUnit| UtcMicros(start_us + i64::from(profile.frame_index(unit.pts_ns)) * step_us);
    Ok(units.into_iter().map(|unit| (moment(&unit), unit)).collect())
}
