//! `make bench`: every figure is taken from ours and from the peers in the same run on the same machine.
//!
//! This process is the generator: it hosts the virtual cameras and pins itself to core 0. What is measured
//! runs in child processes pinned to core 1. Nothing here is asserted; the tables are read by people.
//! A figure counts only after the output was checked (`verify`).

mod browser;
mod farm;
mod forward;
mod hook;
mod index;
mod onboarding;
mod peers;
mod process;
mod record;
mod results;
mod rtsp_reader;
mod site;
mod soak;
mod start;
mod table;
mod verify;

use anyhow::{Context, Result};
use clap::Parser;

/// Benchmarks of design page `benchmarks.md`: record (4, 5), streams (6), forward (8), onboarding (10), index (11), results
/// (12), start (17), and in real browsers browser (1, 2, 15). `soak` runs only when named.
#[derive(Parser)]
pub struct Options {
    /// Which to run; all when none is named.
    names: Vec<String>,
    /// Measured seconds per round; of the soak as a whole `--soak-seconds`.
    #[arg(long, default_value_t = 20)]
    seconds: u64,
    /// Length of the soak.
    #[arg(long, default_value_t = 3600)]
    soak_seconds: u64,
    /// Rounds per contender, in ABBA order.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Streams of the record benchmark.
    #[arg(long, default_value_t = 50)]
    streams: usize,
    /// The server under test; the one built beside this program when absent.
    #[arg(long, env = "WATCHWALL_BIN")]
    watchwall: Option<std::path::PathBuf>,
    /// Folder for recordings of every contender; a temporary one when absent.
    #[arg(long)]
    folder: Option<std::path::PathBuf>,
    /// Also write the rows as JSON.
    #[arg(long)]
    json: Option<std::path::PathBuf>,
}

const ALL: [&str; 8] = ["record", "streams", "forward", "onboarding", "index", "results", "start", "browser"];
/// They use both cores.
const UNPINNED: [&str; 2] = ["browser", "index"];

#[tokio::main]
async fn main() -> Result<()> {
    let options = Options::parse();
    let names: Vec<&str> =
        if options.names.is_empty() { ALL.to_vec() } else { options.names.iter().map(String::as_str).collect() };
    let mut tables = Vec::new();
    // First, before this process is pinned: whatever it starts later inherits its core.
    for name in names.iter().filter(|name| UNPINNED.contains(name)) {
        let new = match *name {
            "index" => vec![index::run(&options).await?],
            _ => browser::run(&options).with_context(|| (*name).to_owned())?,
        };
        show(&mut tables, new);
    }
    process::pin_self(0)?;
    for name in names {
        let table = match name {
            "record" => record::run(&options, options.streams).await?,
            "streams" => record::run_capacity(&options).await?,
            "forward" => forward::run(&options).await?,
            "onboarding" => onboarding::run(&options).await?,
            "results" => results::run(&options).await?,
            "start" => start::run(&options).await?,
            "soak" => soak::run(&options).await?,
            name if UNPINNED.contains(&name) => continue,
            other => anyhow::bail!("no benchmark named {other}; there are: {}, soak", ALL.join(", ")),
        };
        show(&mut tables, vec![table]);
    }
    if let Some(path) = &options.json {
        std::fs::write(path, serde_json::to_vec_pretty(&tables)?)?;
    }
    Ok(())
}

/// Prints at once: a later benchmark may fail.
fn show(tables: &mut Vec<table::Table>, new: Vec<table::Table>) {
    new.iter().for_each(table::Table::print);
    tables.extend(new);
}
