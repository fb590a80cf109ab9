//! Volumes as an administrator handles them while the site records: looking, adding, changing, removing.
//!
//! Removing one makes its recorders go on elsewhere first. What lies on it stays there, and is taken in again when the
//! folder is added once more.

use super::{
    archive::blocking,
    folder::{self, Former},
    ground::{self, Ground},
    handle::Recording,
    retention::Capacity,
    smart::DiskWarning,
    volume::{Settings, VolumeDisk, VolumeHealth, disk, marker::Marker},
    volume_set::Contents,
    volumes,
};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use watchwall_model::{ErrorCode, ObjectPlace, Problem, Secret, UtcMillis, Volume, VolumeCode, VolumeKind};

/// Recorders leave a volume at their next key frame; one without any is not waited for longer.
const LEAVE_WITHIN: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// Rows that one transaction forgets.
const FORGET_BATCH: u32 = 1_000;

/// A volume as stored, and how it stands.
#[derive(Clone, Debug)]
pub struct VolumeView {
    pub volume: Volume,
    pub health: VolumeHealth,
    pub is_full: bool,
    /// Other volumes on the same file system.
    pub shares_disk_with: Vec<VolumeCode>,
    /// What its disks say of themselves.
    pub disk_warnings: Vec<DiskWarning>,
    /// Plans that are being recorded here now.
    pub recorders: usize,
    /// Bytes of recordings of this site on it.
    pub recorded_bytes: u64,
    pub oldest_at: Option<UtcMillis>,
    /// Days until full at the rate of the last 24 hours; `None` while unknown.
    pub full_in_days: Option<f64>,
}

/// How a volume stands.
#[derive(Clone, Debug, PartialEq)]
pub struct VolumeStanding {
    pub code: VolumeCode,
    pub name: String,
    pub health: VolumeHealth,
    pub is_full: bool,
}

/// A folder that may become a volume.
#[derive(Clone, Debug, PartialEq)]
pub struct FolderLook {
    pub capacity: Capacity,
    /// It was a volume before.
    pub is_volume: bool,
    /// Volumes on the same file system.
    pub shares_disk_with: Vec<VolumeCode>,
}

/// A folder, or a place in an object store, that is to become a volume.
#[derive(Clone, Debug, PartialEq)]
pub struct NewVolume {
    /// As typed; of no meaning beside an object store.
    pub root: String,
    pub object: Option<ObjectPlace>,
    pub name: String,
    pub kind: VolumeKind,
    pub high_watermark_percent: f64,
    pub low_watermark_percent: f64,
    pub priority: i32,
    /// Of an archive; see [`Volume`].
    pub archive_after_days: Option<u32>,
    /// A folder that already is a volume, of this site before or of another one, becomes this site's with all that is
    /// recorded on it.
    pub take_over: bool,
}

/// What may change of a volume.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VolumeChange {
    pub name: Option<String>,
    pub high_watermark_percent: Option<f64>,
    pub low_watermark_percent: Option<f64>,
    pub priority: Option<i32>,
    pub archive_after_days: Option<u32>,
    /// Of an object store.
    pub object: Option<ObjectChange>,
}

/// Other keys, or another limit; what is there stays where it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ObjectChange {
    pub access_key: Option<String>,
    pub secret_key: Option<Secret>,
    pub limit_bytes: Option<u64>,
}

impl ObjectChange {
    fn of(self, place: ObjectPlace) -> ObjectPlace {
        ObjectPlace {
            access_key: self.access_key.unwrap_or(place.access_key),
            secret_key: self.secret_key.unwrap_or(place.secret_key),
            limit_bytes: self.limit_bytes.unwrap_or(place.limit_bytes),
            ..place
        }
    }
}

impl Recording {
    /// Every volume, highest priority first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn volumes(&self) -> Result<Vec<VolumeView>, Problem> {
        let stored = self.index().volumes().await?;
        let mut views = Vec::new();
        for disk in self.engine().set.disks() {
            let volume = stored.iter().find(|volume| volume.code == disk.volume.code).unwrap_or(&disk.volume);
            views.push(self.view(&disk, volume.clone()).await?);
        }
        Ok(views)
    }

    /// How every volume stands, without counting what lies on it.
    pub fn volume_standings(&self) -> Vec<VolumeStanding> {
        let standing = |disk: &Arc<VolumeDisk>| VolumeStanding {
            code: disk.volume.code.clone(),
            name: disk.volume.name.clone(),
            health: disk.health(),
            is_full: disk.is_full(),
        };
        self.engine().set.disks().iter().map(standing).collect()
    }

    async fn view(&self, disk: &VolumeDisk, volume: Volume) -> Result<VolumeView, Problem> {
        let totals = self.index().totals(&volume.code, UtcMillis::now()).await?;
        let health = disk.health();
        let full_in_days = volumes::full_in_days(&volume, health.capacity, totals.last_day_bytes, totals.oldest_at);
        Ok(VolumeView {
            is_full: disk.is_full(),
            shares_disk_with: self.on_file_system(health.file_system, Some(&volume.code)),
            disk_warnings: disk.disk_warnings(),
            recorders: self.engine().reconciler.recorders_on(&volume.code),
            volume,
            health,
            recorded_bytes: totals.bytes,
            oldest_at: totals.oldest_at,
            full_in_days,
        })
    }

    /// Makes a folder, or a place in an object store, a volume of this site, and uses it from now on as its kind and
    /// priority say.
    ///
    /// # Errors
    /// `volume_path_invalid`, `volume_overlaps`, `volume_foreign` unless it is to be taken over, `volume_not_writable`,
    /// `disk_full`, `disk_slow`, `volume_invalid` for settings out of bounds; `object_place_invalid`, `bucket_missing`,
    /// `object_store_denied`, `object_store_unreachable`; or when the database cannot be written. Nothing is left there
    /// then.
    pub async fn add_volume(&self, new: NewVolume) -> Result<VolumeView, Problem> {
        let _turn = self.volumes_turn().await;
        let engine = self.engine();
        let _one = engine.volume_turn.lock().await;
        if new.object.is_some() != (new.kind == VolumeKind::Object) {
            return Err(volumes::object_misplaced());
        }
        let all = self.index().volumes().await?;
        let former = if new.take_over { Former::TakenOver } else { Former::Refused };
        let ground = match &new.object {
            Some(place) => Ground::bucket(place, all.clone(), former).await?,
            None => Ground::folder(folder::prepare(folder::parse(&new.root)?, all.clone(), former).await?),
        };
        let volume = volume_of(&new, &ground, &all);
        volumes::check_volume(&volume)?;
        ground.mark(&volume).await?;
        if let Err(problem) = self.index().put_volume(&volume).await {
            // A marker that stood there before stays.
            if ground.found().is_none() {
                ground.clear_mark().await;
            }
            return Err(problem);
        }
        let contents = if ground.found().is_some() { Contents::Unknown } else { Contents::Known };
        ground.keep();
        let code = volume.code.clone();
        tracing::info!(volume = %code, root = %volume.root.display(), "a volume was added");
        let set = &engine.set;
        set.mount(volume.clone(), contents).await?;
        let disk = set.disk(&code).ok_or_else(|| not_found(&code))?;
        self.view(&disk, volume).await
    }

    /// Changes name, watermarks and priority, and the keys of an object store. Recorders follow within a second or two.
    ///
    /// # Errors
    /// `volume_not_found`, `volume_invalid` names the field; what an object store says to new keys, which do not count
    /// then; or when the database cannot be written.
    pub async fn change_volume(&self, code: &VolumeCode, change: VolumeChange) -> Result<VolumeView, Problem> {
        let _turn = self.volumes_turn().await;
        let engine = self.engine();
        let _one = engine.volume_turn.lock().await;
        let stored = self.index().volumes().await?.into_iter().find(|volume| &volume.code == code);
        let mut volume = stored.ok_or_else(|| not_found(code))?;
        volume.name = change.name.unwrap_or(volume.name);
        volume.high_watermark_percent = change.high_watermark_percent.unwrap_or(volume.high_watermark_percent);
        volume.low_watermark_percent = change.low_watermark_percent.unwrap_or(volume.low_watermark_percent);
        volume.priority = change.priority.unwrap_or(volume.priority);
        volume.archive_after_days = change.archive_after_days.or(volume.archive_after_days);
        let former = volume.object.clone();
        if let Some(change) = change.object {
            volume.object = volume.object.map(|place| change.of(place));
        }
        volumes::check_volume(&volume)?;
        let set = &engine.set;
        let changed = volume.object.clone().filter(|place| Some(place) != former.as_ref());
        if let Some(place) = changed {
            volume.object = Some(ground::check_bucket(&place, &volume).await?);
            self.index().put_volume(&volume).await?;
            set.unmount(code).await;
            set.mount(volume.clone(), Contents::Known).await?;
        } else {
            self.index().put_volume(&volume).await?;
        }
        let disk = set.disk(code).ok_or_else(|| not_found(code))?;
        disk.set_settings(Settings::from(&volume));
        set.reorder();
        self.view(&disk, volume).await
    }

    /// Lets a volume go: its recorders go on elsewhere, its recordings are no longer listed. The files stay.
    ///
    /// # Errors
    /// `volume_not_found`; `volume_in_use` when it is the last one that can be recorded on, when a plan names it, when
    /// evidence on it is locked, or when a recorder does not leave it; or when the database cannot be written.
    pub async fn remove_volume(&self, code: &VolumeCode) -> Result<(), Problem> {
        let _turn = self.volumes_turn().await;
        let engine = self.engine();
        let _one = engine.volume_turn.lock().await;
        let disk = engine.set.disk(code).ok_or_else(|| not_found(code))?;
        self.check_removal(&disk).await?;
        disk.set_leaving(true);
        let left = self.wait_until_left(&disk).await;
        if let Err(problem) = left {
            disk.set_leaving(false);
            return Err(problem);
        }
        engine.set.unmount(code).await;
        while self.index().forget_some_of(code, FORGET_BATCH).await? > 0 {}
        self.index().forget_volume(code).await?;
        tracing::info!(volume = %code, root = %disk.volume.root.display(), "a volume was removed; its files stay");
        Ok(())
    }

    async fn check_removal(&self, disk: &VolumeDisk) -> Result<(), Problem> {
        let code = &disk.volume.code;
        let others = self.engine().set.disks();
        let can_record = |other: &Arc<VolumeDisk>| &other.volume.code != code && other.candidate().can_record;
        if disk.is_recorded_on() && !others.iter().any(can_record) {
            return Err(in_use(code, "add_volume_first"));
        }
        if self.index().plans().await?.iter().any(|plan| plan.volume.as_ref() == Some(code)) {
            return Err(in_use(code, "free_plans_of_volume"));
        }
        match self.index().locked_on(code).await? {
            0 => Ok(()),
            _ => Err(in_use(code, "unlock_recordings")),
        }
    }

    /// No file is written here any more, and all are indexed.
    async fn wait_until_left(&self, disk: &VolumeDisk) -> Result<(), Problem> {
        let code = &disk.volume.code;
        let until = Instant::now() + LEAVE_WITHIN;
        while self.engine().archive.open.is_any_on(code) {
            // A disk that does not answer is not waited for: whoever wrote to it went elsewhere.
            if disk.refusal().is_some() && self.engine().reconciler.recorders_on(code) == 0 {
                return Ok(());
            }
            if Instant::now() >= until {
                return Err(in_use(code, "wait_and_repeat"));
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(())
    }

    /// What the file system of a folder, or an object store, says that might become a volume.
    ///
    /// # Errors
    /// As [`Self::add_volume`]; nothing is left there in any case.
    pub async fn look_at_new_volume(&self, typed: &str, place: Option<&ObjectPlace>) -> Result<FolderLook, Problem> {
        let all = self.index().volumes().await?;
        if let Some(place) = place {
            let ground = Ground::bucket(place, all, Former::TakenOver).await?;
            let (capacity, is_volume) = (ground.capacity(), ground.found().is_some());
            return Ok(FolderLook { capacity, is_volume, shares_disk_with: Vec::new() });
        }
        let prepared = folder::prepare(folder::parse(typed)?, all, Former::TakenOver).await?;
        let root = prepared.root.clone();
        let file_system = blocking(move || Ok(disk::file_system(&root))).await?;
        let shares_disk_with = self.on_file_system(file_system, None);
        Ok(FolderLook { capacity: prepared.capacity, is_volume: prepared.found.is_some(), shares_disk_with })
    }

    /// The volumes on this file system, one aside.
    fn on_file_system(&self, file_system: Option<u64>, but: Option<&VolumeCode>) -> Vec<VolumeCode> {
        let disks = self.engine().set.disks();
        let is_there = |disk: &&Arc<VolumeDisk>| file_system.is_some() && disk.health().file_system == file_system;
        let codes = disks.iter().filter(is_there).map(|disk| disk.volume.code.clone());
        codes.filter(|code| Some(code) != but).collect()
    }
}

fn not_found(code: &VolumeCode) -> Problem {
    Problem::new(ErrorCode::VolumeNotFound).with("volume", code)
}

fn in_use(code: &VolumeCode, next: &'static str) -> Problem {
    Problem::new(ErrorCode::VolumeInUse).with("volume", code).suggesting(next)
}

/// The row of a new volume. One that is taken over keeps its id.
fn volume_of(new: &NewVolume, ground: &Ground, all: &[Volume]) -> Volume {
    let fresh = volumes::new_volume(ground.root());
    let found: Option<&Marker> = ground.found();
    let is_free = |code: &VolumeCode| all.iter().all(|volume| &volume.code != code);
    let former = found.map(|marker| VolumeCode(marker.code.clone())).filter(is_free);
    Volume {
        code: former.unwrap_or_else(|| volumes::free_code(all)),
        marker: found.map_or(fresh.marker, |marker| marker.volume.clone()),
        name: new.name.clone(),
        root: fresh.root,
        kind: new.kind,
        high_watermark_percent: new.high_watermark_percent,
        low_watermark_percent: new.low_watermark_percent,
        priority: new.priority,
        archive_after_days: match new.kind.is_archive() {
            true => Some(new.archive_after_days.unwrap_or(Volume::DEFAULT_ARCHIVE_AFTER_DAYS)),
            false => new.archive_after_days,
        },
        object: ground.place().cloned(),
    }
}
