//! Benchmarks 1, 2 and 15: what a viewer sees. A real browser measures, in `ui/e2e/bench`; here the programs are
//! started and their rows become tables. Nothing is pinned: a browser, a server and the cameras share both cores.

use crate::{
    Options, peers, site,
    table::{Row, Table, spread},
};
use anyhow::{Context, Result};
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Command,
};

/// One line of what a browser benchmark reports.
#[derive(Deserialize)]
struct Figures {
    table: String,
    contender: String,
    /// Name and the values of all rounds; `null` where there was none.
    columns: Vec<(String, Vec<Option<f64>>)>,
    note: Option<String>,
}

/// # Errors
/// A program that cannot be started or that fails. A missing browser is a note in the table.
pub fn run(options: &Options) -> Result<Vec<Table>> {
    let ui = ui_folder()?;
    let rows = tempfile::NamedTempFile::new()?;
    let mut absent = Vec::new();
    if Path::new("/usr/bin/chromium").exists() || std::env::var_os("CHROMIUM").is_some() {
        let mut command = Command::new("npx");
        command.args(["--no-install", "playwright", "test", "-c", "e2e/bench/playwright.config.ts"]);
        measure(options, &ui, rows.path(), &mut command)?;
    } else {
        absent.push("Chromium: not installed, so absent.");
    }
    if peers::find("WebKitWebDriver").is_some() && peers::find("xvfb-run").is_some() {
        let mut command = Command::new("xvfb-run");
        command.args(["-a", "-s", "-screen 0 1920x1080x24", "node", "e2e/bench/webkit.mjs"]);
        measure(options, &ui, rows.path(), &mut command)?;
    } else {
        absent.push("WebKitGTK: WebKitWebDriver or xvfb-run is not installed, so absent.");
    }
    let mut tables = tables(&std::fs::read_to_string(rows.path())?)?;
    if let Some(first) = tables.first_mut() {
        first.notes.extend(absent.into_iter().map(str::to_owned));
    }
    Ok(tables)
}

fn measure(options: &Options, ui: &Path, rows: &Path, command: &mut Command) -> Result<()> {
    command
        .current_dir(ui)
        .env("WATCHWALL_BIN", site::binary(options)?)
        .env("WATCHWALL_BENCH_ROWS", rows)
        .env("WATCHWALL_BENCH_ROUNDS", options.rounds.to_string())
        .env("WATCHWALL_BENCH_SECONDS", options.seconds.min(20).to_string());
    let status = command.status().with_context(|| format!("starting {:?}", command.get_program()))?;
    anyhow::ensure!(status.success(), "{:?} failed: {status}", command.get_program());
    Ok(())
}

/// The pages' folder, found from the folder the command runs in upwards.
fn ui_folder() -> Result<PathBuf> {
    let here = std::env::current_dir()?;
    here.ancestors()
        .map(|folder| folder.join("ui"))
        .find(|ui| ui.join("e2e/bench").is_dir())
        .context("run this inside the repository: ui/e2e/bench is not above the current folder")
}

/// Tables in the order in which they first appear.
fn tables(text: &str) -> Result<Vec<Table>> {
    let mut tables: Vec<Table> = Vec::new();
    let mut positions = BTreeMap::new();
    for line in text.lines() {
        let figures: Figures = serde_json::from_str(line)?;
        let columns: Vec<&str> = figures.columns.iter().map(|(name, _)| name.as_str()).collect();
        let position = *positions.entry(figures.table.clone()).or_insert_with(|| {
            tables.push(Table::new(&figures.table, &columns));
            tables.len() - 1
        });
        let table = &mut tables[position];
        table.notes.extend(figures.note);
        if figures.columns.is_empty() {
            continue;
        }
        let cells = figures.columns.iter().map(|(_, values)| cell(values)).collect();
        table.rows.push(Row { name: figures.contender, cells });
    }
    Ok(tables)
}

fn cell(values: &[Option<f64>]) -> String {
    let numbers: Vec<f64> = values.iter().copied().flatten().collect();
    let digits = usize::from(numbers.iter().any(|n| n.abs() < 20.0 && n.fract() != 0.0));
    spread(&numbers, digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_become_tables_in_order() {
        let text = r#"{"table":"B","contender":"x","columns":[["p95, ms",[3,1,2,null]]]}
{"table":"A","contender":"y","columns":[["mean, ms",[1.5]]]}
{"table":"B","contender":"z","columns":[],"note":"z: absent."}"#;
        let tables = tables(text).unwrap();
        assert_eq!(tables.iter().map(|t| t.title.as_str()).collect::<Vec<_>>(), ["B", "A"]);
        assert_eq!(tables[0].rows.len(), 1);
        assert_eq!(tables[0].rows[0].cells, ["2 (1 to 3)"]);
        assert_eq!(tables[0].notes, ["z: absent."]);
        assert_eq!(tables[1].rows[0].cells, ["1.5 (1.5 to 1.5)"]);
    }
}
