//! What is open, worst first. Pure.

use crate::wording::Language;
use watchwall_api::{ReportCamera, ReportFinding, ReportVolume};
use watchwall_site::cameras::doctor::{DoctorReport, Line, Verdict};

/// What an examination found, as sentences.
pub fn of_examination(report: &DoctorReport, language: Language) -> Vec<ReportFinding> {
    let mut lines: Vec<&Line> = report.lines.iter().filter(|line| line.is_finding()).collect();
    lines.sort_by_key(|line| std::cmp::Reverse(line.verdict));
    lines
        .iter()
        .map(|line| ReportFinding {
            verdict: line.verdict.as_str().to_owned(),
            camera_id: report.camera.map(|camera| camera.0),
            text: sentence(line, language),
        })
        .collect()
}

/// A line in one sentence.
pub fn sentence(line: &Line, language: Language) -> String {
    format!("{}{}{}", subject(line, language), language.colon(), said(line, language))
}

/// What was looked at, and of which channel and stream.
pub fn subject(line: &Line, language: Language) -> String {
    let check = language.word(&format!("doctor.check.{}", line.check.as_str()));
    let of_stream = match line.stream {
        Some(role) => {
            let stream = language.word(&format!("facts.{}", role.as_str()));
            language.say("doctor.at_stream", &[("stream", &stream), ("check", &check)])
        }
        None => check,
    };
    match line.channel {
        Some(channel) => language.say("doctor.at_channel", &[("channel", &channel.to_string()), ("check", &of_stream)]),
        None => of_stream,
    }
}

/// What was found, and what went wrong.
pub fn said(line: &Line, language: Language) -> String {
    let mut text = language.text(&line.text_key(), &line.params);
    if let Some(problem) = &line.problem {
        text.push_str(language.blank());
        text.push_str(&language.text(&format!("error.{}", problem.code), &problem.params));
    }
    text
}

/// Of the whole site.
pub fn of_site(
    cameras: &[ReportCamera],
    silent: &[i64],
    volumes: &[ReportVolume],
    language: Language,
) -> Vec<ReportFinding> {
    let mut findings = Vec::new();
    for volume in volumes.iter().filter(|volume| volume.state != "read_write") {
        findings.push(ReportFinding {
            verdict: Verdict::Bad.as_str().to_owned(),
            camera_id: None,
            text: language.say("report.paper.finding.volume", &[("path", &volume.root)]),
        });
    }
    for camera in cameras {
        let own = |text| ReportFinding { verdict: Verdict::Bad.as_str().to_owned(), camera_id: Some(camera.id), text };
        if matches!(camera.health.as_str(), "no_video" | "auth_failed" | "unreachable") {
            let state = language.word(&format!("camera.health.{}", camera.health));
            let params = [("camera", camera.name.as_str()), ("state", &state)];
            findings.push(own(language.say("report.paper.finding.health", &params)));
        }
        if silent.contains(&camera.id) {
            findings.push(own(language.say("report.paper.finding.not_recording", &[("camera", &camera.name)])));
        }
    }
    for camera in cameras {
        for finding in camera.doctor.iter().flat_map(|doctor| &doctor.findings) {
            let params = [("camera", camera.name.as_str()), ("text", &finding.text)];
            let text = language.say("report.paper.finding.doctor", &params);
            findings.push(ReportFinding { text, ..finding.clone() });
        }
    }
    // Stable: otherwise the order stays.
    findings.sort_by_key(|finding| finding.verdict != Verdict::Bad.as_str());
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use watchwall_api::{ReportDoctor, ReportRecording};

    fn camera(id: i64, name: &str, health: &str, findings: Vec<ReportFinding>) -> ReportCamera {
        let doctor = (!findings.is_empty()).then_some(ReportDoctor { examined_at: 0, bad: 0, warning: 0, findings });
        ReportCamera {
            id,
            name: name.into(),
            group: String::new(),
            manufacturer: String::new(),
            model: String::new(),
            firmware: String::new(),
            serial: String::new(),
            mac: String::new(),
            address: String::new(),
            enabled: true,
            streams: Vec::new(),
            health: health.into(),
            offline_rate: 0.0,
            recording: ReportRecording { plan: None, retention_days: None, first_at: None, last_at: None },
            doctor,
        }
    }

    #[test]
    fn the_worst_stands_first() {
        let finding = |verdict: &str, text: &str| ReportFinding {
            verdict: verdict.into(),
            camera_id: Some(1),
            text: text.into(),
        };
        let cameras = [
            camera(1, "Gate", "online", vec![finding("warning", "long"), finding("bad", "clock")]),
            camera(2, "Yard", "unreachable", Vec::new()),
        ];
        let volume = ReportVolume {
            name: "v".into(),
            root: "/mnt/a".into(),
            state: "offline".into(),
            total_bytes: 0,
            free_bytes: 0,
            recorded_bytes: 0,
        };
        let found = of_site(&cameras, &[1], &[volume], Language::English);
        let texts: Vec<_> = found.iter().map(|finding| (finding.verdict.as_str(), finding.text.as_str())).collect();
        assert_eq!(texts.len(), 5, "{texts:?}");
        assert!(texts[0].1.contains("/mnt/a") && texts[1].1.contains("Gate") && texts[2].1.contains("Yard"));
        assert_eq!((texts[3], texts[4]), (("bad", "Gate: clock"), ("warning", "Gate: long")));
    }
}
