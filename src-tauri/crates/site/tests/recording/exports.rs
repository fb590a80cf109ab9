//! Exports, from real recordings to what a stranger verifies: gaps, a change of coding, passwords, restarts, full disks.

use crate::recording_support::{Bench, Farm, Footage, disk::LoopDisk, frames_in, path, until};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::time::sleep;
use watchwall_evidence::{ExportFolder, verify};
use watchwall_model::{
    BurnIn, ErrorCode, ExportClip, ExportState, GapReason, Plan, Problem, Secret, TimeRange, UtcMicros, UtcMillis,
    VolumeCode, config::EvidenceConfig,
};
use watchwall_site::evidence::{Evidence, EvidenceParts, ExportStep, ExportView, ExportWish};

async fn evidence(bench: &Bench, folder: &Path, config: EvidenceConfig) -> Evidence {
    let parts = EvidenceParts {
        store: bench.store.clone(),
        recording: bench.recording.clone(),
        data_folder: folder.to_owned(),
        config,
    };
    Evidence::start(parts).await.unwrap()
}

/// Feeds both streams for so many frames in real time, each from its own footage.
async fn feed(farm: &Farm, footage: [&Arc<Footage>; 2], frames: std::ops::Range<usize>) {
    let mut tick = tokio::time::interval(crate::recording_support::FRAME);
    for n in frames {
        tick.tick().await;
        for (stream, footage) in footage.iter().enumerate() {
            farm.hub(stream).push(footage.unit(n, UtcMicros::now()));
        }
    }
}

fn wish(name: &str, range: TimeRange) -> ExportWish {
    let clips = (0..2).map(|n| ExportClip { path: path(n), range }).collect();
    ExportWish { name: name.into(), note: String::new(), clips, password: None, folder: None, burn: None }
}

async fn ended(evidence: &Evidence, export: &ExportView) -> ExportView {
    let id = export.row.id;
    until("the export", 60, || async {
        Some(evidence.exports.get(id).await.unwrap()).filter(|e| e.row.state.is_over())
    })
    .await
}

fn left_in(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

/// Four seconds of both, four of nothing, four more of which the first stream is coded in another size.
async fn recorded(folder: &Path) -> Option<(Bench, TimeRange)> {
    let (one, other) = (Footage::encode()?, Footage::encode_as("160x90")?);
    let farm = Farm::new(2);
    let bench = Bench::start(folder, &farm).await;
    for n in 0..2 {
        bench.recording.put_plan(Plan::continuous(path(n))).await.unwrap();
    }
    until("recorders", 30, || async {
        let running = bench.recording.stats().plans;
        (running == 2).then_some(())
    })
    .await;
    // Recorders listen from a key frame on.
    sleep(Duration::from_millis(500)).await;
    let begun = UtcMillis::now();
    feed(&farm, [&one, &one], 0..100).await;
    // Nobody wants a recording for a while.
    for n in 0..2 {
        bench.recording.put_plan(Plan { enabled: false, ..Plan::continuous(path(n)) }).await.unwrap();
    }
    sleep(Duration::from_secs(3)).await;
    for n in 0..2 {
        bench.recording.put_plan(Plan::continuous(path(n))).await.unwrap();
    }
    until("recorders again", 30, || async { (bench.recording.stats().plans == 2).then_some(()) }).await;
    sleep(Duration::from_millis(500)).await;
    feed(&farm, [&other, &one], 200..301).await;
    let range = TimeRange::new(begun.saturating_add_ms(2_700), UtcMillis::now()).unwrap();
    let both = [path(0), path(1)];
    let whole = TimeRange::new(range.end.saturating_add_ms(-2_500), range.end).unwrap();
    until("the last pictures", 20, || async {
        let tracks = bench.recording.timeline(&both, whole, 0).await.unwrap();
        tracks.iter().all(|(_, track)| !track.coverage.is_empty()).then_some(())
    })
    .await;
    Some((bench, range))
}

#[tokio::test(flavor = "multi_thread")]
async fn two_cameras_with_a_gap_and_a_change_of_coding_are_verified() {
    let data = tempfile::tempdir().unwrap();
    let Some((bench, range)) = recorded(data.path()).await else { return };
    let evidence = evidence(&bench, data.path(), EvidenceConfig::default()).await;
    let export = evidence.exports.ask(wish("Theft / gate", range), "anna").await.unwrap();
    let export = ended(&evidence, &export).await;
    assert_eq!((export.row.state, &export.row.problem), (ExportState::Done, &None));
    let result = &export.row.result;
    assert!(result.starts_with(data.path().join("exports")) && result.to_str().unwrap().contains("_Theft-gate_"));
    let trusted = evidence.key.get().await.unwrap().public().fingerprint();
    let report = verify(result, Some(&trusted));
    assert_eq!(report.findings, []);
    let manifest = report.manifest.unwrap();
    assert_eq!((manifest.export.exported_by.as_str(), manifest.recordings.len()), ("anna", 2));
    let [changed, steady] = &manifest.recordings[..] else { panic!("two recordings") };
    assert_eq!(changed.videos.len(), 2, "{:?}", changed.videos);
    assert_eq!(steady.videos.len(), 1, "{:?}", steady.videos);
    for recording in &manifest.recordings {
        let first = &recording.videos[0];
        // Begun at the key frame before, and told so.
        assert!(first.held.from <= range.start && range.start - first.held.from < 2_100, "{first:?} {range:?}");
        assert_eq!(recording.gaps.first().map(|gap| gap.reason), Some(GapReason::PlannedOff), "{recording:?}");
        let gap_ms: i64 = recording.gaps.iter().map(|gap| gap.to - gap.from).sum();
        assert!((3_000..6_000).contains(&gap_ms), "{:?}", recording.gaps);
        assert!(!recording.sources.is_empty());
        for source in &recording.sources {
            let file = data.path().join("recordings").join(&source.file);
            assert!(source.size_bytes <= std::fs::metadata(file).unwrap().len());
        }
        for video in &recording.videos {
            assert!(frames_in(&result.join(&video.file)) > 0);
        }
    }
    // The pieces say where everything stands: what lies in the gap stands nowhere.
    let pieces = &steady.videos[0].pieces;
    let gap = &steady.gaps[0];
    assert!(pieces.len() >= 2 && pieces.iter().all(|piece| piece.to <= gap.to || piece.from >= gap.from), "{pieces:?}");
    assert!(pieces.is_sorted_by_key(|piece| piece.at_ms), "{pieces:?}");
    let downloaded = evidence.exports.download(export.row.id).await.unwrap().1;
    let blocks: Vec<_> = futures::StreamExt::collect(downloaded.blocks).await;
    let bytes: Vec<u8> = blocks.into_iter().flat_map(|block| block.unwrap()).collect();
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let out = data.path().join("out");
    archive.extract(&out).unwrap();
    assert_eq!(verify(&out, Some(&trusted)).findings, []);
    let folder = result.clone();
    evidence.exports.remove(export.row.id).await.unwrap();
    assert!(!folder.exists());
    evidence.stop().await;
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn passwords_cancelling_restarts_and_full_disks() {
    let data = tempfile::tempdir().unwrap();
    let Some((bench, range)) = recorded(data.path()).await else { return };
    let small = EvidenceConfig { max_exports: 1, ..EvidenceConfig::default() };
    let exports = data.path().join("exports");
    let first = evidence(&bench, data.path(), small.clone()).await;

    let password = Secret::new("correct horse");
    let encrypted = ExportWish { password: Some(password.clone()), ..wish("secret", range) };
    let encrypted = ended(&first, &first.exports.ask(encrypted, "anna").await.unwrap()).await;
    assert_eq!((encrypted.row.state, &encrypted.row.problem), (ExportState::Done, &None));
    assert_eq!(left_in(&exports).len(), 1, "only the archive is left");
    let mut archive = zip::ZipArchive::new(std::fs::File::open(&encrypted.row.result).unwrap()).unwrap();
    let out = data.path().join("out");
    std::fs::create_dir(&out).unwrap();
    for n in 0..archive.len() {
        let mut file = archive.by_index_decrypt(n, password.reveal().as_bytes()).unwrap();
        let target = out.join(file.name().unwrap().as_ref());
        std::io::copy(&mut file, &mut std::fs::File::create(target).unwrap()).unwrap();
    }
    assert_eq!(verify(&out, None).findings, []);
    first.exports.remove(encrypted.row.id).await.unwrap();

    // One runs, one waits; both are cancelled, or done a moment before, whatever the queue is about to do with them.
    for round in 0..20 {
        let mut asked = Vec::new();
        for name in ["running", "waiting"] {
            asked.push(first.exports.ask(wish(name, range), "anna").await.unwrap().row.id);
        }
        if round % 2 == 1 {
            asked.reverse();
        }
        for id in asked {
            let cancelled = first.exports.cancel(id).await.unwrap();
            assert!(cancelled.row.state.is_over());
            if cancelled.row.state == ExportState::Done {
                first.exports.remove(id).await.unwrap();
            }
        }
    }
    assert_eq!(left_in(&exports), Vec::<String>::new());

    // Interrupted by a stop, it is whole after the next start.
    let asked = first.exports.ask(wish("interrupted", range), "anna").await.unwrap();
    first.stop().await;
    std::fs::create_dir_all(exports.join(".unfinished-left-by-a-crash")).unwrap();
    let second = evidence(&bench, data.path(), small).await;
    let whole = ended(&second, &asked).await;
    assert_eq!(whole.row.state, ExportState::Done);
    assert_eq!(verify(&whole.row.result, None).findings, []);
    assert_eq!(left_in(&exports).len(), 1);

    // What nobody recorded is told, and leaves nothing.
    let early = TimeRange::new(UtcMillis(1_000), UtcMillis(2_000)).unwrap();
    let nothing = ended(&second, &second.exports.ask(wish("nothing", early), "anna").await.unwrap()).await;
    assert_eq!(nothing.row.problem.map(|problem| problem.code), Some(ErrorCode::NoRecording));
    let refused = ExportWish { folder: Some("/etc".into()), ..wish("elsewhere", range) };
    assert_eq!(second.exports.ask(refused, "anna").await.unwrap_err().code, ErrorCode::ExportFolderRefused);
    assert_eq!(left_in(&exports).len(), 1);
    second.stop().await;
    full_disk(&bench, data.path(), range).await;
    bench.stop().await;
}

async fn full_disk(bench: &Bench, data: &Path, range: TimeRange) {
    let root: PathBuf = data.join("small");
    let disk = match LoopDisk::make(&data.join("small.img"), &root, 8) {
        Ok(disk) => disk,
        Err(why) => return println!("skipped: no loop disk: {why}"),
    };
    let allowed = EvidenceConfig { export_folder: Some(root.clone()), ..EvidenceConfig::default() };
    let third = evidence(bench, data, allowed).await;
    let wanted = ExportWish { folder: Some(root.display().to_string()), ..wish("full", range) };
    let full = ended(&third, &third.exports.ask(wanted, "anna").await.unwrap()).await;
    let problem = full.row.problem.unwrap();
    assert_eq!(problem.code, ErrorCode::DiskFull);
    assert!(problem.params.contains_key("needed_bytes"));
    assert_eq!(left_in(&root), ["lost+found"]);
    third.stop().await;
    // Others fill it while the export is written.
    let folder = ExportFolder::create(&root.join("x")).unwrap();
    let mut file = folder.begin("video.mp4").unwrap();
    let error = (0..64).find_map(|_| file.write(&[7; 1 << 20]).err()).unwrap();
    assert_eq!(Problem::from(error).code, ErrorCode::DiskFull);
    drop((file, folder));
    drop(disk);
}

#[tokio::test(flavor = "multi_thread")]
async fn times_are_burnt_in_and_nobody_is_told_that_it_is_the_original() {
    let data = tempfile::tempdir().unwrap();
    let Some((bench, range)) = recorded(data.path()).await else { return };
    // Both are made of the same: nothing grows between them.
    for n in 0..2 {
        bench.recording.put_plan(Plan { enabled: false, ..Plan::continuous(path(n)) }).await.unwrap();
    }
    let main = VolumeCode("main".into());
    until("finished files", 20, || async {
        bench.store.segments().open(&main).await.unwrap().is_empty().then_some(())
    })
    .await;
    let evidence = evidence(&bench, data.path(), EvidenceConfig::default()).await;
    let plain = ended(&evidence, &evidence.exports.ask(wish("plain", range), "anna").await.unwrap()).await;
    let burn = Some(BurnIn { watermark: "Case 12".into() });
    let burnt = ExportWish { burn: burn.clone(), ..wish("burnt", range) };
    let burnt = ended(&evidence, &evidence.exports.ask(burnt, "anna").await.unwrap()).await;
    assert_eq!((burnt.row.state, &burnt.row.problem), (ExportState::Done, &None));
    let [plain, burnt] = [&plain, &burnt].map(|export| {
        let report = verify(&export.row.result, None);
        assert_eq!(report.findings, []);
        (export.row.result.clone(), report.manifest.unwrap())
    });
    for (original, copy) in plain.1.recordings.iter().zip(&burnt.1.recordings) {
        assert_eq!((&original.sources, &original.gaps), (&copy.sources, &copy.gaps));
        assert_eq!(original.videos.len(), copy.videos.len());
        for (original, copy) in original.videos.iter().zip(&copy.videos) {
            // The same moments stand at the same places, and every picture is there.
            assert_eq!((original.held, &original.pieces), (copy.held, &copy.pieces));
            assert_eq!((original.width, original.height), (copy.width, copy.height));
            let frames = [plain.0.join(&original.file), burnt.0.join(&copy.file)].map(|file| frames_in(&file));
            assert_eq!(frames[0], frames[1], "{}", copy.file);
            assert_eq!(original.transcoded, None);
            let told = copy.transcoded.as_ref().unwrap();
            assert_eq!((told.note.as_str(), told.watermark.as_str()), ("transcoded, not original", "Case 12"));
        }
    }
    let player = std::fs::read_to_string(burnt.0.join("index.html")).unwrap();
    assert!(player.contains("transcoded, not original"), "the player has it in its data");

    // Cancelled in the middle of it, nothing is left.
    let before = left_in(&data.path().join("exports"));
    let asked = evidence.exports.ask(ExportWish { burn, ..wish("cancelled", range) }, "anna").await.unwrap();
    until("the burning", 30, || async {
        let export = evidence.exports.get(asked.row.id).await.unwrap();
        let burns = export.progress.is_some_and(|(step, ..)| step == ExportStep::Burning);
        (burns || export.row.state.is_over()).then_some(())
    })
    .await;
    let cancelled = evidence.exports.cancel(asked.row.id).await.unwrap();
    if cancelled.row.state == ExportState::Done {
        evidence.exports.remove(asked.row.id).await.unwrap();
    }
    assert_eq!(left_in(&data.path().join("exports")), before);
    evidence.stop().await;
    bench.stop().await;
}
