//! What the site runs on.

use crate::{app::App, routes::time_zone};
use watchwall_api::ReportMachine;

pub fn machine(app: &App) -> ReportMachine {
    ReportMachine {
        host_name: first_line("/proc/sys/kernel/hostname"),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        operating_system: operating_system(),
        architecture: std::env::consts::ARCH.to_owned(),
        processors: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        memory_bytes: std::fs::read_to_string("/proc/meminfo").ok().and_then(|text| memory_bytes(&text)),
        time_zone: time_zone(app),
        started_at: app.site.started_at.0,
    }
}

fn operating_system() -> String {
    let release = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    pretty_name(&release).unwrap_or_else(|| std::env::consts::OS.to_owned())
}

fn first_line(path: &str) -> String {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines().next().unwrap_or_default().trim().to_owned()
}

/// Of the file `os-release`.
fn pretty_name(release: &str) -> Option<String> {
    let value = release.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="))?;
    Some(value.trim().trim_matches('"').to_owned()).filter(|name| !name.is_empty())
}

fn memory_bytes(text: &str) -> Option<u64> {
    let value = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kibibytes: u64 = value.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1_024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_the_system_are_read() {
        let release = "NAME=\"X\"\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n";
        assert_eq!(pretty_name(release).as_deref(), Some("Debian GNU/Linux 12 (bookworm)"));
        assert_eq!(pretty_name("NAME=x"), None);
        assert_eq!(memory_bytes("MemTotal:        2048 kB\nMemFree: 1 kB"), Some(2_097_152));
        assert_eq!(memory_bytes("MemTotal: many"), None);
    }
}
