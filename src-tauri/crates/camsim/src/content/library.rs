//! Encodes each profile once, however many streams want it, at most two at a time.

use super::{
    bitstream::Parameters,
    clip::{EncodedUnit, Profile, encode_loop},
    clip_file,
};
use crate::{
    CamsimError,
    rtp::{Packetiser, TrackLoop},
};
use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::{OnceCell, Semaphore};

/// A loop ready to be sent, and what the SDP says about it.
#[derive(Debug)]
pub(crate) struct Clip {
    pub track: Arc<TrackLoop>,
    pub parameters: Parameters,
}

/// How the access units of a profile are sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Packing {
    pub burst_kbps: Option<u32>,
    pub variable_rate: bool,
}

type Shelf = HashMap<(Profile, Packing), Arc<OnceCell<Arc<Clip>>>>;

pub(crate) struct ClipLibrary {
    shelf: Mutex<Shelf>,
    encoders: Semaphore,
    folder: Option<PathBuf>,
}

impl ClipLibrary {
    pub fn new(folder: Option<PathBuf>) -> Self {
        Self { shelf: Mutex::default(), encoders: Semaphore::new(2), folder }
    }

    /// The loop of a profile; encodes it when it is wanted for the first time.
    pub async fn clip(&self, profile: Profile, packing: Packing) -> Result<Arc<Clip>, CamsimError> {
        let cell = {
            let mut shelf = self.shelf.lock().unwrap_or_else(PoisonError::into_inner);
            shelf.entry((profile.clone(), packing)).or_default().clone()
        };
        cell.get_or_try_init(|| self.make(profile, packing)).await.cloned()
    }

    async fn make(&self, profile: Profile, packing: Packing) -> Result<Arc<Clip>, CamsimError> {
        let _turn = self.encoders.acquire().await.map_err(|_| CamsimError::Stopped)?;
        let folder = self.folder.clone();
        tokio::task::spawn_blocking(move || {
            let units = load_or_encode(&profile, folder)?;
            assemble(&profile, packing, &units).map(Arc::new)
        })
        .await
        .map_err(|_| CamsimError::Stopped)?
    }
}

fn load_or_encode(profile: &Profile, folder: Option<PathBuf>) -> Result<Vec<EncodedUnit>, CamsimError> {
    let Some(folder) = folder else { return encode_loop(profile) };
    let path = clip_file::path_of(&folder, profile);
    if let Some(units) = clip_file::load(&path, profile) {
        return Ok(units);
    }
    let units = encode_loop(profile)?;
    if let Err(error) = clip_file::save(&path, profile, &units) {
        tracing::warn!(%error, path = %path.display(), "the encoded loop could not be kept for the next start");
    }
    Ok(units)
}

fn assemble(profile: &Profile, packing: Packing, units: &[EncodedUnit]) -> Result<Clip, CamsimError> {
    let no_sets = || CamsimError::Encoder { action: "encode a loop", reason: "no parameter sets came out".into() };
    let first = units.first().ok_or_else(no_sets)?;
    let parameters = Parameters::find(profile.codec, &first.data).ok_or_else(no_sets)?;
    let packetiser = Packetiser::new(profile.codec, packing.burst_kbps.map(|kbps| filler_target(kbps, profile.fps)));
    let track = TrackLoop::video(&packetiser, profile, units, packing.variable_rate);
    Ok(Clip { track: Arc::new(track), parameters })
}

/// Bytes that each access unit must have to reach a bit rate.
pub(crate) const fn filler_target(kbps: u32, fps: u32) -> usize {
    (kbps as usize * 1000 / 8) / fps as usize
}
