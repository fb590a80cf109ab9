//! What may be typed after `watchwall-engine`.

use clap::{Args, Parser, Subcommand};
use std::{net::SocketAddr, path::PathBuf};

/// Looks for motion, tampering, crossed lines and intruders in the streams of a site, as one of its AI nodes; with a model,
/// for people, vehicles and what else the model knows.
#[derive(Parser)]
#[command(version, propagate_version = true, arg_required_else_help = true)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// Runs a node until it is interrupted.
    Run(RunArguments),
    /// Checks a site, or with --listen a node, against the protocol. Ends with 1 when something fails.
    Conformance(ConformanceArguments),
}

/// Where the site is and how to come in.
#[derive(Args)]
pub struct SiteArguments {
    /// The node's token, as the site showed it once.
    #[arg(long, env = "WATCHWALL_ENGINE_TOKEN", hide_env_values = true, conflicts_with = "token_file")]
    pub token: Option<String>,
    /// A file that holds the token: the site's own `local-token` on its machine.
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// The certificate to trust, for a site that made its own.
    #[arg(long, value_name = "PEM")]
    pub certificate: Option<PathBuf>,
    /// How the node is known to the site; kept over restarts.
    #[arg(long, value_name = "ID")]
    pub id: Option<String>,
}

#[derive(Args)]
pub struct RunArguments {
    /// The site: ws://HOST:PORT or wss://HOST:PORT.
    #[arg(env = "WATCHWALL_ENGINE_SITE")]
    pub url: String,
    #[command(flatten)]
    pub site: SiteArguments,
    /// Shown in the site's list; the id when absent.
    #[arg(long)]
    pub name: Option<String>,
    /// Scenes at once.
    #[arg(long, default_value_t = 50, value_name = "N")]
    pub max_tasks: u32,
    /// While an alarm goes on it is said again this often.
    #[arg(long, default_value_t = 5, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=3_600))]
    pub alarm_seconds: u32,
    /// How long somebody has to be in a region to be an intruder.
    #[arg(long, default_value_t = 1_000, value_name = "MS", value_parser = clap::value_parser!(u32).range(0..=600_000))]
    pub dwell_ms: u32,
    /// How long somebody has to stay in a region to be a loiterer, and a vehicle to be parked; with a model.
    #[arg(long, default_value_t = 60, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub stay_seconds: u32,
    /// A model of the YOLO family: ONNX, [1, 4 + classes, boxes] or [1, boxes, 5 + classes].
    #[arg(long, value_name = "ONNX")]
    pub model: Option<PathBuf>,
    /// What its classes are called, one a line; without it what the model says itself.
    #[arg(long, value_name = "FILE", requires = "model")]
    pub labels: Option<PathBuf>,
    /// Width and height of the pictures it looks at, where the model leaves that open; 640 when absent.
    #[arg(long, value_name = "PIXELS", requires = "model", value_parser = clap::value_parser!(u32).range(32..=2_048))]
    pub model_input: Option<u32>,
}

#[derive(Args)]
pub struct ConformanceArguments {
    /// The site to check: ws://HOST:PORT or wss://HOST:PORT.
    #[arg(required_unless_present = "listen")]
    pub url: Option<String>,
    #[command(flatten)]
    pub site: SiteArguments,
    /// Waits here for a node to check instead.
    #[arg(long, value_name = "ADDR", conflicts_with = "url")]
    pub listen: Option<SocketAddr>,
    /// A stream for the node to look at; without one its results are not checked.
    #[arg(long, value_name = "RTSP", requires = "listen")]
    pub stream: Option<String>,
    /// A recording for a node that looks at such, with its range in UTC milliseconds.
    #[arg(long, value_name = "RTSP", requires_all = ["listen", "from", "to"])]
    pub recording: Option<String>,
    #[arg(long, value_name = "MS", requires = "recording")]
    pub from: Option<i64>,
    #[arg(long, value_name = "MS", requires = "recording")]
    pub to: Option<i64>,
}
