//! Chores of the repository: what is generated, and the rules a compiler does not know.
//!
//! `cargo xtask gen` writes everything generated. `cargo xtask tidy` prints every broken rule; the
//! same rules run as tests of this crate. `cargo xtask seal` fixes the migrations a release ships.
//! Nothing here is part of the product.

mod generate;
mod migrations;
mod repository;
mod rules;

use anyhow::{Result, bail};
use std::{io::Write, process::ExitCode};

fn main() -> ExitCode {
    let command = std::env::args().nth(1).unwrap_or_default();
    match run(&command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: &str) -> Result<()> {
    let repository = repository::Repository::here();
    match command {
        "gen" => generate::all(&repository),
        "seal" => migrations::seal(&repository),
        "tidy" => tidy(&repository),
        _ => bail!("usage: cargo xtask gen|tidy|seal"),
    }
}

fn tidy(repository: &repository::Repository) -> Result<()> {
    let mut out = std::io::stdout().lock();
    let mut broken = 0;
    for (name, rule) in rules::ALL {
        let complaints = rule(repository)?;
        writeln!(out, "{name}: {}", if complaints.is_empty() { "ok" } else { "broken" })?;
        for complaint in &complaints {
            writeln!(out, "  {complaint}")?;
        }
        broken += complaints.len();
    }
    writeln!(out, "{}", rules::sizes::summary(repository)?)?;
    if broken > 0 {
        bail!("{broken} complaints");
    }
    Ok(())
}
