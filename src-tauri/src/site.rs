//! The site behind the window: our own, or one that already runs on the same data folder.

use crate::{args::Args, join};
use std::{path::PathBuf, time::Duration};
use tokio::time::{Instant, sleep};
use url::Url;
use watchwall_model::{ErrorCode, Problem};

/// How long another start on the same folder may take until it can be joined.
const OTHER_START: Duration = Duration::from_secs(10);

/// Who owns the process that serves the pages.
pub enum Site {
    /// Started here; stopped with the window.
    Own(Box<watchwall_headless::Running>),
    /// Runs elsewhere and goes on when the window closes.
    Joined,
}

/// A site and the one-time address its window opens on.
pub struct Opened {
    pub site: Site,
    pub url: Url,
}

/// The folder this start works on.
pub fn data_folder(args: &Args) -> PathBuf {
    match (&args.data, args.demo) {
        (Some(folder), _) => folder.clone(),
        (None, Some(_)) => watchwall_headless::demo_data_dir(),
        (None, None) => watchwall_headless::default_data_dir(),
    }
}

/// Joins the site of `data`, or starts one on a free loopback port.
///
/// # Errors
/// The site's own problem when it does not start; `data_folder_in_use` when one runs that cannot be joined.
pub async fn open(data: PathBuf, demo_cameras: Option<u32>) -> Result<Opened, Problem> {
    if let Some(url) = join::find(&data).await? {
        tracing::info!(folder = %data.display(), "joined the site that already runs");
        return Ok(Opened { site: Site::Joined, url });
    }
    match start(data.clone(), demo_cameras).await {
        Err(problem) if problem.code == ErrorCode::DataFolderInUse => join_soon(data, problem).await,
        other => other,
    }
}

async fn start(data_dir: PathBuf, demo_cameras: Option<u32>) -> Result<Opened, Problem> {
    let options = watchwall_headless::StartOptions::desktop(data_dir, demo_cameras);
    let running = watchwall_headless::start(options).await?;
    let url = Url::parse(running.one_time_url())
        .map_err(|error| Problem::new(ErrorCode::Internal).at("start").because(error))?;
    Ok(Opened { site: Site::Own(Box::new(running)), url })
}

/// Another process holds the folder but does not answer yet.
async fn join_soon(data: PathBuf, problem: Problem) -> Result<Opened, Problem> {
    let until = Instant::now() + OTHER_START;
    while Instant::now() < until {
        if let Some(url) = join::find(&data).await? {
            return Ok(Opened { site: Site::Joined, url });
        }
        sleep(Duration::from_millis(200)).await;
    }
    Err(problem)
}

impl Site {
    /// Stops our own site and closes its files; a joined one is left alone.
    pub async fn stop(self, deadline: Duration) {
        if let Self::Own(running) = self {
            running.stop(deadline).await;
        }
    }
}
