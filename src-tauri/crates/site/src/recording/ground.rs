//! What a new volume stands on: a folder that was prepared, or a bucket that answered.

use super::{
    archive::blocking,
    folder::{self, Former, Prepared},
    retention::Capacity,
    shelf::{Bucket, place},
    volume::{disk, marker::Marker},
};
use std::{future::Future, io, path::PathBuf, time::Duration};
use watchwall_model::{ErrorCode, ObjectPlace, Problem, Volume};

/// A store is given up after this.
const PATIENCE: Duration = Duration::from_secs(25);

pub enum Ground {
    Folder(Prepared),
    Bucket(BucketGround),
}

/// A place in an object store that can be listed, read, written and cleared.
pub struct BucketGround {
    place: ObjectPlace,
    found: Option<Marker>,
}

impl Ground {
    pub const fn folder(prepared: Prepared) -> Self {
        Self::Folder(prepared)
    }

    /// Asks a store.
    ///
    /// # Errors
    /// `object_place_invalid`, `volume_overlaps`, `volume_foreign`, `bucket_missing`, `object_store_denied`,
    /// `object_store_unreachable`. Nothing is left there then.
    pub async fn bucket(place: &ObjectPlace, volumes: Vec<Volume>, former: Former) -> Result<Self, Problem> {
        let place = place::tidy(place)?;
        let other =
            volumes.iter().find(|volume| volume.object.as_ref().is_some_and(|known| place::overlap(known, &place)));
        if let Some(other) = other {
            let overlaps = Problem::new(ErrorCode::VolumeOverlaps).with("root", place.root());
            return Err(overlaps.with("other", other.root.display()));
        }
        let (asked, root) = (place.clone(), place.root());
        let found = ask(&place, move |bucket| {
            let found = bucket.look().map_err(|error| refused(&asked, &error))?;
            let found =
                folder::former_marker(found, &volumes, former).map_err(|problem| problem.with("root", &root))?;
            bucket.probe().map_err(|error| refused(&asked, &error))?;
            Ok(found)
        })
        .await?;
        Ok(Self::Bucket(BucketGround { place, found }))
    }

    pub fn root(&self) -> PathBuf {
        match self {
            Self::Folder(prepared) => prepared.root.clone(),
            Self::Bucket(ground) => ground.place.root().into(),
        }
    }

    /// The marker of the volume that it was before.
    pub const fn found(&self) -> Option<&Marker> {
        match self {
            Self::Folder(prepared) => prepared.found.as_ref(),
            Self::Bucket(ground) => ground.found.as_ref(),
        }
    }

    pub const fn place(&self) -> Option<&ObjectPlace> {
        match self {
            Self::Folder(_) => None,
            Self::Bucket(ground) => Some(&ground.place),
        }
    }

    pub const fn capacity(&self) -> Capacity {
        match self {
            Self::Folder(prepared) => prepared.capacity,
            Self::Bucket(ground) => {
                Capacity { total_bytes: ground.place.limit_bytes, free_bytes: ground.place.limit_bytes }
            }
        }
    }

    /// Makes it this volume's.
    ///
    /// # Errors
    /// What disk or store answers.
    pub async fn mark(&self, volume: &Volume) -> Result<(), Problem> {
        match self {
            Self::Folder(_) => folder::mark(volume).await,
            Self::Bucket(ground) => {
                let (place, volume) = (ground.place.clone(), volume.clone());
                ask(&ground.place, move |bucket| bucket.mark(&volume).map_err(|error| refused(&place, &error))).await
            }
        }
    }

    /// Takes the mark away again.
    pub async fn clear_mark(&self) {
        match self {
            Self::Folder(prepared) => folder::clear_mark(&prepared.root).await,
            Self::Bucket(ground) => {
                let place = ground.place.clone();
                let cleared =
                    ask(&ground.place, move |bucket| bucket.unmark().map_err(|error| refused(&place, &error)));
                if let Err(problem) = cleared.await {
                    tracing::warn!(error = %problem, "the marker of a former volume stays");
                }
            }
        }
    }

    /// The folders that were made stay.
    pub fn keep(self) {
        if let Self::Folder(prepared) = self {
            prepared.keep();
        }
    }
}

/// The place as it counts from now on, if it still is this volume's and takes these keys.
///
/// # Errors
/// As [`Ground::bucket`].
pub async fn check_bucket(place: &ObjectPlace, volume: &Volume) -> Result<ObjectPlace, Problem> {
    let place = place::tidy(place)?;
    let (asked, volume) = (place.clone(), volume.clone());
    let check = move |bucket: Bucket| {
        bucket.look().map_err(|error| refused(&asked, &error))?.check(&volume)?;
        bucket.probe().map_err(|error| refused(&asked, &error))
    };
    ask(&place, check).await?;
    Ok(place)
}

fn ask<T: Send + 'static>(
    place: &ObjectPlace,
    question: impl FnOnce(Bucket) -> Result<T, Problem> + Send + 'static,
) -> impl Future<Output = Result<T, Problem>> {
    let (bucket, root) = (Bucket::new(place), place.root());
    async move {
        let bucket = bucket?;
        match tokio::time::timeout(PATIENCE, blocking(move || question(bucket))).await {
            Ok(answer) => answer,
            Err(_) => Err(Problem::new(ErrorCode::ObjectStoreUnreachable)
                .with("root", root)
                .with("seconds", PATIENCE.as_secs())),
        }
    }
}

fn refused(place: &ObjectPlace, error: &io::Error) -> Problem {
    Problem::new(disk::code_of(error)).with("root", place.root()).at("ask_object_store").because(error)
}
