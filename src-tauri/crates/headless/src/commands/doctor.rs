//! `watchwall doctor`: looks at this machine by really trying things.

use super::doctor_camera;
use crate::{
    cli::{DoctorArguments, DoctorSubject},
    configuration, output,
};
use anyhow::Result;
use serde::Serialize;
use std::{
    fs,
    io::Write,
    net::{SocketAddr, TcpListener, TcpStream, ToSocketAddrs},
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, Instant},
};
use watchwall_media::pixels::ensure_plugins;
use watchwall_model::{ObjectPlace, Problem, UtcMillis, Volume};
use watchwall_server::{ServerOptions, TlsReport, inspect_tls};
use watchwall_store::VolumeTable;

/// An object store that is further away than this is not there.
const STORE_WITHIN: Duration = Duration::from_secs(4);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    Ok,
    Warning,
    Bad,
}

#[derive(Debug, Serialize)]
struct Finding {
    what: &'static str,
    verdict: Verdict,
    found: String,
    /// What to do; empty when all is well.
    next: String,
}

impl Finding {
    fn ok(what: &'static str, found: impl Into<String>) -> Self {
        Self { what, verdict: Verdict::Ok, found: found.into(), next: String::new() }
    }

    fn not_ok(what: &'static str, verdict: Verdict, found: impl Into<String>, next: impl Into<String>) -> Self {
        Self { what, verdict, found: found.into(), next: next.into() }
    }
}

/// Bytes written to measure the disk.
const PROBE_BYTES: usize = 64 * 1024 * 1024;
/// 2020-01-01: a clock before that was never set.
const CLOCK_SET: UtcMillis = UtcMillis(1_577_836_800_000);

pub async fn run(arguments: DoctorArguments) -> Result<ExitCode> {
    if let Some(DoctorSubject::Camera(camera)) = arguments.subject {
        return doctor_camera::run(camera).await;
    }
    let mut findings = Vec::new();
    match configuration::load(&arguments.site, false) {
        Ok((folder, config)) => {
            findings.push(Finding::ok("configuration", folder.display().to_string()));
            findings.push(port(config.server.listen));
            findings.push(certificate(&ServerOptions::from(&config.server), &folder));
            findings.extend(disks(&folder, config.recording.folder).await?);
        }
        Err(error) => findings.push(Finding::not_ok(
            "configuration",
            Verdict::Bad,
            format!("{error:#}"),
            "Correct the file, or compare it with `watchwall config example`.",
        )),
    }
    findings.push(clock());
    findings.extend(tokio::task::spawn_blocking(plugins).await?);
    if arguments.json {
        output::line(serde_json::to_string_pretty(&findings)?);
    } else {
        for finding in &findings {
            output::line(format_args!(
                "{:8} {:14} {}",
                format!("{:?}", finding.verdict).to_lowercase(),
                finding.what,
                finding.found
            ));
            if !finding.next.is_empty() {
                output::line(format_args!("{:8} {:14} -> {}", "", "", finding.next));
            }
        }
    }
    let is_bad = findings.iter().any(|finding| finding.verdict == Verdict::Bad);
    Ok(if is_bad { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn port(listen: SocketAddr) -> Finding {
    match TcpListener::bind(listen) {
        Ok(_) => Finding::ok("port", format!("{listen} is free")),
        Err(error) => Finding::not_ok(
            "port",
            Verdict::Warning,
            format!("{listen}: {error}"),
            "If this is not Watchwall itself, choose another address with --listen or server.listen.",
        ),
    }
}

/// The certificate that a start would serve with.
fn certificate(options: &ServerOptions, folder: &Path) -> Finding {
    let looked = options.tls(folder).and_then(|source| match source {
        Some(source) => inspect_tls(&source).map(|report| Some((source.is_own(), report))),
        None => Ok(None),
    });
    match looked {
        Ok(None) => Finding::ok("certificate", "plain HTTP, none needed"),
        Ok(Some((_, Some(report)))) => judge_certificate(&report),
        Ok(Some((_, None))) => Finding::ok("certificate", "the site makes its own at its next start"),
        Err(problem) => {
            let (what, next) = watchwall_server::sentence_of(&problem);
            Finding::not_ok("certificate", Verdict::Bad, with_detail(&problem, what), next.unwrap_or_default())
        }
    }
}

fn with_detail(problem: &Problem, what: String) -> String {
    match &problem.detail {
        Some(detail) => format!("{what} ({detail})"),
        None => what,
    }
}

fn judge_certificate(report: &TlsReport) -> Finding {
    let whose = if report.is_own { "made by this site" } else { "given" };
    let ends = jiff::Timestamp::from_millisecond(report.expires_at.0)
        .map_or_else(|_| "without end".to_owned(), |at| at.strftime("until %Y-%m-%d").to_string());
    let found = format!("{} ({whose}, {ends}), SHA-256 {}", report.path, report.fingerprint);
    match report.trouble(UtcMillis::now()) {
        None => Finding::ok("certificate", found),
        Some("tls_certificate_expired") if !report.is_own => Finding::not_ok(
            "certificate",
            Verdict::Bad,
            found,
            "It has ended: renew it; the site takes it within the hour.",
        ),
        Some(_) if report.is_own => Finding::ok("certificate", format!("{found}; the next start renews it")),
        Some(_) => Finding::not_ok("certificate", Verdict::Warning, found, "It ends soon: renew it."),
    }
}

fn clock() -> Finding {
    let now = UtcMillis::now();
    if now < CLOCK_SET {
        return Finding::not_ok(
            "clock",
            Verdict::Bad,
            "the system clock was never set",
            "Set the time, or switch NTP on.",
        );
    }
    let zone = jiff::tz::TimeZone::system();
    let name = zone.iana_name().unwrap_or("unnamed").to_owned();
    match jiff::Timestamp::from_millisecond(now.0) {
        Ok(at) => Finding::ok("clock", format!("{} ({name})", at.to_zoned(zone).strftime("%Y-%m-%d %H:%M:%S %z"))),
        Err(error) => Finding::not_ok("clock", Verdict::Bad, error.to_string(), "Set the time."),
    }
}

/// Every disk that recordings go to: the volumes of the site's database, or where its first start would put them.
async fn disks(data_folder: &Path, configured: Option<PathBuf>) -> Result<Vec<Finding>> {
    let volumes = match VolumeTable::peek(data_folder).await {
        Ok(volumes) => volumes,
        Err(error) => {
            let problem = Problem::from(error);
            let (what, next) = watchwall_server::sentence_of(&problem);
            let found = with_detail(&problem, what);
            return Ok(vec![Finding::not_ok("disk", Verdict::Bad, found, next.unwrap_or_default())]);
        }
    };
    let looking = tokio::task::spawn_blocking(move || volumes.iter().map(volume).collect::<Vec<_>>());
    let mut findings = looking.await?;
    if findings.is_empty() {
        let recordings = configured.unwrap_or_else(|| data_folder.join("recordings"));
        findings.push(tokio::task::spawn_blocking(move || disk(&recordings)).await?);
    }
    Ok(findings)
}

/// A volume without its marker is not written to: the disk may be away, and the folder one of another disk.
fn volume(volume: &Volume) -> Finding {
    if let Some(place) = &volume.object {
        return object_store(place);
    }
    let marker = volume.root.join(Volume::MARKER_FILE);
    if marker.exists() {
        return disk(&volume.root);
    }
    Finding::not_ok(
        "disk",
        Verdict::Bad,
        format!("{} is not there: {} is missing", volume.root.display(), Volume::MARKER_FILE),
        "Connect or mount the disk; the site goes on by itself once it is back.",
    )
}

/// Whether anything listens where the store is. The keys are the site's: it says in its settings what they are refused.
fn object_store(place: &ObjectPlace) -> Finding {
    let reach = || -> std::io::Result<()> {
        let (scheme, host) = place.endpoint.split_once("://").unwrap_or(("https", &place.endpoint));
        let port = if scheme == "http" { 80 } else { 443 };
        let named_port = host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        let address = if named_port { host.to_owned() } else { format!("{host}:{port}") };
        let mut tried = Err(std::io::ErrorKind::AddrNotAvailable.into());
        for address in address.to_socket_addrs()? {
            tried = TcpStream::connect_timeout(&address, STORE_WITHIN).map(drop);
            if tried.is_ok() {
                break;
            }
        }
        tried
    };
    match reach() {
        Ok(()) => Finding::ok("object_store", format!("{} answers", place.root())),
        Err(error) => Finding::not_ok(
            "object_store",
            Verdict::Bad,
            format!("{} cannot be reached: {error}", place.root()),
            "Check its address and the network. Recordings stay on their disks meanwhile and move later.",
        ),
    }
}

/// Writes and syncs a file where recordings go.
fn disk(folder: &Path) -> Finding {
    let file = folder.join(".watchwall-doctor");
    let tried = fs::create_dir_all(folder).and_then(|()| {
        let started = Instant::now();
        let mut out = fs::File::create(&file)?;
        let block = vec![0x5a_u8; 1024 * 1024];
        for _ in 0..PROBE_BYTES / block.len() {
            out.write_all(&block)?;
        }
        out.sync_data()?;
        Ok(started.elapsed())
    });
    // Whatever happened, nothing stays behind; a file that was never made cannot be removed.
    let _ = fs::remove_file(&file);
    match tried {
        Ok(took) => {
            let rate = PROBE_BYTES as f64 / took.as_secs_f64() / 1e6;
            let found = format!("{} takes {rate:.0} MB/s", folder.display());
            if rate < 20.0 {
                let next = "A camera needs about 0.5 MB/s; use a faster disk for more than a few.";
                Finding::not_ok("disk", Verdict::Warning, found, next)
            } else {
                Finding::ok("disk", found)
            }
        }
        Err(error) => Finding::not_ok(
            "disk",
            Verdict::Bad,
            format!("{}: {error}", folder.display()),
            "Give Watchwall a folder it may write to (recording.folder), or free some space.",
        ),
    }
}

fn plugins() -> Vec<Finding> {
    let report = ensure_plugins();
    if report.missing.is_empty() {
        return vec![Finding::ok("media", "every media element is there")];
    }
    report
        .missing
        .iter()
        .map(|missing| {
            let next = format!("Install {}.", missing.package);
            Finding::not_ok("media", Verdict::Bad, format!("{} is missing", missing.element), next)
        })
        .collect()
}
