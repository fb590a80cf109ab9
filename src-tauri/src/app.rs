//! The life of the application: open, show, stop.
//!
//! The site is started beside the event loop so that the window stands at once. Leaving is always the
//! same path: ask the site to stop, wait at most five seconds, leave.

use crate::{args::Args, downloads::Place, guard::Guard, single, site, texts::Texts, tray, wall_window};
use std::{
    path::PathBuf,
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tauri::{AppHandle, Manager, RunEvent};
use watchwall_model::Problem;

const STOP_DEADLINE: Duration = Duration::from_secs(5);

/// What the event loop and the tasks share.
pub struct Shell {
    data: PathBuf,
    demo_cameras: Option<u32>,
    pub guard: Guard,
    pub texts: Texts,
    phase: Mutex<Phase>,
}

enum Phase {
    Opening,
    Open(site::Site),
    Failed,
    Stopping,
    Stopped,
}

/// Runs until the last window is closed. Never returns after the event loop has started, except on failure to start it.
///
/// # Errors
/// The window system is not there, or the web view cannot be created.
pub fn run(args: Args) -> anyhow::Result<()> {
    let data = site::data_folder(&args);
    let downloads = args.downloads.clone().map_or(Place::Ask, Place::Folder);
    let shell = Shell {
        data: data.clone(),
        demo_cameras: args.demo,
        guard: Guard::default(),
        texts: Texts::of_session(),
        phase: Mutex::new(Phase::Opening),
    };
    let app = tauri::Builder::default()
        .plugin(single::plugin(&data))
        .plugin(tauri_plugin_window_state::Builder::default().with_state_flags(wall_window::restored()).build())
        .manage(shell)
        .setup(move |app| {
            wall_window::create(app.handle(), downloads)?;
            tray::create(app.handle());
            tauri::async_runtime::spawn(open_site(app.handle().clone()));
            tauri::async_runtime::spawn(stop_on_signal(app.handle().clone()));
            Ok(())
        })
        .build(tauri::generate_context!())?;
    app.run(|app, event| {
        if let RunEvent::ExitRequested { api, .. } = event
            && begin_stop(app)
        {
            api.prevent_exit();
        }
    });
    Ok(())
}

/// Opens the site again after it failed; asked for by the problem page.
pub fn retry(app: &AppHandle) {
    let mut phase = phase_of(app);
    if matches!(*phase, Phase::Failed) {
        *phase = Phase::Opening;
        wall_window::show_starting(app);
        tauri::async_runtime::spawn(open_site(app.clone()));
    }
}

async fn open_site(app: AppHandle) {
    let shell = app.state::<Shell>();
    match site::open(shell.data.clone(), shell.demo_cameras).await {
        Ok(opened) => {
            let overtaken = {
                let mut phase = phase_of(&app);
                if matches!(*phase, Phase::Opening) {
                    *phase = Phase::Open(opened.site);
                    None
                } else {
                    Some(opened.site)
                }
            };
            if let Some(site) = overtaken {
                // The window was closed while the site started; `begin_stop` had nothing to stop yet.
                leave(&app, Some(site)).await;
                return;
            }
            shell.guard.set_site(&opened.url);
            wall_window::show_site(&app, opened.url);
        }
        Err(problem) => fail(&app, &problem).await,
    }
}

async fn fail(app: &AppHandle, problem: &Problem) {
    tracing::error!(code = %problem.code, "the site did not start: {problem}");
    let stopping = {
        let mut phase = phase_of(app);
        let stopping = matches!(*phase, Phase::Stopping);
        if !stopping {
            *phase = Phase::Failed;
        }
        stopping
    };
    if stopping {
        leave(app, None).await;
    } else {
        wall_window::show_problem(app, problem);
    }
}

/// True while the site still has to be stopped before the process may leave.
fn begin_stop(app: &AppHandle) -> bool {
    let mut phase = phase_of(app);
    match std::mem::replace(&mut *phase, Phase::Stopping) {
        Phase::Open(site) => {
            let app = app.clone();
            tauri::async_runtime::spawn(async move { leave(&app, Some(site)).await });
            true
        }
        Phase::Opening | Phase::Stopping => true,
        done @ (Phase::Failed | Phase::Stopped) => {
            *phase = done;
            false
        }
    }
}

async fn leave(app: &AppHandle, site: Option<site::Site>) {
    if let Some(site) = site
        && tokio::time::timeout(STOP_DEADLINE, site.stop(STOP_DEADLINE)).await.is_err()
    {
        tracing::error!("the site did not stop within {STOP_DEADLINE:?}; leaving anyway");
    }
    *phase_of(app) = Phase::Stopped;
    app.exit(0);
}

/// Waits for the signal that ends a session or a service. Nothing on the page can hold it up.
async fn stop_on_signal(app: AppHandle) {
    if let Err(error) = termination().await {
        tracing::warn!("signals cannot be watched: {error}");
        return;
    }
    app.exit(0);
    // The event loop may hang in the web view; the site must stop all the same.
    tokio::time::sleep(STOP_DEADLINE + Duration::from_secs(2)).await;
    tracing::error!("the window did not close in time; leaving without it");
    std::process::exit(1);
}

#[cfg(unix)]
async fn termination() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        _ = hang_up.recv() => {}
    }
    Ok(())
}

#[cfg(not(unix))]
async fn termination() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}

fn phase_of(app: &AppHandle) -> std::sync::MutexGuard<'_, Phase> {
    app.state::<Shell>().inner().phase.lock().unwrap_or_else(PoisonError::into_inner)
}
