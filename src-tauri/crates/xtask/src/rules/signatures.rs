//! A crate's public functions speak our words, not those of the library behind them.
//!
//! An approximation: it reads the text of `pub fn` up to its body and knows full paths only.

use crate::repository::Repository;
use anyhow::Result;

const FORBIDDEN: [&str; 10] = [
    "gst::",
    "gstreamer::",
    "gstreamer_app::",
    "retina::",
    "sqlx::",
    "mp4_atom::",
    "reqwest::",
    "quick_xml::",
    "lettre::",
    "mqtt_protocol_core::",
];
/// Crates whose public face others read. Programs have none.
const READ_BY_OTHERS: [&str; 10] =
    ["store", "media", "onvif", "rtsp", "mediamtx", "engine-protocol", "push", "site", "server", "camsim"];

pub fn check(repository: &Repository) -> Result<Vec<String>> {
    let mut complaints = Vec::new();
    for source in repository.sources(&[".rs"])? {
        let Some(inside) = source.path.strip_prefix("src-tauri/crates/") else { continue };
        if !READ_BY_OTHERS.iter().any(|name| inside.split('/').next() == Some(name)) {
            continue;
        }
        if !is_open(repository, inside) {
            continue;
        }
        for (number, signature) in public_functions(&source.text) {
            if let Some(word) = FORBIDDEN.iter().find(|word| signature.contains(*word)) {
                complaints.push(format!("{}:{number} shows {word} in a public function", source.path));
            }
        }
    }
    Ok(complaints)
}

/// Whether every module on the way to the file is public, or shows names of the next.
fn is_open(repository: &Repository, inside: &str) -> bool {
    let Some((name, file)) = inside.split_once("/src/") else { return false };
    let mut folder = format!("src-tauri/crates/{name}/src");
    let mut parent = format!("{folder}/lib.rs");
    for part in file.split('/') {
        let module = part.trim_end_matches(".rs");
        if module == "lib" || module == "mod" {
            return true;
        }
        let text = repository.read(&parent).unwrap_or_default();
        let shown = text.contains(&format!("pub mod {module}")) || text.contains(&format!("pub use {module}::"));
        if !shown {
            return false;
        }
        folder = format!("{folder}/{module}");
        parent = format!("{folder}/mod.rs");
    }
    true
}

/// Line number and text of each `pub fn` up to its body.
fn public_functions(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut lines = text.lines().enumerate().peekable();
    while let Some((index, line)) = lines.next() {
        let start = line.trim_start();
        let opens = ["pub fn ", "pub async fn ", "pub const fn "].iter().any(|words| start.starts_with(words));
        if !opens {
            continue;
        }
        let mut signature = line.to_owned();
        while !signature.contains(['{', ';'])
            && let Some((_, more)) = lines.next()
        {
            signature.push(' ');
            signature.push_str(more);
        }
        let end = signature.find('{').unwrap_or(signature.len());
        signature.truncate(end);
        found.push((index + 1, signature));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_ends_at_its_body() {
        let text = "pub fn one() {\n    gst::init();\n}\npub async fn two(\n    pool: sqlx::Pool,\n) -> u8 {\n}\npub(crate) fn three(a: gst::Bin) {}";
        let found = public_functions(text);
        assert_eq!(found.len(), 2);
        assert!(!found[0].1.contains("gst::"));
        assert!(found[1].1.contains("sqlx::Pool"));
        assert_eq!(found[1].0, 4);
    }
}
