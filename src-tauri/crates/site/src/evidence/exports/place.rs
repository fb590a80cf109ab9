//! Where an export goes and what its files are called.

use jiff::{Timestamp, tz::TimeZone};
use std::path::{Path, PathBuf};
use watchwall_model::{ErrorCode, Problem, UtcMillis};

const LONGEST_NAME: usize = 60;
/// In front of what is being made.
pub const UNFINISHED: &str = ".unfinished-";

/// The folder that was asked for, once it is known to lie in an allowed one. Looks at the disk.
///
/// # Errors
/// `export_folder_refused`.
pub fn confined(wanted: &str, allowed: &[PathBuf]) -> Result<PathBuf, Problem> {
    let refused = || Problem::new(ErrorCode::ExportFolderRefused).with("folder", wanted);
    let path = Path::new(wanted);
    if !path.is_absolute() {
        return Err(refused());
    }
    let real = path.canonicalize().map_err(|e| refused().because(e))?;
    let is_inside = allowed.iter().filter_map(|root| root.canonicalize().ok()).any(|root| real.starts_with(root));
    if real.is_dir() && is_inside { Ok(real) } else { Err(refused()) }
}

/// What an export is called: when it was asked for by the site's clock, its name, and something of its own.
pub fn result_name(name: &str, at: UtcMillis, zone: &TimeZone, own: u16) -> String {
    format!("{}_{}_{own:04x}", stamp(at, zone), plain(name))
}

/// Where it is made, beside where it goes: on the same file system, so that it moves in one step.
pub fn unfinished(result: &Path) -> PathBuf {
    let name = result.file_name().unwrap_or_default().to_string_lossy();
    result.with_file_name(format!("{UNFINISHED}{name}"))
}

/// A video's file: its number, its camera, and when it begins by the site's clock.
pub fn video_name(number: &str, camera: &str, from: UtcMillis, zone: &TimeZone) -> String {
    format!("{number}_{}_{}.mp4", plain(camera), stamp(from, zone))
}

/// `2026-11-26_09-41-00`.
fn stamp(at: UtcMillis, zone: &TimeZone) -> String {
    let stamp = Timestamp::from_millisecond(at.0).unwrap_or(Timestamp::UNIX_EPOCH);
    zone.to_datetime(stamp).strftime("%Y-%m-%d_%H-%M-%S").to_string()
}

/// Letters and digits of every script; what could mean something to a file system becomes a dash.
fn plain(name: &str) -> String {
    let mut plain = String::new();
    for c in name.trim().chars().take(LONGEST_NAME) {
        match c {
            c if c.is_alphanumeric() => plain.push(c),
            _ if plain.ends_with('-') || plain.is_empty() => {}
            _ => plain.push('-'),
        }
    }
    let plain = plain.trim_end_matches('-');
    if plain.is_empty() { "export".to_owned() } else { plain.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_mean_nothing_to_a_file_system() {
        let check = |name: &str, expect: &str| {
            let zone = TimeZone::get("Asia/Shanghai").unwrap();
            let found = result_name(name, UtcMillis(1_700_000_000_000), &zone, 0xab);
            assert_eq!(found, format!("2023-11-15_06-13-20_{expect}_00ab"));
        };
        check("Theft at gate 3", "Theft-at-gate-3");
        check("../../etc/passwd", "etc-passwd");
        check("大门 1", "大门-1");
        check("  ", "export");
        check(&"x".repeat(100), &"x".repeat(60));
    }

    #[test]
    fn folders_are_confined() {
        let base = tempfile::tempdir().unwrap();
        let (allowed, other) = (base.path().join("allowed"), base.path().join("other"));
        std::fs::create_dir_all(allowed.join("in")).unwrap();
        std::fs::create_dir_all(&other).unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink(&other, allowed.join("link")).unwrap();
        let check = |wanted: &Path, expect: bool| {
            let found = confined(wanted.to_str().unwrap(), std::slice::from_ref(&allowed));
            assert_eq!(found.is_ok(), expect, "{}", wanted.display());
        };
        check(&allowed, true);
        check(&allowed.join("in"), true);
        check(&allowed.join("in/.."), true);
        check(&allowed.join("../other"), false);
        check(&allowed.join("link"), false);
        check(&allowed.join("none"), false);
        check(&other, false);
        check(Path::new("in"), false);
    }
}
