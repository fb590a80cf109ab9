use super::*;
use watchwall_api::{ReportDoctor, ReportFinding, ReportMachine, ReportRecording, ReportUser, ReportVolume};
use watchwall_paper::write_pdf;

fn camera(number: i64) -> ReportCamera {
    let finding = ReportFinding {
        verdict: "warning".into(),
        camera_id: Some(number),
        text: "主码流 · 关键帧：关键帧间隔长达 10.0 秒".into(),
    };
    ReportCamera {
        id: number,
        name: format!("北门停车场入口高清红外夜视摄像机（第 {number} 号立柱）"),
        group: "总部 / 北区 / 地下二层停车场".into(),
        manufacturer: "HIKVISION".into(),
        model: "DS-2CD2T47G2-LSU/SL".into(),
        firmware: "V5.7.13 build 230811".into(),
        serial: format!("DS-2CD2T47G2-LSU20230811AAWR{number:09}"),
        mac: format!("c0:56:e3:00:00:{:02x}", number % 256),
        address: format!("192.168.{}.{}", number / 200, number % 200 + 1),
        enabled: true,
        streams: [("main", 3840, 2160), ("sub", 640, 360)]
            .into_iter()
            .map(|(role, width, height)| ReportStream {
                path: format!("cam_{number}_{role}"),
                role: role.into(),
                codec: "h265".into(),
                width,
                height,
                frame_rate: 25.0,
                bitrate_kbps: (role == "main").then_some(4_096),
                gop_ms: Some(2_000),
            })
            .collect(),
        health: if number % 9 == 0 { "unreachable" } else { "online" }.into(),
        offline_rate: number as f64 / 5_000.0,
        recording: ReportRecording {
            plan: Some("continuous".into()),
            retention_days: Some(30),
            first_at: Some(1_790_000_000_000),
            last_at: Some(1_792_000_000_000),
        },
        doctor: (number % 3 == 0).then(|| ReportDoctor {
            examined_at: 1_792_000_000_000,
            bad: 0,
            warning: 1,
            findings: vec![finding],
        }),
    }
}

fn report(cameras: i64, language: &str) -> SiteReport {
    SiteReport {
        site_name: "Riverside Works".into(),
        made_at: 1_792_000_000_000,
        language: language.into(),
        machine: ReportMachine {
            host_name: "wall-1".into(),
            version: "0.1.0".into(),
            operating_system: "Debian GNU/Linux 12 (bookworm)".into(),
            architecture: "x86_64".into(),
            processors: 8,
            memory_bytes: Some(16_000_000_000),
            time_zone: "Asia/Shanghai".into(),
            started_at: 1_791_000_000_000,
        },
        findings: (1..=cameras.min(12))
            .map(|number| ReportFinding {
                verdict: if number < 4 { "bad" } else { "warning" }.into(),
                camera_id: Some(number),
                text: format!("Gate {number}: the clock is 7200.0 s off"),
            })
            .collect(),
        cameras: (1..=cameras).map(camera).collect(),
        volumes: vec![ReportVolume {
            name: "recordings".into(),
            root: "/srv/watchwall/recordings".into(),
            state: "read_write".into(),
            total_bytes: 16_000_000_000_000,
            free_bytes: 2_500_000_000_000,
            recorded_bytes: 13_100_000_000_000,
        }],
        users: Some(vec![ReportUser { name: "anna".into(), role: "administrator".into(), enabled: true }]),
    }
}

/// Every text of a document.
fn texts(document: &Document) -> String {
    format!("{document:?}")
}

#[test]
fn both_languages_are_whole() {
    for language in ["en", "zh-CN"] {
        let said = texts(&document(&report(3, language)));
        // A text that is missing answers with its key.
        for place in ["report.paper", "doctor.", "camera.health", "plan.mode", "role.", "facts."] {
            assert!(!said.contains(&format!("\"{place}")), "{language}: {said}");
        }
        assert!(said.contains("北门停车场入口") && said.contains("192.168.0.2"));
    }
}

#[test]
fn a_site_without_anything_is_a_document_too() {
    let empty = SiteReport { users: None, volumes: Vec::new(), ..report(0, "en") };
    let said = texts(&document(&empty));
    assert!(said.contains("Nothing is open.") && !said.contains("\"Users\""), "{said}");
    assert!(write_pdf(&document(&empty)).unwrap().bytes.starts_with(b"%PDF"));
}

#[test]
fn a_hundred_cameras_fit_on_paper() {
    for language in ["en", "zh-CN"] {
        let pdf = write_pdf(&document(&report(100, language))).unwrap();
        if let Some(folder) = std::env::var_os("WATCHWALL_PAPER_FOLDER") {
            std::fs::write(std::path::Path::new(&folder).join(format!("site-{language}.pdf")), &pdf.bytes).unwrap();
        }
        assert!((8..40).contains(&pdf.pages), "{} pages", pdf.pages);
    }
}

#[test]
fn amounts_are_readable() {
    let check = |count, expect: &str| assert_eq!(bytes(count), expect);
    check(0, "0 B");
    check(999, "999 B");
    check(16_000_000_000_000, "16.0 TB");
    check(1_500, "1.5 kB");
}
