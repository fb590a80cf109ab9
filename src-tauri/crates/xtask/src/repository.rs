//! The checkout: its files as the rules see them, and what cargo knows of its crates.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Folders nobody wrote by hand.
const NOT_OURS: [&str; 9] =
    [".git", "node_modules", "target", "build", ".svelte-kit", "gen", "test-results", "playwright-report", ".tools"];

pub struct Repository {
    pub root: PathBuf,
}

/// A text file with its path from the root, `/` between its parts.
pub struct Source {
    pub path: String,
    pub text: String,
}

impl Repository {
    /// The checkout this program was built from.
    pub fn here() -> Self {
        let own = Path::new(env!("CARGO_MANIFEST_DIR"));
        Self { root: own.ancestors().nth(3).unwrap_or(own).to_owned() }
    }

    pub fn read(&self, path: &str) -> Result<String> {
        fs::read_to_string(self.root.join(path)).with_context(|| path.to_owned())
    }

    pub fn write(&self, path: &str, text: &str) -> Result<()> {
        let file = self.root.join(path);
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&file, text).with_context(|| path.to_owned())
    }

    pub fn exists(&self, path: &str) -> bool {
        self.root.join(path).exists()
    }

    /// Every file written by hand whose name ends with one of `endings`; all text files when there are none.
    pub fn sources(&self, endings: &[&str]) -> Result<Vec<Source>> {
        let mut found = Vec::new();
        let mut folders = vec![self.root.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
                let entry = entry?;
                let name = entry.file_name().to_string_lossy().into_owned();
                let kind = entry.file_type()?;
                if kind.is_dir() && !NOT_OURS.contains(&name.as_str()) {
                    folders.push(entry.path());
                } else if kind.is_file() && (endings.is_empty() || endings.iter().any(|end| name.ends_with(end))) {
                    // A file that is no text, or that went away meanwhile, is not a source.
                    let Ok(text) = fs::read_to_string(entry.path()) else { continue };
                    let path = entry.path().strip_prefix(&self.root)?.to_string_lossy().replace('\\', "/");
                    found.push(Source { path, text });
                }
            }
        }
        found.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(found)
    }

    /// `cargo metadata`: our own packages, or with `everything` all that Linux builds from.
    pub fn metadata(&self, scope: Scope) -> Result<Value> {
        let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.args(["metadata", "--format-version", "1", "--locked"]).current_dir(&self.root);
        match scope {
            Scope::Own => command.arg("--no-deps"),
            Scope::Everything => command.args(["--filter-platform", "x86_64-unknown-linux-gnu"]),
        };
        let output = command.output().context("cargo metadata")?;
        ensure!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
        Ok(serde_json::from_slice(&output.stdout)?)
    }
}

#[derive(Clone, Copy)]
pub enum Scope {
    Own,
    Everything,
}
