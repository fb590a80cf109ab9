//! Whether a folder of evidence is what its site signed. Offline; nothing is changed.

mod finding;
mod manifest;

pub use finding::Finding;

use crate::{
    Manifest, PublicKey, Statement,
    names::{KEY, MANIFEST, MANIFEST_SIGNATURE, STATEMENT, STATEMENT_SIGNATURE},
};
use serde::{Serialize, de::DeserializeOwned};
use std::{fs, path::Path};

/// No manifest is longer.
const MOST_DOCUMENT_BYTES: u64 = 64 * 1024 * 1024;

/// What a folder holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Export,
    Statement,
    /// Neither.
    Unknown,
}

/// What was looked at, and what does not fit.
#[derive(Clone, Debug)]
pub struct Report {
    pub kind: Kind,
    /// As far as it could be read.
    pub manifest: Option<Manifest>,
    pub statement: Option<Statement>,
    /// Of the key that lies in the folder.
    pub key_fingerprint: Option<String>,
    /// None: everything fits.
    pub findings: Vec<Finding>,
}

/// Looks at a folder. `trusted` is the fingerprint of the only key that counts, when it is known from elsewhere.
pub fn verify(folder: &Path, trusted: Option<&str>) -> Report {
    let mut report =
        Report { kind: kind(folder), manifest: None, statement: None, key_fingerprint: None, findings: Vec::new() };
    match report.kind {
        Kind::Unknown => report.findings.push(Finding::NothingToVerify),
        Kind::Export => {
            let manifest: Option<Manifest> = document(folder, (MANIFEST, MANIFEST_SIGNATURE), &mut report);
            let manifest = manifest.filter(|manifest| is_known(&manifest.format, Manifest::FORMAT, &mut report));
            if let Some(manifest) = &manifest {
                compare_key(&manifest.site.key_fingerprint, MANIFEST, &mut report);
                report.findings.extend(manifest::compare(folder, manifest));
            }
            report.manifest = manifest;
        }
        Kind::Statement => {
            let statement: Option<Statement> = document(folder, (STATEMENT, STATEMENT_SIGNATURE), &mut report);
            let statement = statement.filter(|statement| is_known(&statement.format, Statement::FORMAT, &mut report));
            if let Some(statement) = &statement {
                compare_key(&statement.site.key_fingerprint, STATEMENT, &mut report);
            }
            report.statement = statement;
        }
    }
    if let (Some(trusted), Some(found)) = (trusted, &report.key_fingerprint)
        && !found.eq_ignore_ascii_case(trusted)
    {
        report.findings.push(Finding::KeyUntrusted { found: found.clone(), trusted: trusted.to_ascii_lowercase() });
    }
    report
}

fn kind(folder: &Path) -> Kind {
    if folder.join(MANIFEST).exists() || folder.join(MANIFEST_SIGNATURE).exists() {
        Kind::Export
    } else if folder.join(STATEMENT).exists() || folder.join(STATEMENT_SIGNATURE).exists() {
        Kind::Statement
    } else {
        Kind::Unknown
    }
}

/// Reads what is signed and holds the signature against it.
fn document<T: DeserializeOwned>(folder: &Path, names: (&'static str, &'static str), report: &mut Report) -> Option<T> {
    let key = match PublicKey::read(&folder.join(KEY)) {
        Ok(key) => {
            report.key_fingerprint = Some(key.fingerprint());
            Some(key)
        }
        Err(_) if !folder.join(KEY).exists() => {
            report.findings.push(Finding::Missing { file: KEY.to_owned() });
            None
        }
        Err(_) => {
            report.findings.push(Finding::KeyUnreadable);
            None
        }
    };
    let text = read(folder, names.0, report)?;
    if let Some(signature) = read(folder, names.1, report)
        && key.is_some_and(|key| !key.verifies(&text, &signature))
    {
        report.findings.push(Finding::SignatureWrong { document: names.0 });
    }
    match serde_json::from_slice(&text) {
        Ok(document) => Some(document),
        Err(_) => {
            report.findings.push(Finding::DocumentUnreadable { document: names.0 });
            None
        }
    }
}

fn read(folder: &Path, name: &'static str, report: &mut Report) -> Option<Vec<u8>> {
    let path = folder.join(name);
    let found = match fs::metadata(&path) {
        Ok(facts) if facts.len() > MOST_DOCUMENT_BYTES => Err(Finding::DocumentUnreadable { document: name }),
        Ok(_) => fs::read(&path).map_err(|error| Finding::Unreadable { file: name.to_owned(), why: error.to_string() }),
        Err(_) => Err(Finding::Missing { file: name.to_owned() }),
    };
    found.map_err(|finding| report.findings.push(finding)).ok()
}

fn is_known(found: &str, expected: &str, report: &mut Report) -> bool {
    let is_known = found == expected;
    if !is_known {
        report.findings.push(Finding::FormatUnknown { found: found.chars().take(80).collect() });
    }
    is_known
}

fn compare_key(named: &str, document: &'static str, report: &mut Report) {
    if let Some(found) = &report.key_fingerprint
        && found != named
    {
        let found = found.clone();
        report.findings.push(Finding::KeyOther { document, named: named.chars().take(64).collect(), found });
    }
}

#[cfg(test)]
mod tests;
