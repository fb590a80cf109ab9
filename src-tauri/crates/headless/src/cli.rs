//! What may be typed after `watchwall`.

use clap::{Args, Parser, Subcommand};
use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
};
use watchwall_camsim::Quirk;

/// Video wall and video management for control rooms, installers and small sites.
#[derive(Parser)]
#[command(version, propagate_version = true, arg_required_else_help = true)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// Runs the site as a service.
    Serve(ServeArguments),
    /// Runs a site with virtual cameras, to try everything without hardware.
    Demo(DemoArguments),
    /// Runs virtual cameras alone, for tests and training.
    #[command(after_long_help = watchwall_camsim::fault_help())]
    Camsim(CamsimArguments),
    /// Lists, adds and removes cameras of the site that runs on this machine.
    #[command(subcommand)]
    Camera(CameraCommand),
    /// Checks or prints the configuration.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Gaps of recordings that are filled from the cameras' own storage.
    #[command(subcommand)]
    Gaps(GapsCommand),
    /// Looks at this machine, or at one camera, and says what is missing and what to do.
    Doctor(DoctorArguments),
    /// Writes reports of the site that runs on this machine.
    #[command(subcommand)]
    Report(ReportCommand),
    /// Looks after the recordings of the site that runs on this machine.
    #[command(subcommand)]
    Recording(RecordingCommand),
    /// Has the site that runs on this machine export recordings, and waits for it; Ctrl-C cancels.
    Export(ExportArguments),
    /// Says whether an export, or a proof of recording, is what its site signed. Needs no site and no network.
    Verify(VerifyArguments),
}

/// Where the site keeps its data and listens.
#[derive(Args, Clone)]
pub struct SiteArguments {
    /// Data folder.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Address and port; port 0 takes a free one.
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<SocketAddr>,
    /// Configuration file; `watchwall.toml` in the data folder when absent.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

#[derive(Args)]
pub struct ServeArguments {
    #[command(flatten)]
    pub site: SiteArguments,
}

#[derive(Args)]
pub struct DemoArguments {
    #[command(flatten)]
    pub site: SiteArguments,
    /// Number of virtual cameras.
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=64))]
    pub cameras: u32,
}

#[derive(Args)]
pub struct CamsimArguments {
    /// Number of cameras.
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub cameras: u32,
    /// RTSP address and port.
    #[arg(long, default_value = "127.0.0.1:8554")]
    pub listen: SocketAddr,
    /// Where faults are commanded over HTTP; a free port unless given.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    pub control: SocketAddr,
    /// The same cameras over TLS with a self-signed certificate (rtsps).
    #[arg(long, value_name = "ADDR")]
    pub tls: Option<SocketAddr>,
    /// The same cameras tunnelled through HTTP.
    #[arg(long, value_name = "ADDR")]
    pub tunnel: Option<SocketAddr>,
    /// User name the cameras ask for.
    #[arg(long, requires = "password")]
    pub user: Option<String>,
    /// Password the cameras ask for.
    #[arg(long, requires = "user")]
    pub password: Option<String>,
    /// Distance of key frames of the sub-streams, in milliseconds.
    #[arg(long, value_name = "MS", value_parser = clap::value_parser!(u32).range(100..=20_000))]
    pub gop_ms: Option<u32>,
    /// Frames per second of the sub-streams.
    #[arg(long, value_name = "FPS", value_parser = clap::value_parser!(u32).range(1..=60))]
    pub fps: Option<u32>,
    #[command(flatten)]
    pub onvif: CamsimOnvifArguments,
}

/// How virtual cameras speak ONVIF.
#[derive(Args)]
pub struct CamsimOnvifArguments {
    /// The cameras speak ONVIF too, at this address.
    #[arg(long, value_name = "ADDR", num_args = 0..=1, default_missing_value = "127.0.0.1:8000")]
    pub onvif: Option<SocketAddr>,
    /// Every device at an address of its own, counted up from this one, for example 127.0.1.1.
    #[arg(long, value_name = "IP", requires = "onvif")]
    pub device_ip: Option<Ipv4Addr>,
    /// Cameras of one device: 16 makes recorders.
    #[arg(long, value_name = "N", requires = "onvif", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=64))]
    pub channels: u32,
    /// How SOAP is logged in to.
    #[arg(long, value_name = "WAY", requires = "onvif", default_value = "digest",
          value_parser = ["open", "digest", "digest-sha256", "digest-either", "token", "digest-or-token", "basic"])]
    pub soap_login: String,
    /// User name for SOAP alone: the cameras' own user is then refused there.
    #[arg(long, requires_all = ["onvif", "onvif_password"])]
    pub onvif_user: Option<String>,
    /// Password of that user.
    #[arg(long, requires = "onvif_user")]
    pub onvif_password: Option<String>,
    /// Wrong passwords until the device locks for 30 seconds.
    #[arg(long, value_name = "N", requires = "onvif")]
    pub lock_after: Option<u32>,
    /// Milliseconds before each answer to SOAP.
    #[arg(long, value_name = "MS", requires = "onvif", default_value_t = 0)]
    pub think_ms: u64,
    /// A habit of real devices; may be given several times.
    #[arg(long, value_name = "NAME", requires = "onvif")]
    pub quirk: Vec<Quirk>,
    /// Answers WS-Discovery on the network card with this address; may be given several times.
    #[arg(long, value_name = "IP", requires = "onvif")]
    pub discovery: Vec<Ipv4Addr>,
    /// Port of WS-Discovery.
    #[arg(long, value_name = "PORT", requires = "onvif", default_value_t = 3702)]
    pub discovery_port: u16,
}

/// Which running site to talk to.
#[derive(Args, Clone)]
pub struct TargetArguments {
    /// Data folder of the running site.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Prints the API's own JSON.
    #[arg(long)]
    pub json: bool,
}

/// How to log in to a device.
#[derive(Args, Clone)]
pub struct LoginArguments {
    #[arg(long)]
    pub user: Option<String>,
    #[arg(long)]
    pub password: Option<String>,
    /// ONVIF port, when it is not 80 and not part of the address.
    #[arg(long)]
    pub port: Option<u16>,
    /// Brand, for devices that speak no ONVIF.
    #[arg(long)]
    pub vendor: Option<String>,
}

#[derive(Subcommand)]
pub enum CameraCommand {
    /// Every camera and how it stands.
    List {
        #[command(flatten)]
        target: TargetArguments,
    },
    /// Finds devices on the networks of the site's machine, or in a range of addresses.
    Discover {
        /// For example 192.168.1.0/24 or 192.168.1.10-40; may be given several times.
        #[arg(long, value_name = "RANGE")]
        range: Vec<String>,
        /// UDP port of the search.
        #[arg(long, hide = true)]
        port: Option<u16>,
        #[command(flatten)]
        target: TargetArguments,
    },
    /// Looks at a device and its streams, and adds nothing.
    Probe {
        /// Address, name, IPv6 or URL of the device.
        address: String,
        #[command(flatten)]
        login: LoginArguments,
        #[command(flatten)]
        target: TargetArguments,
    },
    /// Adds the devices of a table with the columns name, address, port, user, password, group and url.
    Import {
        /// CSV in UTF-8, UTF-16 or GB18030.
        file: PathBuf,
        /// Look at every device, add none.
        #[arg(long)]
        dry_run: bool,
        /// Do not record them.
        #[arg(long)]
        no_record: bool,
        /// Name of a stored credential set to try on rows without a login; may be given several times.
        #[arg(long, value_name = "NAME")]
        credentials: Vec<String>,
        /// Where to write what became of each row, as CSV.
        #[arg(long, value_name = "FILE")]
        report: Option<PathBuf>,
        #[command(flatten)]
        target: TargetArguments,
    },
    /// Looks at a device or a stream and adds it.
    Add {
        /// Address of an ONVIF device, or of a stream; credentials may stand in it.
        address: String,
        #[arg(long)]
        name: Option<String>,
        /// Address of the smaller stream.
        #[arg(long)]
        sub: Option<String>,
        #[command(flatten)]
        login: LoginArguments,
        /// Do not record it.
        #[arg(long)]
        no_record: bool,
        /// Save even if the camera does not answer.
        #[arg(long)]
        force: bool,
        #[command(flatten)]
        target: TargetArguments,
    },
    /// Forgets a camera; its recordings stay until their time is over.
    Remove {
        /// Id or exact name.
        camera: String,
        #[command(flatten)]
        target: TargetArguments,
    },
}

#[derive(Subcommand)]
pub enum ConfigCommand {
    /// Says whether the configuration can be used.
    Check {
        #[command(flatten)]
        site: SiteArguments,
    },
    /// Prints the configuration in force: defaults, file and environment together.
    Print {
        #[command(flatten)]
        site: SiteArguments,
    },
    /// Prints a commented example with every key and its default.
    Example,
}

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct DoctorArguments {
    #[command(subcommand)]
    pub subject: Option<DoctorSubject>,
    #[command(flatten)]
    pub site: SiteArguments,
    #[arg(long)]
    pub json: bool,
}

#[derive(Subcommand)]
pub enum DoctorSubject {
    /// Examines one camera, a verdict per line. Needs no running site.
    Camera(DoctorCameraArguments),
}

#[derive(Args)]
pub struct DoctorCameraArguments {
    /// Address, name, IPv6 or URL of a device, or the URL of a stream; a login may stand in it.
    pub address: String,
    #[arg(long)]
    pub user: Option<String>,
    #[arg(long, requires = "user")]
    pub password: Option<String>,
    /// Reads the password from the first line of standard input.
    #[arg(long, requires = "user", conflicts_with = "password")]
    pub password_stdin: bool,
    /// ONVIF port, when it is not 80 and not part of the address.
    #[arg(long)]
    pub port: Option<u16>,
    /// Channel of a recorder, from 1; all of them unless given.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub channel: Option<u32>,
    /// Mends what the examination offers, and looks again.
    #[arg(long, value_name = "WHAT", value_delimiter = ',', value_parser = ["clock", "ntp", "gop", "codec"])]
    pub mend: Vec<String>,
    /// Time servers for `--mend ntp`, instead of those the device has or its network names.
    #[arg(long, value_name = "NAME", value_delimiter = ',', requires = "mend")]
    pub ntp_server: Vec<String>,
    /// Prints the API's own JSON.
    #[arg(long)]
    pub json: bool,
    /// Of the sentences.
    #[arg(long, value_name = "LANGUAGE", default_value = "en", value_parser = ["en", "zh-CN"])]
    pub language: String,
}

#[derive(Subcommand)]
pub enum RecordingCommand {
    /// Reads finished files again and says which are not what they were when they were finished.
    Check {
        /// Streams to look at, for example cam_10_0_0_4_ch1_main; all that are recorded unless named.
        paths: Vec<String>,
        /// Only what was recorded in the last so many days.
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=3_650), default_value_t = 3_650)]
        days: u32,
        #[command(flatten)]
        target: TargetArguments,
    },
}

#[derive(Subcommand)]
pub enum ReportCommand {
    /// The whole site for hand-over: cameras, streams, recordings, storage, users and what is open. It holds no password.
    Site {
        #[arg(long, default_value = "pdf", value_parser = ["pdf", "json"])]
        format: String,
        /// Where to write it; a PDF needs a file.
        #[arg(long, value_name = "FILE", required_if_eq("format", "pdf"))]
        output: Option<PathBuf>,
        /// Of the sentences; the site's own when absent.
        #[arg(long, value_name = "LANGUAGE", value_parser = ["en", "zh-CN"])]
        language: Option<String>,
        /// Data folder of the running site.
        #[arg(long, value_name = "DIR")]
        data: Option<PathBuf>,
    },
}

#[derive(Subcommand)]
pub enum GapsCommand {
    /// What was, is being and is to be fetched, newest first.
    List {
        #[command(flatten)]
        target: TargetArguments,
    },
    /// Fetches what is missing of a range, in the background.
    Fill {
        /// Path of the stream, as in `watchwall camera list`.
        path: String,
        /// For example 2026-03-01T10:00:00+08:00.
        #[arg(long, value_name = "TIME")]
        from: jiff::Timestamp,
        #[arg(long, value_name = "TIME")]
        to: jiff::Timestamp,
        #[command(flatten)]
        target: TargetArguments,
    },
    /// Ends one that waits or is fetched; what it has brought stays.
    Cancel {
        /// Number from `watchwall gaps list`.
        id: i64,
        #[command(flatten)]
        target: TargetArguments,
    },
}

#[derive(Args)]
pub struct ExportArguments {
    /// What it is called.
    #[arg(long)]
    pub name: String,
    /// Why; the signed manifest says it.
    #[arg(long, default_value = "")]
    pub note: String,
    /// Name or id of a camera; more than one may be given.
    #[arg(long = "camera", required = true, value_name = "CAMERA")]
    pub cameras: Vec<String>,
    #[arg(long, default_value = "main", value_parser = ["main", "sub"])]
    pub stream: String,
    /// By the site's clock, such as 2026-11-26T10:15:00, or with an offset of its own.
    #[arg(long, value_name = "TIME")]
    pub from: String,
    #[arg(long, value_name = "TIME")]
    pub to: String,
    /// A folder on this machine that the configuration allows; the site's own when absent.
    #[arg(long, value_name = "DIR")]
    pub folder: Option<String>,
    /// Burns date, time and camera name into the pictures, which are coded anew: a copy, and not the original.
    #[arg(long)]
    pub burn_in: bool,
    /// Stands faintly across every picture.
    #[arg(long, value_name = "TEXT", requires = "burn_in")]
    pub watermark: Option<String>,
    /// Reads a password from standard input and makes an encrypted ZIP.
    #[arg(long)]
    pub password_stdin: bool,
    #[command(flatten)]
    pub target: TargetArguments,
}

#[derive(Args)]
pub struct VerifyArguments {
    /// Folder of the export or the proof; a ZIP is unpacked first.
    pub folder: PathBuf,
    /// The site's key as it is known from elsewhere: its fingerprint, or a PEM file. Without it the key in the folder
    /// is believed.
    #[arg(long, value_name = "KEY")]
    pub key: Option<String>,
    /// Prints everything as JSON.
    #[arg(long)]
    pub json: bool,
}
