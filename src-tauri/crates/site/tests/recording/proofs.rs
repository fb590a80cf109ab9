//! Proof of recording: a signed statement per day and stream, chained, that a stranger verifies.

use crate::recording_support::{Bench, Farm, path};
use jiff::tz::TimeZone;
use watchwall_evidence::{sha256_hex, verify};
use watchwall_model::{
    Fragment, GapReason, Plan, SegmentOrigin, SegmentState, StreamPath, UtcMillis, VolumeCode, config::EvidenceConfig,
};
use watchwall_site::evidence::{Evidence, EvidenceParts, ProofFilter};
use watchwall_store::{NewSegment, RecordingEvent, RecordingEventKind, SegmentProgress, encode_fragments};

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// A row as a recorder leaves it; statements are made of the index.
async fn put(bench: &Bench, path: &StreamPath, start: UtcMillis, hours: i64) {
    let new = NewSegment {
        path: path.clone(),
        volume: VolumeCode("main".into()),
        file: format!("{path}/{}.mp4", start.0),
        start,
        video_codec: "avc1.4d401f".into(),
        width: 320,
        height: 180,
        has_audio: false,
        init_bytes: 900,
        origin: SegmentOrigin::Live,
    };
    let fragments = [Fragment { offset: 900, size_bytes: 1, start_ms: 0, duration_ms: 1_000, is_key: true }];
    let progress = |id| SegmentProgress {
        id,
        end: start.saturating_add_ms(hours * HOUR_MS),
        size_bytes: 901,
        fragments: encode_fragments(None, &fragments),
        state: SegmentState::Complete,
    };
    bench.store.segments().insert_found(&new, progress).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn each_day_is_stated_once_and_names_the_one_before() {
    let data = tempfile::tempdir().unwrap();
    let zone = TimeZone::get("Asia/Shanghai").unwrap();
    let bench = Bench::start_in(zone, data.path(), &Farm::new(0)).await;
    let gate = path(1);
    // Old as they are, no retention takes them.
    let kept = Plan { enabled: false, retention_days: 3_650, ..Plan::continuous(gate.clone()) };
    bench.recording.put_plan(kept).await.unwrap();
    // Midnight in Shanghai, the zone of the bench.
    let midnight = UtcMillis(20_000 * DAY_MS - 8 * HOUR_MS);
    for day in 0..2 {
        for hour in 0..23 {
            put(&bench, &gate, midnight.saturating_add_ms(day * DAY_MS + hour * HOUR_MS), 1).await;
        }
    }
    let offline = RecordingEvent {
        path: gate.clone(),
        at: midnight.saturating_add_ms(23 * HOUR_MS),
        kind: RecordingEventKind::CameraOffline,
        detail: String::new(),
    };
    bench.store.events().insert(&offline).await.unwrap();
    let parts = EvidenceParts {
        store: bench.store.clone(),
        recording: bench.recording.clone(),
        data_folder: data.path().to_owned(),
        config: EvidenceConfig::default(),
    };
    let evidence = Evidence::start(parts).await.unwrap();
    let at = |hours: i64| midnight.saturating_add_ms(hours * HOUR_MS);
    let check = async |hours: i64, expect: usize| {
        assert_eq!(evidence.proofs.reconcile(at(hours)).await.unwrap(), expect, "after {hours} hours");
    };
    check(26, 0).await;
    check(27, 1).await;
    check(27, 0).await;
    check(24 + 27, 1).await;
    // Nothing was recorded on the third day, and that is stated too.
    check(48 + 27, 1).await;
    let list = async |filter| evidence.proofs.list(filter).await.unwrap();
    let all = list(ProofFilter { limit: 10, ..ProofFilter::default() }).await;
    assert_eq!(
        all.iter().map(|proof| proof.statement.day.as_str()).collect::<Vec<_>>(),
        ["2024-10-06", "2024-10-05", "2024-10-04"]
    );
    let [third, second, first] = &all[..] else { panic!("three statements") };
    assert_eq!((first.statement.covered_ms, first.statement.gaps.len()), (23 * HOUR_MS, 1));
    assert_eq!(first.statement.gaps[0].reason, GapReason::CameraOffline);
    assert_eq!(first.statement.previous_sha256, None);
    assert_eq!(second.statement.previous_sha256.as_deref(), Some(first.sha256.as_str()));
    assert_eq!(third.statement.previous_sha256.as_deref(), Some(second.sha256.as_str()));
    assert_eq!((third.statement.covered_ms, third.statement.gaps.len()), (0, 1));
    // Pages follow each other.
    let page = list(ProofFilter { limit: 1, ..ProofFilter::default() }).await;
    let rest = list(ProofFilter { limit: 10, after: Some(page[0].place()), ..ProofFilter::default() }).await;
    assert_eq!(rest.len(), 2);
    assert!(list(ProofFilter { path: Some(path(2)), limit: 10, ..ProofFilter::default() }).await.is_empty());
    // As somebody downloads it.
    let bytes = evidence.proofs.archive("2024-10-04".into(), gate.clone()).await.unwrap();
    let out = data.path().join("out");
    zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap().extract(&out).unwrap();
    let trusted = evidence.key.get().await.unwrap().public().fingerprint();
    assert_eq!(verify(&out, Some(&trusted)).findings, []);
    assert_eq!(sha256_hex(&std::fs::read(out.join("statement.json")).unwrap()), first.sha256);
    assert!(evidence.proofs.archive("../2024-10-04".into(), gate.clone()).await.is_err());
    // Each is held against the site's key; one letter is enough.
    assert!(all.iter().all(|proof| proof.findings.is_empty()), "{all:?}");
    let file = data.path().join("proofs/2024-10-05").join(gate.as_str()).join("statement.json");
    let text = std::fs::read_to_string(&file).unwrap().replace("camera_offline", "network");
    std::fs::write(&file, text.replacen("2024-10-05", "2024-10-05 ", 1)).unwrap();
    let forged = evidence.proofs.get("2024-10-05".into(), gate.clone()).await.unwrap();
    assert_eq!(forged.findings.len(), 1, "{:?}", forged.findings);
    assert!(evidence.proofs.get("2024-10-04".into(), gate).await.unwrap().findings.is_empty());
    evidence.stop().await;
    bench.stop().await;
}
