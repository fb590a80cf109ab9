//! `watchwall verify`: one sentence for each thing that does not fit, and an exit code that says whether there was one.

use crate::{cli::VerifyArguments, output};
use anyhow::{Result, ensure};
use std::{path::Path, process::ExitCode};
use watchwall_evidence::{Finding, PublicKey, Report, Transcoded, verify};

pub fn run(arguments: &VerifyArguments) -> Result<ExitCode> {
    ensure!(arguments.folder.is_dir(), "{} is no folder; unpack a ZIP first", arguments.folder.display());
    let trusted = arguments.key.as_deref().map(fingerprint).transpose()?;
    let report = verify(&arguments.folder, trusted.as_deref());
    if arguments.json {
        output::line(serde_json::to_string_pretty(&as_json(&report, trusted.is_some()))?);
    } else {
        facts(&report).iter().for_each(output::line);
        report.findings.iter().map(Finding::sentence).for_each(output::line);
        output::line(verdict(&report, trusted.is_some()));
    }
    Ok(if report.findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Of a PEM file, or as it was typed: with spaces or colons between, in any case.
fn fingerprint(given: &str) -> Result<String> {
    let path = Path::new(given);
    if path.is_file() {
        return Ok(PublicKey::read(path)?.fingerprint());
    }
    let typed: String = given.chars().filter(|c| !c.is_whitespace() && *c != ':').collect();
    ensure!(
        typed.len() == 64 && typed.chars().all(|c| c.is_ascii_hexdigit()),
        "{given} is neither a PEM file nor a fingerprint of 64 hexadecimal digits"
    );
    Ok(typed.to_ascii_lowercase())
}

fn facts(report: &Report) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(manifest) = &report.manifest {
        let cameras: Vec<&str> = manifest.recordings.iter().map(|recording| recording.camera.as_str()).collect();
        lines.push(format!(
            "Export \"{}\" of {} by {}",
            manifest.export.name, manifest.site.name, manifest.export.exported_by
        ));
        lines.push(format!("Cameras: {}", cameras.join(", ")));
        let sources: usize = manifest.recordings.iter().map(|recording| recording.sources.len()).sum();
        lines.push(format!("{} files, cut from {sources} recording files", manifest.files.len()));
        let videos = manifest.recordings.iter().flat_map(|recording| &recording.videos);
        lines.extend(videos.filter_map(|video| Some(transcoded(&video.file, video.transcoded.as_ref()?))));
    }
    if let Some(statement) = &report.statement {
        lines.push(format!("Proof of recording of {} ({}) on {}", statement.camera, statement.path, statement.day));
        let gaps = statement.gaps.len();
        lines.push(format!("Recorded: {} s, gaps: {gaps}", statement.covered_ms / 1_000));
    }
    if let Some(key) = &report.key_fingerprint {
        lines.push(format!("Key: {key}"));
    }
    lines
}

/// A signature says that nobody changed the file since, and not that it is what the camera sent.
fn transcoded(file: &str, facts: &Transcoded) -> String {
    let watermark =
        if facts.watermark.is_empty() { String::new() } else { format!("; watermark \"{}\"", facts.watermark) };
    format!("{file}: {} (from {}; burnt in: {}{watermark})", facts.note, facts.original_codec, facts.burnt_in)
}

fn verdict(report: &Report, is_key_given: bool) -> String {
    match (report.findings.len(), is_key_given) {
        (0, true) => "Unchanged since the trusted key signed it.".to_owned(),
        (0, false) => {
            "Unchanged since this key signed it. Compare the key with the site's own, or give it with --key.".to_owned()
        }
        (1, _) => "NOT VERIFIED: 1 thing does not fit.".to_owned(),
        (n, _) => format!("NOT VERIFIED: {n} things do not fit."),
    }
}

fn as_json(report: &Report, is_key_given: bool) -> serde_json::Value {
    let findings: Vec<_> = report
        .findings
        .iter()
        .map(|finding| serde_json::json!({ "sentence": finding.sentence(), "finding": finding }))
        .collect();
    serde_json::json!({
        "ok": report.findings.is_empty(),
        "kind": report.kind,
        "key_fingerprint": report.key_fingerprint,
        "key_was_given": is_key_given,
        "findings": findings,
        "manifest": report.manifest,
        "statement": report.statement,
    })
}
