//! The command line.

use clap::Parser;
use std::path::PathBuf;

/// Watchwall in a window of its own.
#[derive(Clone, Debug, Parser)]
#[command(name = "watchwall-desktop", version)]
pub struct Args {
    /// Data folder of the site; the same one as `watchwall serve --data`.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,

    /// Show a demo site with this many virtual cameras, kept apart from the real one.
    #[arg(long, value_name = "CAMERAS", num_args = 0..=1, default_missing_value = "16")]
    pub demo: Option<u32>,

    /// Save clips and snapshots to this folder without asking; for kiosks.
    #[arg(long, value_name = "DIR")]
    pub downloads: Option<PathBuf>,
}
