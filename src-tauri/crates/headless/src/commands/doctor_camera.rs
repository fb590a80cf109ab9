//! `watchwall doctor camera`: examines one camera from this machine, without a site.

use crate::{cli::DoctorCameraArguments, output};
use anyhow::{Context, Result};
use std::{io::BufRead, process::ExitCode};
use watchwall_model::Secret;
use watchwall_server::{Language, examination, examination_line};
use watchwall_site::cameras::doctor::{Area, DoctorReport, DoctorWish, Line, MendKind, Verdict, Visit};

pub async fn run(arguments: DoctorCameraArguments) -> Result<ExitCode> {
    let language = Language::parse(&arguments.language).context("the language is neither en nor zh-CN")?;
    let password = if arguments.password_stdin { Some(first_line()?) } else { arguments.password.clone() };
    let wish = DoctorWish {
        address: arguments.address.clone(),
        port: arguments.port,
        username: arguments.user.clone(),
        password: password.map(Secret::new),
        channel: arguments.channel,
    };
    let visit = Visit::of(&wish)?;
    if !arguments.json {
        output::note(language.word("doctor.running"));
    }
    visit.examine().await;
    let servers = Some(arguments.ntp_server.as_slice()).filter(|servers| !servers.is_empty());
    let mut refusal = None;
    for (word, kind) in arguments.mend.iter().filter_map(|word| Some((word, mend_kind(word)?))) {
        match visit.mend(kind, servers).await {
            Ok(0) => output::note(language.say("doctor.mend.nothing", &[("mend", word.as_str())])),
            Ok(_) => output::note(language.word(&format!("doctor.mend.done.{}", kind.as_str()))),
            // The others are tried all the same.
            Err(problem) => refusal = refusal.or(Some(problem)),
        }
    }
    let report = visit.job().report();
    print(&report, language, arguments.json)?;
    if let Some(problem) = refusal {
        return Err(problem.into());
    }
    Ok(if report.count(Verdict::Bad) > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn first_line() -> Result<String> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).context("reading the password")?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

fn mend_kind(word: &str) -> Option<MendKind> {
    Some(match word {
        "clock" => MendKind::SyncClock,
        "ntp" => MendKind::SetNtp,
        "gop" => MendKind::SetGop,
        "codec" => MendKind::SetCodec,
        _ => return None,
    })
}

fn print(report: &DoctorReport, language: Language, as_json: bool) -> Result<()> {
    if as_json {
        output::line(serde_json::to_string_pretty(&examination(report))?);
        return Ok(());
    }
    let device = report.device.clone().unwrap_or_default();
    let head = [&report.name, &report.address, &device.manufacturer, &device.model];
    let head: Vec<&str> = head.into_iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
    output::line(head.join("  "));
    lines(report, language).iter().for_each(output::line);
    Ok(())
}

/// Verdicts, what was looked at and what was found, in columns under the names of the areas.
fn lines(report: &DoctorReport, language: Language) -> Vec<String> {
    let said: Vec<_> = report.lines.iter().map(|line| (line, examination_line(line, language))).collect();
    let verdicts = said.iter().map(|(line, _)| width(&verdict(line, language)));
    let verdict_width = verdicts.max().unwrap_or(0);
    let subject_width = said.iter().map(|(_, (subject, _))| width(subject)).max().unwrap_or(0);
    let mut lines = Vec::new();
    let mut area: Option<Area> = None;
    for (line, (subject, found)) in &said {
        if area != Some(line.check.area()) {
            area = Some(line.check.area());
            lines.push(String::new());
            lines.push(language.word(&format!("doctor.area.{}", line.check.area().as_str())));
        }
        lines.push(format!(
            "  {} {}  {}  {found}",
            sign(line.verdict),
            padded(&verdict(line, language), verdict_width),
            padded(subject, subject_width),
        ));
        let next = line.suggestion.as_ref().filter(|_| line.is_finding());
        if let Some(next) = next {
            let blank = " ".repeat(verdict_width + subject_width + 8);
            lines.push(format!("{blank}-> {}", language.word(&format!("suggestion.{next}"))));
        }
    }
    lines
}

fn verdict(line: &Line, language: Language) -> String {
    language.word(&format!("doctor.verdict.{}", line.verdict.as_str()))
}

const fn sign(verdict: Verdict) -> char {
    match verdict {
        Verdict::Ok => '+',
        Verdict::Note => 'i',
        Verdict::Warning => '!',
        Verdict::Bad => 'x',
        Verdict::Skipped => '-',
    }
}

fn padded(text: &str, to: usize) -> String {
    format!("{text}{}", " ".repeat(to.saturating_sub(width(text))))
}

/// Columns of a terminal: ideographs and their punctuation take two.
fn width(text: &str) -> usize {
    let is_wide = |letter: char| {
        matches!(letter, '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}'
            | '\u{f900}'..='\u{faff}' | '\u{fe30}'..='\u{fe4f}' | '\u{ff00}'..='\u{ff60}' | '\u{ffe0}'..='\u{ffe6}')
    };
    text.chars().map(|letter| if is_wide(letter) { 2 } else { 1 }).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_even_in_both_scripts() {
        assert_eq!((width("clock"), width("时钟"), width("主码流 · 时钟")), (5, 4, 13));
        assert_eq!((padded("时钟", 6), padded("clock", 6)), ("时钟  ".to_owned(), "clock ".to_owned()));
    }

    #[test]
    fn every_mend_can_be_asked_for() {
        let kinds: Vec<_> = ["clock", "ntp", "gop", "codec"].into_iter().filter_map(mend_kind).collect();
        assert_eq!(kinds, MendKind::ALL);
    }
}
