//! Every file of an export against its manifest.

use super::Finding;
use crate::{
    ExportedFile, Manifest, hash_file, is_plain_name,
    names::{KEY, MANIFEST, MANIFEST_SIGNATURE},
};
use std::{collections::BTreeSet, fs, io, path::Path};

/// Additional files are told of up to so many.
const MOST_ADDITIONAL: usize = 1_000;

/// How a named file stands.
enum Standing {
    Whole,
    Other { size: u64, sha256: String },
    Bad(Finding),
}

pub fn compare(folder: &Path, manifest: &Manifest) -> Vec<Finding> {
    let standings: Vec<(&ExportedFile, Standing)> =
        manifest.files.iter().map(|file| (file, stand(folder, file))).collect();
    let mut findings = Vec::new();
    let mut told: BTreeSet<&str> = BTreeSet::new();
    for (file, standing) in &standings {
        match standing {
            Standing::Whole => {}
            Standing::Bad(finding) => findings.push(finding.clone()),
            Standing::Other { .. } if told.contains(file.name.as_str()) => {}
            Standing::Other { size, sha256 } => {
                let meant = standings.iter().find(|(other, _)| other.name != file.name && &other.sha256 == sha256);
                let holds_ours =
                    |standing: &Standing| matches!(standing, Standing::Other { sha256, .. } if *sha256 == file.sha256);
                findings.push(match meant {
                    Some((other, standing)) if holds_ours(standing) => {
                        told.insert(&other.name);
                        Finding::Swapped { one: file.name.clone(), other: other.name.clone() }
                    }
                    Some((other, _)) => Finding::HoldsOther { file: file.name.clone(), other: other.name.clone() },
                    None => changed(file, *size, sha256),
                });
            }
        }
    }
    findings.extend(videos_without_file(manifest));
    findings.extend(additional(folder, manifest));
    findings
}

fn stand(folder: &Path, file: &ExportedFile) -> Standing {
    let name = file.name.clone();
    if !is_plain_name(&name) {
        return Standing::Bad(Finding::NameOutside { file: name });
    }
    let path = folder.join(&name);
    match fs::symlink_metadata(&path) {
        Ok(facts) if !facts.is_file() => return Standing::Bad(Finding::NotAFile { file: name }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Standing::Bad(Finding::Missing { file: name }),
        Err(error) => return Standing::Bad(Finding::Unreadable { file: name, why: error.to_string() }),
        Ok(_) => {}
    }
    match hash_file(&path) {
        Ok((size, sha256)) if size == file.size_bytes && sha256 == file.sha256 => Standing::Whole,
        Ok((size, sha256)) => Standing::Other { size, sha256 },
        Err(error) => {
            let why = std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
            Standing::Bad(Finding::Unreadable { file: name, why })
        }
    }
}

fn changed(file: &ExportedFile, size: u64, sha256: &str) -> Finding {
    if size == file.size_bytes {
        Finding::Changed { file: file.name.clone(), found: sha256.to_owned(), named: file.sha256.clone() }
    } else {
        Finding::SizeOther { file: file.name.clone(), found: size, named: file.size_bytes }
    }
}

/// A recording that names a video which the list of files lacks.
fn videos_without_file(manifest: &Manifest) -> Vec<Finding> {
    let videos = manifest.recordings.iter().flat_map(|recording| &recording.videos);
    let lacking = videos.filter(|video| !manifest.files.iter().any(|file| file.name == video.file));
    lacking.map(|video| Finding::Missing { file: video.file.clone() }).collect()
}

fn additional(folder: &Path, manifest: &Manifest) -> Vec<Finding> {
    let Ok(entries) = fs::read_dir(folder) else {
        return vec![Finding::Unreadable { file: ".".to_owned(), why: "the folder cannot be listed".to_owned() }];
    };
    let known: BTreeSet<&str> =
        manifest.files.iter().map(|file| file.name.as_str()).chain([MANIFEST, MANIFEST_SIGNATURE, KEY]).collect();
    let names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut found: Vec<String> = names.filter(|name| !known.contains(name.as_str())).take(MOST_ADDITIONAL).collect();
    found.sort();
    found.into_iter().map(|file| Finding::Additional { file }).collect()
}
