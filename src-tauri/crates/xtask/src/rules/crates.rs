//! Which crate may know which, and where the heavy ones live.

use crate::repository::{Repository, Scope};
use anyhow::{Context, Result};

/// Package, and the packages of ours it may depend on. Names lack the `watchwall-` in front.
const MAY_KNOW: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("store", &["model"]),
    ("media", &["model"]),
    ("onvif", &["model"]),
    ("mediamtx", &["model"]),
    ("engine-protocol", &["model"]),
    ("evidence", &["model"]),
    ("rtsp", &["model"]),
    ("api", &["model"]),
    ("paper", &[]),
    ("push", &["model"]),
    ("site", &["model", "store", "media", "onvif", "evidence", "push", "rtsp", "mediamtx", "engine-protocol"]),
    ("server", &["model", "store", "media", "engine-protocol", "push", "site", "api", "paper"]),
    ("camsim", &["model", "rtsp"]),
    ("engine", &["model", "media", "engine-protocol", "rtsp"]),
    ("headless", &["model", "store", "media", "evidence", "site", "server", "camsim", "engine"]),
    ("desktop", &["model", "headless"]),
    ("xtask", &["model", "server", "engine-protocol"]),
    // Programs beside the product: they may look anywhere, nobody may look at them.
    ("bench", &["model", "api", "media", "store", "site", "server", "headless", "camsim"]),
    (
        "tests",
        &["model", "api", "media", "store", "evidence", "site", "server", "headless", "camsim", "engine-protocol"],
    ),
];

/// Heavy crate (or the start of a family's names, with `*`) and the packages that may use it.
const HOMES: &[(&str, &[&str])] = &[
    ("tauri*", &["desktop"]),
    ("wry", &["desktop"]),
    ("gtk", &["desktop"]),
    ("webkit2gtk", &["desktop"]),
    ("gstreamer*", &["media", "camsim"]),
    ("retina", &["media"]),
    ("cairo-rs", &["paper"]),
    ("ring", &["evidence"]),
    ("rten*", &["engine"]),
    ("blake3", &["evidence"]),
    ("lettre", &["push"]),
    ("mqtt*", &["push"]),
    ("object_store", &["site"]),
    ("s3s*", &["site"]),
    ("zip", &["evidence"]),
    ("pango*", &["paper"]),
    ("mp4-atom", &["media"]),
    ("sqlx", &["store"]),
    // The simulator's control interface is a server of its own.
    ("axum", &["server", "camsim"]),
    ("axum-extra", &["server"]),
    ("tower-http", &["server"]),
    ("tonic", &["server"]),
    ("quick-xml", &["onvif", "camsim"]),
];

/// A dependency between a package of ours and anything.
struct Edge {
    from: String,
    to: String,
    is_dev: bool,
}

pub fn directions(repository: &Repository) -> Result<Vec<String>> {
    let mut complaints = Vec::new();
    for edge in edges(repository)?.iter().filter(|edge| !edge.is_dev) {
        let Some(to) = edge.to.strip_prefix("watchwall-") else { continue };
        match MAY_KNOW.iter().find(|(from, _)| *from == edge.from) {
            Some((_, known)) if known.contains(&to) => {}
            Some(_) => complaints.push(format!("{} may not depend on {to}", edge.from)),
            None => complaints.push(format!("{} has no place in ARCHITECTURE.md: give it one", edge.from)),
        }
    }
    Ok(complaints)
}

pub fn homes(repository: &Repository) -> Result<Vec<String>> {
    let mut complaints = Vec::new();
    for edge in edges(repository)?.iter().filter(|edge| !edge.is_dev) {
        for (heavy, homes) in HOMES {
            let matches = heavy.strip_suffix('*').map_or(edge.to == *heavy, |family| edge.to.starts_with(family));
            if matches && !homes.contains(&edge.from.as_str()) {
                complaints.push(format!("{} depends on {}, which lives in {}", edge.from, edge.to, homes.join(", ")));
            }
        }
    }
    Ok(complaints)
}

/// Only `ui/src/lib/platform` speaks to the desktop shell.
pub fn native_importers(repository: &Repository) -> Result<Vec<String>> {
    let sources = repository.sources(&[".ts", ".svelte"])?;
    Ok(sources
        .iter()
        .filter(|source| source.path.starts_with("ui/src/") && !source.path.starts_with("ui/src/lib/platform/"))
        .filter(|source| source.text.contains("'@tauri-apps/") || source.text.contains("\"@tauri-apps/"))
        .map(|source| format!("{} imports @tauri-apps; ask ui/src/lib/platform instead", source.path))
        .collect())
}

fn edges(repository: &Repository) -> Result<Vec<Edge>> {
    let metadata = repository.metadata(Scope::Own)?;
    let mut edges = Vec::new();
    for package in metadata["packages"].as_array().context("packages")? {
        let name = package["name"].as_str().context("name")?;
        let from = name.strip_prefix("watchwall-").unwrap_or(name).to_owned();
        for dependency in package["dependencies"].as_array().context("dependencies")? {
            let to = dependency["name"].as_str().context("name")?.to_owned();
            edges.push(Edge { from: from.clone(), to, is_dev: dependency["kind"] == "dev" });
        }
    }
    Ok(edges)
}
