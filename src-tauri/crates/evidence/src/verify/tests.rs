//! Every tampering has its sentence.

use super::*;
use crate::{
    ClipPiece, ExportFolder, ExportedGap, Exporter, Recording, SiteFacts, SiteKey, Span, StatementChain, StatementGap,
    Video, write_statement,
};
use std::path::PathBuf;
use watchwall_model::{GapReason, UtcMillis};

struct Export {
    folder: tempfile::TempDir,
    path: PathBuf,
    key: SiteKey,
}

fn span(from: i64, to: i64) -> Span {
    Span { from: UtcMillis(from), to: UtcMillis(to) }
}

fn site(key: &SiteKey) -> SiteFacts {
    SiteFacts { name: "Harbour".into(), time_zone: "Asia/Shanghai".into(), key_fingerprint: key.public().fingerprint() }
}

fn manifest(key: &SiteKey) -> Manifest {
    let video = |file: &str| Video {
        file: file.into(),
        held: span(900, 3_000),
        codec: "avc1.4d401f".into(),
        width: 320,
        height: 180,
        has_audio: false,
        pieces: vec![ClipPiece { from: UtcMillis(900), to: UtcMillis(3_000), at_ms: 0 }],
        transcoded: None,
    };
    let recording = |camera: &str, file: &str| Recording {
        camera: camera.into(),
        path: camera.to_lowercase(),
        asked: span(1_000, 3_000),
        videos: vec![video(file)],
        gaps: vec![ExportedGap { from: UtcMillis(2_000), to: UtcMillis(2_500), reason: GapReason::CameraOffline }],
        sources: Vec::new(),
    };
    Manifest {
        format: Manifest::FORMAT.into(),
        export: Exporter {
            name: "Theft </script>".into(),
            note: String::new(),
            exported_by: "anna".into(),
            asked_at: UtcMillis(1),
            made_at: UtcMillis(2),
            product: "Watchwall 0".into(),
        },
        site: site(key),
        recordings: vec![recording("Gate", "gate.mp4"), recording("Yard", "yard.mp4")],
        files: Vec::new(),
    }
}

fn export() -> Export {
    let folder = tempfile::tempdir().unwrap();
    let key = SiteKey::open(folder.path()).unwrap();
    let path = folder.path().join("export");
    let mut out = ExportFolder::create(&path).unwrap();
    for (name, byte) in [("gate.mp4", 1), ("yard.mp4", 2)] {
        let mut file = out.begin(name).unwrap();
        file.write(&[byte; 1_000]).unwrap();
        out.end(file).unwrap();
    }
    let size = out.seal(manifest(&key), &key).unwrap();
    assert!(size > 2_000);
    Export { folder, path, key }
}

fn sentences(report: &Report) -> Vec<String> {
    report.findings.iter().map(Finding::sentence).collect()
}

/// Each tampering, and how its only sentence begins.
fn check(tamper: impl FnOnce(&Path), expect: &[&str]) {
    let export = export();
    tamper(&export.path);
    let found = sentences(&verify(&export.path, None));
    assert_eq!(found.len(), expect.len(), "{found:?}");
    for (found, expect) in found.iter().zip(expect) {
        assert!(found.starts_with(expect), "{found} is not {expect}");
    }
}

fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 1;
    fs::write(path, bytes).unwrap();
}

#[test]
fn what_nobody_touched_is_whole() {
    let export = export();
    let report = verify(&export.path, Some(&export.key.public().fingerprint()));
    assert_eq!((report.kind, report.findings), (Kind::Export, vec![]));
    assert_eq!(report.manifest.unwrap().files.len(), 2);
}

#[test]
fn every_tampering_is_told() {
    check(|path| flip(&path.join("gate.mp4"), 500), &["gate.mp4 was changed: its SHA-256 is "]);
    check(|path| fs::write(path.join("gate.mp4"), b"short").unwrap(), &["gate.mp4 was changed: it has 5 bytes"]);
    check(|path| fs::remove_file(path.join("yard.mp4")).unwrap(), &["yard.mp4 is missing."]);
    let swap = |path: &Path| {
        fs::rename(path.join("gate.mp4"), path.join("x")).unwrap();
        fs::rename(path.join("yard.mp4"), path.join("gate.mp4")).unwrap();
        fs::rename(path.join("x"), path.join("yard.mp4")).unwrap();
    };
    check(swap, &["gate.mp4 and yard.mp4 were swapped."]);
    let copy = |path: &Path| assert!(fs::copy(path.join("yard.mp4"), path.join("gate.mp4")).is_ok());
    check(copy, &["gate.mp4 holds what yard.mp4 should hold."]);
    check(|path| fs::write(path.join("notes.txt"), b"x").unwrap(), &["notes.txt is no part of the export."]);
    let rewrite = |path: &Path| {
        let text = fs::read_to_string(path.join(MANIFEST)).unwrap();
        fs::write(path.join(MANIFEST), text.replace("anna", "otto")).unwrap();
    };
    check(rewrite, &["manifest.json was changed after it was signed, or another key signed it."]);
    check(|path| flip(&path.join(MANIFEST_SIGNATURE), 5), &["manifest.json was changed after it was signed"]);
    check(|path| fs::remove_file(path.join(MANIFEST_SIGNATURE)).unwrap(), &["manifest.sig is missing."]);
    check(|path| fs::remove_file(path.join(MANIFEST)).unwrap(), &["manifest.json is missing."]);
    check(|path| fs::remove_file(path.join(KEY)).unwrap(), &["site-key.pem is missing."]);
    check(|path| fs::write(path.join(KEY), b"x").unwrap(), &["site-key.pem holds no Ed25519 public key."]);
    check(
        |path| fs::write(path.join(MANIFEST), b"{").unwrap(),
        &["manifest.json was changed after", "manifest.json cannot be read."],
    );
}

#[cfg(unix)]
#[test]
fn a_link_is_no_file() {
    let link = |path: &Path| {
        fs::rename(path.join("gate.mp4"), path.parent().unwrap().join("gate.mp4")).unwrap();
        std::os::unix::fs::symlink("../gate.mp4", path.join("gate.mp4")).unwrap();
    };
    check(link, &["gate.mp4 is no file, but a link or a folder."]);
}

/// Whoever signs anew with a key of his own is told by the fingerprint that is known from elsewhere.
#[test]
fn another_key_is_told() {
    let export = export();
    let forger = tempfile::tempdir().unwrap();
    let other = SiteKey::open(forger.path()).unwrap();
    let text = fs::read(export.path.join(MANIFEST)).unwrap();
    fs::write(export.path.join(MANIFEST_SIGNATURE), other.sign(&text)).unwrap();
    assert_eq!(
        sentences(&verify(&export.path, None)),
        ["manifest.json was changed after it was signed, or another key signed it."]
    );
    fs::write(export.path.join(KEY), other.public().pem()).unwrap();
    let (ours, his) = (export.key.public().fingerprint(), other.public().fingerprint());
    let named = format!("site-key.pem is the key {his}, and manifest.json names {ours}.");
    assert_eq!(sentences(&verify(&export.path, None)), [named]);
    let text = String::from_utf8(text).unwrap().replace(&ours, &his);
    fs::write(export.path.join(MANIFEST), &text).unwrap();
    fs::write(export.path.join(MANIFEST_SIGNATURE), other.sign(text.as_bytes())).unwrap();
    assert!(verify(&export.path, None).findings.is_empty(), "alone it fits together");
    let told = format!("The key {his} signed it, and not the key {ours} that you trust.");
    assert_eq!(sentences(&verify(&export.path, Some(&ours))), [told]);
}

#[test]
fn a_manifest_cannot_point_elsewhere() {
    let export = export();
    let text = fs::read_to_string(export.path.join(MANIFEST)).unwrap();
    let text = text.replace("\"name\": \"gate.mp4\"", "\"name\": \"../evidence.key\"");
    fs::write(export.path.join(MANIFEST), &text).unwrap();
    fs::write(export.path.join(MANIFEST_SIGNATURE), export.key.sign(text.as_bytes())).unwrap();
    let found = sentences(&verify(&export.path, None));
    assert!(found[0].contains("lies outside of the folder"), "{found:?}");
}

#[test]
fn a_folder_of_something_else_is_told() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(verify(folder.path(), None).findings, [Finding::NothingToVerify]);
    assert_eq!(verify(&folder.path().join("none"), None).findings, [Finding::NothingToVerify]);
}

#[test]
fn statements_are_verified_too() {
    let folder = tempfile::tempdir().unwrap();
    let key = SiteKey::open(folder.path()).unwrap();
    let at = folder.path().join("day");
    fs::create_dir(&at).unwrap();
    let statement = Statement {
        format: Statement::FORMAT.into(),
        site: site(&key),
        camera: "Gate".into(),
        path: "gate".into(),
        day: "2026-11-25".into(),
        range: span(0, 86_400_000),
        stated_at: UtcMillis(90_000_000),
        covered_ms: 86_399_000,
        coverage: vec![span(0, 86_399_000)],
        gaps: vec![StatementGap { from: UtcMillis(86_399_000), to: UtcMillis(86_400_000), reason: GapReason::Us }],
        chain: Some(StatementChain { number: 12, sha256: "ab".repeat(32) }),
        previous_sha256: None,
    };
    write_statement(&at, &statement, &key).unwrap();
    let report = verify(&at, None);
    assert_eq!((report.kind, report.findings, report.statement), (Kind::Statement, vec![], Some(statement)));
    flip(&at.join(STATEMENT), 40);
    let found = sentences(&verify(&at, None));
    assert!(found[0].starts_with("statement.json was changed after it was signed"), "{found:?}");
}

#[test]
fn an_archive_opens_with_its_password_only() {
    let export = export();
    let target = export.folder.path().join("export.zip");
    let password = watchwall_model::Secret::new("开门 sesame");
    crate::pack_encrypted(&export.path, &target, &password, |_| true).unwrap();
    let mut archive = zip::ZipArchive::new(fs::File::open(&target).unwrap()).unwrap();
    assert_eq!(archive.len(), 5);
    let out = export.folder.path().join("out");
    fs::create_dir(&out).unwrap();
    for n in 0..archive.len() {
        assert!(archive.by_index_decrypt(n, b"guess").is_err());
        let mut file = archive.by_index_decrypt(n, password.reveal().as_bytes()).unwrap();
        let name = file.name().unwrap().into_owned();
        std::io::copy(&mut file, &mut fs::File::create(out.join(name)).unwrap()).unwrap();
    }
    assert!(verify(&out, None).findings.is_empty());
    let stopped = crate::pack_encrypted(&export.path, &export.folder.path().join("b.zip"), &password, |_| false);
    assert!(stopped.is_err());
    let mut plain = Vec::new();
    crate::pack(&export.path, &mut plain, |_| true).unwrap();
    assert_eq!(zip::ZipArchive::new(std::io::Cursor::new(plain)).unwrap().len(), 5);
}

#[test]
fn the_player_is_one_whole_page() {
    let folder = tempfile::tempdir().unwrap();
    let key = SiteKey::open(folder.path()).unwrap();
    let page = crate::player_page(&manifest(&key), crate::PlayerLanguage::Chinese).unwrap();
    assert!(
        page.contains("Theft \\u003c/script>") && !page.contains("/*DATA*/") && page.contains("\"language\":\"zh\"")
    );
    for outside in ["http://", "https://", "src=\"/", "@import"] {
        assert!(!page.contains(outside), "{outside}");
    }
}
