//! Archives in an object store: finished recordings move into a bucket of a real S3 server and play from there, whatever
//! the server does in between.

use crate::recording_support::{Bench, Farm, Footage, config, files_below, frames_in, path, rounds::Rounds, until};
use crate::store::ObjectServer;
use futures::StreamExt;
use std::{path::PathBuf, sync::Arc};
use watchwall_model::{
    ErrorCode, ObjectPlace, Problem, Secret, Segment, SegmentOrigin, SegmentState, TimeRange, UtcMillis, VolumeCode,
    VolumeKind, VolumeState,
};
use watchwall_site::recording::{Flaw, NewVolume, ObjectChange, VolumeChange, VolumeView};
use watchwall_store::{NewSegment, SegmentProgress};

const PREFIX: &str = "north/site-1";

/// One stream recorded on `main`, and a server with a bucket.
struct Rig {
    bench: Bench,
    server: ObjectServer,
    farm: Arc<Farm>,
    begun: UtcMillis,
    folder: tempfile::TempDir,
}

impl Rig {
    async fn start() -> Option<Self> {
        let footage = Footage::encode()?;
        let folder = tempfile::tempdir().unwrap();
        let server = ObjectServer::start(&folder.path().join("server")).await;
        let farm = Farm::new(1);
        let bench = Bench::start(folder.path(), &farm).await;
        let begun = UtcMillis::now();
        farm.feed(footage);
        let rig = Self { bench, server, farm, begun, folder };
        rig.rounds().next_files().await;
        Some(rig)
    }

    fn rounds(&self) -> Rounds<'_> {
        Rounds { bench: &self.bench, streams: 1, begun: self.begun }
    }

    async fn add(&self, after_days: u32) {
        let new = NewVolume { archive_after_days: Some(after_days), ..new_volume(self.server.place(PREFIX)) };
        let view = self.bench.recording.add_volume(new).await.unwrap();
        assert_eq!(view.volume.code, objects());
        assert_eq!(view.health.state, VolumeState::ReadWrite, "{:?}", view.health);
    }

    async fn archive_after(&self, days: u32) {
        let change = VolumeChange { archive_after_days: Some(days), ..VolumeChange::default() };
        self.bench.recording.change_volume(&objects(), change).await.unwrap();
    }

    async fn segments(&self) -> Vec<Segment> {
        self.rounds().segments(0).await
    }

    /// Every finished file lies in the bucket, so many at least.
    async fn moved(&self, at_least: usize) {
        self.rounds().are_finished().await;
        self.archive_after(0).await;
        until("recordings in the bucket", 60, || async {
            let (there, here) = self.rounds().lie(&objects()).await[0];
            (there >= at_least && here == 0).then_some(())
        })
        .await;
    }

    async fn picture_at(&self, start: UtcMillis) -> Result<(), Problem> {
        self.bench.recording.frame_jpeg(&path(0), start.saturating_add_ms(500), None).await.map(drop)
    }

    async fn view(&self) -> VolumeView {
        let all = self.bench.recording.volumes().await.unwrap();
        all.into_iter().find(|view| view.volume.code == objects()).unwrap()
    }

    fn objects(&self) -> Vec<PathBuf> {
        files_below(&self.server.folder(PREFIX))
    }

    /// Objects, files and rows agree, and nothing is missing in between.
    async fn is_whole(&self) {
        let (main, bucket) = (self.folder.path().join("recordings"), self.server.folder(PREFIX));
        let segments = self.segments().await;
        let mut end = segments[0].start;
        let mut rows = Vec::new();
        for segment in &segments {
            assert!(segment.start - end <= 80, "{} ms are missing before {segment:?}", segment.start - end);
            end = segment.end;
            let file = if segment.volume == objects() { &bucket } else { &main }.join(&segment.file);
            if segment.state != SegmentState::Recording {
                assert_eq!(std::fs::metadata(&file).unwrap().len(), segment.size_bytes, "{segment:?}");
            }
            rows.push(file);
        }
        rows.sort();
        let mut files = files_below(&main);
        files.extend(self.objects());
        files.sort();
        assert_eq!(files, rows);
    }

    /// Pictures of one clip over everything that is finished, against the time it covers.
    async fn clip_is_whole(&self) {
        let segments = self.segments().await;
        let last = segments.iter().rfind(|segment| segment.state != SegmentState::Recording).unwrap();
        let range = TimeRange::new(segments[0].start, last.end).unwrap();
        let clips = self.bench.recording.clips(&path(0), range).await.unwrap();
        assert_eq!(clips.len(), 1);
        let mut bytes = Vec::new();
        let mut blocks = clips[0].read(0..clips[0].len);
        while let Some(block) = blocks.next().await {
            bytes.extend_from_slice(&block.unwrap());
        }
        let file = self.folder.path().join("clip.mp4");
        std::fs::write(&file, bytes).unwrap();
        let more_ms = frames_in(&file) as i64 * 40 - range.duration_ms();
        // It ends with the GOP that holds the end, and where a plan was changed two files share up to a fragment.
        let most_ms = 2_000 + 1_000 * segments.len() as i64;
        assert!((-200..most_ms).contains(&more_ms), "{more_ms}");
    }
}

fn objects() -> VolumeCode {
    VolumeCode("main2".into())
}

fn new_volume(place: ObjectPlace) -> NewVolume {
    NewVolume {
        root: String::new(),
        object: Some(place),
        name: "cloud".into(),
        kind: VolumeKind::Object,
        high_watermark_percent: 90.0,
        low_watermark_percent: 75.0,
        priority: 0,
        archive_after_days: None,
        take_over: false,
    }
}

fn ever() -> TimeRange {
    TimeRange::new(UtcMillis(0), UtcMillis(i64::MAX)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn old_recordings_move_into_a_bucket_and_play_from_there() {
    let Some(rig) = Rig::start().await else { return };
    rig.add(3_650).await;
    rig.rounds().next_files().await;
    rig.rounds().next_files().await;
    assert_eq!(rig.rounds().lie(&objects()).await, [(0, 2)], "they are too young");
    rig.moved(2).await;
    rig.is_whole().await;
    rig.clip_is_whole().await;
    let first = rig.segments().await[0].clone();
    rig.picture_at(first.start).await.unwrap();
    let checked = rig.bench.recording.check_integrity(&path(0), ever(), 0).await.unwrap();
    assert_eq!((checked.files, checked.findings.len()), (2, 0), "{checked:?}");
    let stored: u64 = rig.objects().iter().map(|file| file.metadata().unwrap().len()).sum();
    let capacity = rig.view().await.health.capacity;
    assert_eq!(capacity.total_bytes - capacity.free_bytes, stored);
    // Somebody else writes and deletes there.
    let objects_then = rig.objects();
    let mut bytes = std::fs::read(&objects_then[0]).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&objects_then[0], bytes).unwrap();
    std::fs::remove_file(&objects_then[1]).unwrap();
    let checked = rig.bench.recording.check_integrity(&path(0), ever(), 0).await.unwrap();
    let flaws: Vec<Flaw> = checked.findings.iter().map(|finding| finding.flaw).collect();
    assert_eq!(flaws, [Flaw::Changed, Flaw::Missing]);
    let found = rig.bench.recording.reindex().await.unwrap();
    assert_eq!((found.found, found.missing), (0, 1));
    rig.bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_is_known_again_after_a_restart_and_after_the_database_is_lost() {
    let Some(rig) = Rig::start().await else { return };
    rig.add(0).await;
    rig.rounds().next_files().await;
    rig.moved(1).await;
    let known: Vec<_> = rig.segments().await.into_iter().filter(|segment| segment.volume == objects()).collect();
    let Rig { bench, server, farm, begun, folder } = rig;
    bench.stop().await;
    let bench = Bench::start(folder.path(), &farm).await;
    let rig = Rig { bench, server, farm, begun, folder };
    until("the bucket after a restart", 20, || async {
        (rig.view().await.health.state == VolumeState::ReadWrite).then_some(())
    })
    .await;
    rig.rounds().next_files().await;
    rig.clip_is_whole().await;
    // Another site, with none of this one's rows, takes the place over.
    let other_folder = tempfile::tempdir().unwrap();
    let other_farm = Farm::new(1);
    let other = Bench::start(other_folder.path(), &other_farm).await;
    let place = rig.server.place(PREFIX);
    let look = other.recording.look_at_new_volume("", Some(&place)).await.unwrap();
    assert!(look.is_volume);
    let foreign = other.recording.add_volume(new_volume(place.clone())).await.unwrap_err();
    assert_eq!(foreign.code, ErrorCode::VolumeForeign);
    rig.bench.stop().await;
    other.recording.add_volume(NewVolume { take_over: true, ..new_volume(place) }).await.unwrap();
    let range = Rounds { bench: &other, streams: 1, begun }.range();
    let taken_in = until("rows of what lies there", 20, || async {
        let all = other.store.segments().in_range(&path(0), range).await.unwrap();
        known.iter().all(|known| all.iter().any(|segment| segment.file == known.file)).then_some(all)
    })
    .await;
    for known in known {
        let taken_in = taken_in.iter().find(|segment| segment.file == known.file).unwrap();
        let facts = |segment: &Segment| {
            let Segment { start, size_bytes, init_bytes, video_codec, width, state, .. } = segment.clone();
            (start, size_bytes, init_bytes, video_codec, width, state)
        };
        assert_eq!(facts(taken_in), facts(&known));
        assert!((taken_in.end - known.end).abs() <= 40, "{:?} {:?}", taken_in.end, known.end);
    }
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_goes_away_holds_up_nothing() {
    let Some(mut rig) = Rig::start().await else { return };
    rig.add(0).await;
    rig.rounds().next_files().await;
    rig.moved(1).await;
    rig.server.kill().await;
    rig.rounds().next_files().await;
    rig.rounds().next_files().await;
    let away = until("a store that is told to be away", 60, || async {
        let health = rig.view().await.health;
        (health.state == VolumeState::Offline).then_some(health)
    })
    .await;
    assert_eq!(away.reason.unwrap().code, ErrorCode::ObjectStoreUnreachable);
    assert_eq!(rig.rounds().lie(&objects()).await, [(1, 2)], "what is recorded stays where it is");
    // What is there cannot be read now, and that is said; the rest can.
    let segments = rig.segments().await;
    let there = segments.iter().find(|segment| segment.volume == objects()).unwrap();
    assert_eq!(rig.picture_at(there.start).await.unwrap_err().code, ErrorCode::ObjectStoreUnreachable);
    let here = segments.iter().find(|segment| segment.volume != objects()).unwrap();
    rig.picture_at(here.start).await.unwrap();
    rig.server.restart().await;
    rig.moved(3).await;
    rig.is_whole().await;
    rig.clip_is_whole().await;
    assert_eq!(rig.bench.recording.stats().lost_ms, 0);
    rig.bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_that_cannot_be_used_is_refused_with_its_reason() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = ObjectServer::start(&folder.path().join("server")).await;
    let bench = Bench::start_with(folder.path(), &Farm::new(0), &config()).await;
    let check = |place: ObjectPlace, expect: ErrorCode| {
        let recording = &bench.recording;
        async move {
            let look = recording.look_at_new_volume("", Some(&place)).await.map(drop);
            assert_eq!(look.map_err(|problem| problem.code), Err(expect), "{place:?}");
            let add = recording.add_volume(new_volume(place)).await.map(drop).unwrap_err();
            assert_eq!(add.code, expect);
            assert!(!format!("{add:?}").contains(crate::store::SECRET_KEY), "{add:?}");
        }
    };
    let place = server.place(PREFIX);
    check(ObjectPlace { secret_key: Secret::new("wrong"), ..place.clone() }, ErrorCode::ObjectStoreDenied).await;
    check(ObjectPlace { access_key: "nobody".into(), ..place.clone() }, ErrorCode::ObjectStoreDenied).await;
    check(ObjectPlace { bucket: "no-such-bucket".into(), ..place.clone() }, ErrorCode::BucketMissing).await;
    check(ObjectPlace { endpoint: "nonsense".into(), ..place.clone() }, ErrorCode::ObjectPlaceInvalid).await;
    let local = NewVolume { kind: VolumeKind::Archive, ..new_volume(place.clone()) };
    assert_eq!(bench.recording.add_volume(local).await.unwrap_err().code, ErrorCode::VolumeInvalid);
    assert!(!server.folder(PREFIX).exists() || std::fs::read_dir(server.folder(PREFIX)).unwrap().next().is_none());
    bench.recording.add_volume(new_volume(place.clone())).await.unwrap();
    // Within a place that is taken, and around it.
    check(server.place("north"), ErrorCode::VolumeOverlaps).await;
    check(server.place("north/site-1/more"), ErrorCode::VolumeOverlaps).await;
    // Keys that do not work never take the place of those that do.
    let change = |object| VolumeChange { object: Some(object), ..VolumeChange::default() };
    let wrong = ObjectChange { secret_key: Some(Secret::new("wrong")), ..ObjectChange::default() };
    let refused = bench.recording.change_volume(&objects(), change(wrong)).await.map(drop);
    assert_eq!(refused.unwrap_err().code, ErrorCode::ObjectStoreDenied);
    let more = ObjectChange { limit_bytes: Some(1 << 41), ..ObjectChange::default() };
    let view = bench.recording.change_volume(&objects(), change(more)).await.unwrap();
    assert_eq!((view.health.state, view.health.capacity.total_bytes), (VolumeState::ReadWrite, 1 << 41));
    server.kill().await;
    check(ObjectPlace { prefix: "other".into(), ..place }, ErrorCode::ObjectStoreUnreachable).await;
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_oldest_there_make_room_below_the_limit() {
    let folder = tempfile::tempdir().unwrap();
    let server = ObjectServer::start(&folder.path().join("server")).await;
    let bench = Bench::start_with(folder.path(), &Farm::new(1), &config()).await;
    let place = ObjectPlace { limit_bytes: 4 << 30, ..server.place(PREFIX) };
    bench.recording.add_volume(new_volume(place)).await.unwrap();
    // Fifteen of a quarter of a GiB: more than the high watermark of four.
    let day = UtcMillis::now().saturating_add_ms(-86_400_000);
    for n in 0..15_i64 {
        let start = day.saturating_add_ms(n * 600_000);
        let file = format!("{}/2026-03-01/10-{n:02}-00.mp4", path(0));
        let object = server.folder(PREFIX).join(&file);
        std::fs::create_dir_all(object.parent().unwrap()).unwrap();
        std::fs::write(&object, b"in place of a quarter of a GiB").unwrap();
        let new = NewSegment {
            path: path(0),
            volume: objects(),
            file,
            start,
            video_codec: "avc1.42c01e".into(),
            width: 320,
            height: 180,
            has_audio: false,
            init_bytes: 700,
            origin: SegmentOrigin::Live,
        };
        let progress = |id| SegmentProgress {
            id,
            end: start.saturating_add_ms(600_000),
            size_bytes: 1 << 28,
            fragments: Vec::new(),
            state: SegmentState::Complete,
        };
        bench.store.segments().insert_found(&new, progress).await.unwrap();
    }
    let range = TimeRange::new(day, day.saturating_add_ms(15 * 600_000)).unwrap();
    let left = until("room below the limit", 30, || async {
        let left = bench.store.segments().in_range(&path(0), range).await.unwrap();
        (left.len() < 15).then_some(left)
    })
    .await;
    assert_eq!(left.len(), 14, "below the high watermark, and no further");
    assert!(left.iter().all(|segment| segment.start >= day.saturating_add_ms(600_000)), "the oldest went");
    until("as many objects", 10, || async { (files_below(&server.folder(PREFIX)).len() == 14).then_some(()) }).await;
    bench.stop().await;
}
