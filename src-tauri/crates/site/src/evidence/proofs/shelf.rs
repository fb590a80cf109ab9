//! How statements lie in the data folder: `proofs/{day}/{path}/`. Everything here touches the disk.

use jiff::{ToSpan, civil::Date};
use std::{
    fs, io,
    path::{Path, PathBuf},
};
use watchwall_evidence::{Finding, SiteKey, Statement, names, sha256_hex, verify, write_statement};
use watchwall_model::{ErrorCode, Problem, StreamPath};

const UNFINISHED: &str = ".unfinished-";
/// Statements older than this are forgotten.
const KEEP_DAYS: i32 = 3_650;
/// How far back the statement before is looked for.
const CHAIN_DAYS: usize = 400;
/// No statement is longer.
const MOST_BYTES: u64 = 16 * 1024 * 1024;

/// What a list is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct ProofFilter {
    pub path: Option<StreamPath>,
    pub day: Option<String>,
    /// `day/path` of the last one seen.
    pub after: Option<String>,
    pub limit: usize,
}

/// The fingerprint of the only key that counts.
#[derive(Clone, Copy, Debug)]
pub struct Trusted<'a>(pub &'a str);

/// A statement in a list.
#[derive(Clone, Debug)]
pub struct ProofView {
    pub statement: Statement,
    pub sha256: String,
    /// What does not fit, by the key that the site has now. None: it is what the site signed.
    pub findings: Vec<Finding>,
}

impl ProofView {
    /// Where a list goes on after it.
    pub fn place(&self) -> String {
        format!("{}/{}", self.statement.day, self.statement.path)
    }
}

#[derive(Clone, Debug)]
pub struct Shelf {
    pub folder: PathBuf,
}

impl Shelf {
    pub fn folder_of(&self, day: &str, path: &StreamPath) -> PathBuf {
        self.folder.join(day).join(path.as_str())
    }

    pub fn has(&self, day: Date, path: &StreamPath) -> bool {
        self.folder_of(&day.to_string(), path).join(names::STATEMENT_SIGNATURE).exists()
    }

    /// Puts one there, whole or not at all.
    ///
    /// # Errors
    /// What the disk answers.
    pub fn put(&self, statement: &Statement, path: &StreamPath, key: &SiteKey) -> Result<(), Problem> {
        let done = self.folder_of(&statement.day, path);
        let unfinished = done.with_file_name(format!("{UNFINISHED}{path}"));
        let fail = |error: io::Error| failed(&done, &error);
        let _ = fs::remove_dir_all(&unfinished);
        fs::create_dir_all(&unfinished).map_err(fail)?;
        write_statement(&unfinished, statement, key)?;
        let _ = fs::remove_dir_all(&done);
        fs::rename(&unfinished, &done).map_err(fail)
    }

    /// The hash of the last statement of a stream before a day.
    pub fn hash_before(&self, day: Date, path: &StreamPath) -> Option<String> {
        let day = day.to_string();
        let before = self.days().into_iter().rev().filter(|other| *other < day).take(CHAIN_DAYS);
        before.map(|day| self.folder_of(&day, path).join(names::STATEMENT)).find_map(|file| hash(&file))
    }

    /// Newest day first, streams by name. One more than the limit when there are more.
    pub fn list(&self, filter: &ProofFilter, trusted: Trusted<'_>) -> Vec<ProofView> {
        let after = filter.after.as_deref().and_then(|after| after.split_once('/'));
        let mut found = Vec::new();
        for day in self.days().into_iter().rev() {
            if filter.day.as_ref().is_some_and(|wanted| *wanted != day)
                || after.is_some_and(|(last, _)| day.as_str() > last)
            {
                continue;
            }
            for path in self.paths(&day) {
                let is_seen = after.is_some_and(|(last, seen)| day == last && path.as_str() <= seen);
                if is_seen || filter.path.as_ref().is_some_and(|wanted| *wanted != path) {
                    continue;
                }
                found.extend(self.read(&day, &path, trusted));
                if found.len() > filter.limit {
                    return found;
                }
            }
        }
        found
    }

    /// Where a statement lies.
    ///
    /// # Errors
    /// `not_found`.
    pub fn find(&self, day: &str, path: &StreamPath) -> Result<PathBuf, Problem> {
        let known = day.parse::<Date>().is_ok_and(|parsed| parsed.to_string() == day);
        let folder = self.folder_of(day, path);
        if known && folder.join(names::STATEMENT).exists() {
            Ok(folder)
        } else {
            Err(Problem::new(ErrorCode::NotFound).with("what", "proof"))
        }
    }

    /// Forgets the oldest days.
    pub fn prune(&self, today: Date) {
        let Ok(limit) = today.checked_sub(KEEP_DAYS.days()) else { return };
        let limit = limit.to_string();
        for day in self.days().into_iter().filter(|day| *day < limit) {
            if let Err(error) = fs::remove_dir_all(self.folder.join(&day)) {
                tracing::warn!(day, error = %error, "old statements cannot be removed");
            }
        }
    }

    /// One statement, looked at closely.
    ///
    /// # Errors
    /// `not_found`.
    pub fn one(&self, day: &str, path: &StreamPath, trusted: Trusted<'_>) -> Result<ProofView, Problem> {
        self.find(day, path)?;
        self.read(day, path, trusted).ok_or_else(|| Problem::new(ErrorCode::NotFound).with("what", "proof"))
    }

    fn read(&self, day: &str, path: &StreamPath, trusted: Trusted<'_>) -> Option<ProofView> {
        let folder = self.folder_of(day, path);
        let file = folder.join(names::STATEMENT);
        let facts = fs::metadata(&file).ok().filter(|facts| facts.len() <= MOST_BYTES)?;
        let mut text = Vec::with_capacity(usize::try_from(facts.len()).unwrap_or(0));
        io::Read::read_to_end(&mut fs::File::open(&file).ok()?, &mut text).ok()?;
        let statement = serde_json::from_slice(&text).ok()?;
        let findings = verify(&folder, Some(trusted.0)).findings;
        Some(ProofView { statement, sha256: sha256_hex(&text), findings })
    }

    /// Ascending.
    fn days(&self) -> Vec<String> {
        let mut days: Vec<String> =
            names_in(&self.folder).into_iter().filter(|name| name.parse::<Date>().is_ok()).collect();
        days.sort();
        days
    }

    fn paths(&self, day: &str) -> Vec<StreamPath> {
        let names = names_in(&self.folder.join(day));
        let mut paths: Vec<StreamPath> = names.iter().filter_map(|name| StreamPath::parse(name).ok()).collect();
        paths.sort();
        paths
    }
}

fn hash(file: &Path) -> Option<String> {
    watchwall_evidence::hash_file(file).ok().map(|(_, sha256)| sha256)
}

fn names_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

fn failed(path: &Path, error: &io::Error) -> Problem {
    let code = if error.kind() == io::ErrorKind::StorageFull { ErrorCode::DiskFull } else { ErrorCode::DiskFailed };
    Problem::new(code).with("path", path.display()).because(error)
}
