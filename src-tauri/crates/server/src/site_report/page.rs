//! The report on paper. Pure.

use crate::wording::Language;
use watchwall_api::{ReportCamera, ReportStream, SiteReport};
use watchwall_paper::{Cell, Column, Document, Finding, Mark, Part, Table};

/// Findings on paper; the JSON has all.
const MOST_FINDINGS: usize = 60;

/// What is to be printed. Times are those of the site's time zone.
pub fn document(report: &SiteReport) -> Document {
    let paper = Paper::new(report);
    let mut parts = vec![Part::Facts(paper.machine())];
    parts.push(Part::Heading(paper.word("findings")));
    parts.push(paper.findings());
    if report.findings.len() > MOST_FINDINGS {
        parts.push(Part::Paragraph(format!("+ {}", report.findings.len() - MOST_FINDINGS)));
    }
    let tables = [
        ("cameras", paper.cameras()),
        ("streams", paper.streams()),
        ("recording", paper.recordings()),
        ("volumes", paper.volumes()),
        ("users", paper.users()),
    ];
    for (heading, table) in tables {
        if report.users.is_none() && heading == "users" {
            continue;
        }
        parts.push(Part::Heading(paper.word(heading)));
        parts.push(match table.rows.is_empty() {
            true => Part::Paragraph(paper.word("none")),
            false => Part::Table(table),
        });
    }
    let made = paper.say("made", &[("at", &paper.moment(report.made_at))]);
    Document {
        title: paper.word("title"),
        subtitle: vec![report.site_name.clone(), made],
        footer: format!("{} · {}", report.site_name, paper.word("title")),
        page_number: paper.say("page", &[("page", "{page}"), ("pages", "{pages}")]),
        language: paper.language.tag().to_owned(),
        parts,
    }
}

struct Paper<'r> {
    report: &'r SiteReport,
    language: Language,
    zone: jiff::tz::TimeZone,
}

impl<'r> Paper<'r> {
    fn new(report: &'r SiteReport) -> Self {
        let zone = jiff::tz::TimeZone::get(&report.machine.time_zone).unwrap_or(jiff::tz::TimeZone::UTC);
        Self { report, language: Language::parse(&report.language).unwrap_or(Language::English), zone }
    }

    fn word(&self, key: &str) -> String {
        self.say(key, &[])
    }

    fn say(&self, key: &str, params: &[(&str, &str)]) -> String {
        self.language.say(&format!("report.paper.{key}"), params)
    }

    fn moment(&self, at: i64) -> String {
        self.written(at, "%Y-%m-%d %H:%M")
    }

    fn written(&self, at: i64, format: &str) -> String {
        let at = jiff::Timestamp::from_millisecond(at);
        at.map(|at| at.to_zoned(self.zone.clone()).strftime(format).to_string()).unwrap_or_default()
    }

    fn machine(&self) -> Vec<(String, String)> {
        let machine = &self.report.machine;
        let memory = machine.memory_bytes.map_or_else(String::new, bytes);
        let facts = [
            ("site", self.report.site_name.clone()),
            ("version", format!("Watchwall {}", machine.version)),
            ("machine", format!("{} ({})", machine.host_name, machine.architecture)),
            ("os", machine.operating_system.clone()),
            ("cpu", machine.processors.to_string()),
            ("memory", memory),
            ("uptime", format!("{} ({})", self.moment(machine.started_at), machine.time_zone)),
            ("cameras", self.report.cameras.len().to_string()),
        ];
        facts.into_iter().map(|(key, value)| (self.word(key), value)).collect()
    }

    fn findings(&self) -> Part {
        if self.report.findings.is_empty() {
            let word = self.language.word("doctor.verdict.ok");
            return Part::Findings(vec![Finding { mark: Mark::Fine, word, text: self.word("no_findings") }]);
        }
        let findings = self.report.findings.iter().take(MOST_FINDINGS).map(|finding| Finding {
            mark: mark(&finding.verdict),
            word: self.language.word(&format!("doctor.verdict.{}", finding.verdict)),
            text: finding.text.clone(),
        });
        Part::Findings(findings.collect())
    }

    fn cameras(&self) -> Table {
        let rows = self.report.cameras.iter().map(|camera| {
            vec![
                Cell::new(&camera.name).below(&camera.group),
                Cell::new(joined(&[&camera.manufacturer, &camera.model])).below(&camera.firmware),
                Cell::new(&camera.serial).below(&camera.mac),
                Cell::new(&camera.address),
                self.health(camera),
                Cell::new(format!("{:.2} %", camera.offline_rate * 100.0)),
            ]
        });
        let device = format!("{} · {}", self.word("device"), self.word("firmware"));
        let serial = format!("{} · {}", self.word("serial"), self.word("mac"));
        Table {
            columns: vec![
                Column::new(format!("{} · {}", self.word("camera"), self.word("group")), 2.4),
                Column::new(device, 2.1),
                Column::new(serial, 2.2),
                Column::new(self.word("address"), 1.35),
                Column::new(self.word("health"), 1.6),
                Column::new(self.word("offline"), 0.95).right(),
            ],
            rows: rows.collect(),
        }
    }

    fn health(&self, camera: &ReportCamera) -> Cell {
        let mark = match camera.health.as_str() {
            "online" => Mark::Fine,
            "unknown" => Mark::Skipped,
            _ => Mark::Bad,
        };
        Cell::new(self.language.word(&format!("camera.health.{}", camera.health))).marked(mark)
    }

    fn streams(&self) -> Table {
        let mut rows = Vec::new();
        for camera in &self.report.cameras {
            for (index, stream) in camera.streams.iter().enumerate() {
                let name = if index == 0 { camera.name.as_str() } else { "" };
                rows.push(self.stream(name, stream));
            }
        }
        Table {
            columns: vec![
                Column::new(self.word("camera"), 2.6),
                Column::new(self.word("stream"), 1.0),
                Column::new(self.word("codec"), 0.9),
                Column::new(self.word("size"), 1.2).right(),
                Column::new(self.word("rate"), 0.9).right(),
                Column::new(self.word("bitrate"), 1.2).right(),
                Column::new(self.word("gop"), 1.0).right(),
            ],
            rows,
        }
    }

    fn stream(&self, camera: &str, stream: &ReportStream) -> Vec<Cell> {
        let or_dash = |is_known: bool, text: String| if is_known { text } else { "–".to_owned() };
        vec![
            Cell::new(camera),
            Cell::new(self.language.word(&format!("facts.{}", stream.role))),
            Cell::new(codec(&stream.codec)),
            Cell::new(or_dash(stream.width > 0, format!("{} × {}", stream.width, stream.height))),
            Cell::new(or_dash(stream.frame_rate > 0.0, format!("{:.1}", stream.frame_rate))),
            Cell::new(stream.bitrate_kbps.map_or_else(|| "–".to_owned(), |rate| format!("{rate} kbit/s"))),
            Cell::new(stream.gop_ms.map_or_else(|| "–".to_owned(), |ms| format!("{:.1} s", f64::from(ms) / 1e3))),
        ]
    }

    fn recordings(&self) -> Table {
        let rows = self.report.cameras.iter().map(|camera| {
            let recording = &camera.recording;
            let plan = recording.plan.as_deref().unwrap_or("off");
            let days = recording.retention_days.map(|days| self.say("keeps", &[("days", &days.to_string())]));
            let moment = |at: Option<i64>| at.map_or_else(|| "–".to_owned(), |at| self.moment(at));
            vec![
                Cell::new(&camera.name),
                Cell::new(self.language.word(&format!("plan.mode.{plan}"))).below(days.unwrap_or_default()),
                Cell::new(moment(recording.first_at)),
                Cell::new(moment(recording.last_at)),
                self.examination(camera),
            ]
        });
        Table {
            columns: vec![
                Column::new(self.word("camera"), 2.6),
                Column::new(self.word("plan"), 1.2),
                Column::new(self.word("from"), 1.4),
                Column::new(self.word("until"), 1.4),
                Column::new(self.word("doctor"), 2.6),
            ],
            rows: rows.collect(),
        }
    }

    fn examination(&self, camera: &ReportCamera) -> Cell {
        let Some(doctor) = &camera.doctor else {
            return Cell::new(self.word("never_examined")).marked(Mark::Skipped);
        };
        let mark = match (doctor.bad, doctor.warning) {
            (0, 0) => Mark::Fine,
            (0, _) => Mark::Warning,
            _ => Mark::Bad,
        };
        let at = self.moment(doctor.examined_at);
        let params = [("at", at), ("bad", doctor.bad.to_string()), ("warning", doctor.warning.to_string())];
        let params: Vec<(&str, &str)> = params.iter().map(|(name, value)| (*name, value.as_str())).collect();
        Cell::new(self.say("examined", &params)).marked(mark)
    }

    fn volumes(&self) -> Table {
        let rows = self.report.volumes.iter().map(|volume| {
            let mark = if volume.state == "read_write" { Mark::Fine } else { Mark::Bad };
            vec![
                Cell::new(&volume.name).marked(mark),
                Cell::new(&volume.root),
                Cell::new(bytes(volume.total_bytes)),
                Cell::new(bytes(volume.free_bytes)),
                Cell::new(bytes(volume.recorded_bytes)),
            ]
        });
        Table {
            columns: vec![
                Column::new(self.word("volume"), 1.6),
                Column::new(self.word("path"), 3.4),
                Column::new(self.word("space"), 1.0).right(),
                Column::new(self.word("free"), 1.0).right(),
                Column::new(self.word("recording"), 1.0).right(),
            ],
            rows: rows.collect(),
        }
    }

    fn users(&self) -> Table {
        let rows = self.report.users.iter().flatten().map(|user| {
            let role = self.language.word(&format!("role.{}", user.role));
            let mark = if user.enabled { Mark::Fine } else { Mark::Skipped };
            vec![Cell::new(&user.name).marked(mark), Cell::new(role)]
        });
        Table {
            columns: vec![Column::new(self.word("user"), 2.0), Column::new(self.word("role"), 3.0)],
            rows: rows.collect(),
        }
    }
}

fn mark(verdict: &str) -> Mark {
    match verdict {
        "bad" => Mark::Bad,
        "warning" => Mark::Warning,
        "note" => Mark::Note,
        "skipped" => Mark::Skipped,
        _ => Mark::Fine,
    }
}

fn codec(word: &str) -> String {
    match word {
        "" => "–".to_owned(),
        "h264" => "H.264".to_owned(),
        "h265" => "H.265".to_owned(),
        other => other.to_uppercase(),
    }
}

fn joined(parts: &[&str]) -> String {
    let parts: Vec<&str> = parts.iter().copied().filter(|part| !part.is_empty()).collect();
    parts.join(" ")
}

/// As disks are sold: powers of ten.
fn bytes(count: u64) -> String {
    const UNITS: [&str; 5] = ["B", "kB", "MB", "GB", "TB"];
    let mut value = count as f64;
    let mut unit = 0;
    while value >= 1_000.0 && unit + 1 < UNITS.len() {
        value /= 1_000.0;
        unit += 1;
    }
    if unit == 0 { format!("{count} B") } else { format!("{value:.1} {}", UNITS[unit]) }
}

#[cfg(test)]
mod tests;
