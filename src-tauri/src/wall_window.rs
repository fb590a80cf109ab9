//! The wall window: its page, where it may go, what it may download, how it comes back.

use crate::{
    app::{self, Shell},
    downloads::{self, Place},
    fit,
    guard::Verdict,
    notices, recovery,
};
use tauri::{
    AppHandle, Manager, Runtime, WebviewUrl, WebviewWindowBuilder, ipc::CapabilityBuilder, utils::config::Color,
    webview::NewWindowResponse,
};
use tauri_plugin_window_state::StateFlags;
use url::Url;
use watchwall_model::Problem;

pub const LABEL: &str = "wall";
/// The page's own background, so that nothing flashes white before it paints.
const BACKGROUND: Color = Color(0x0e, 0x12, 0x16, 0xff);

/// What is remembered of the window between starts.
pub fn restored() -> StateFlags {
    StateFlags::SIZE | StateFlags::POSITION | StateFlags::MAXIMIZED | StateFlags::FULLSCREEN
}

/// Opens it on the shell's own starting page.
///
/// # Errors
/// The web view cannot be created.
pub fn create(app: &AppHandle, place: Place) -> tauri::Result<()> {
    let starting = starting_page(app);
    let navigation = app.clone();
    let builder = WebviewWindowBuilder::new(app, LABEL, WebviewUrl::App(starting.into()))
        .title("Watchwall")
        .inner_size(1280.0, 800.0)
        .min_inner_size(640.0, 400.0)
        .background_color(BACKGROUND)
        // The wall drags cameras by itself; the native handler would swallow the page's drop events.
        .disable_drag_drop_handler()
        .on_navigation(move |target| may_go(&navigation, target))
        .on_new_window(|target, _features| {
            tracing::warn!(target = %without_query(&target), "a page tried to open another window");
            NewWindowResponse::Deny
        });
    // On Linux the shell asks where to save; elsewhere the web view's own way is kept.
    #[cfg(not(target_os = "linux"))]
    let builder = builder.on_download(|webview, event| may_download(webview.app_handle(), &event));
    let window = builder.build()?;
    fit::watch(&window);
    downloads::watch(&window, app.state::<Shell>().guard.clone(), place);
    notices::watch(&window, app.state::<Shell>().guard.clone());
    recovery::watch(&window, app.state::<Shell>().guard.clone());
    Ok(())
}

/// Brings it to the front, wherever it is.
pub fn show<R: Runtime>(app: &AppHandle<R>) {
    let Some(window) = app.get_webview_window(LABEL) else { return };
    let shown = window.show().and_then(|()| window.unminimize()).and_then(|()| window.set_focus());
    if let Err(error) = shown {
        tracing::warn!("the window cannot be brought to the front: {error}");
    }
}

/// Goes to the site and lets exactly this address switch the window to full screen.
pub fn show_site(app: &AppHandle, url: Url) {
    let capability = CapabilityBuilder::new("site")
        .window(LABEL)
        .local(false)
        .remote(format!("{}/*", url.origin().ascii_serialization()))
        .permission("core:window:allow-set-fullscreen")
        .permission("core:window:allow-is-fullscreen");
    if let Err(error) = app.add_capability(capability) {
        tracing::warn!("the page may not switch to full screen: {error}");
    }
    if let Some(window) = app.get_webview_window(LABEL) {
        fit::keep_on_screen(&window);
    }
    go(app, url);
}

/// Back to the starting page, while the site is opened once more.
pub fn show_starting(app: &AppHandle) {
    let address = starting_page(app);
    show_page(app, &address);
}

/// Says what stopped the site from starting and what to do about it.
pub fn show_problem(app: &AppHandle, problem: &Problem) {
    let shell = app.state::<Shell>();
    let (text, next) = shell.texts.problem(problem);
    let address = page(
        "problem",
        &[
            ("text", &text),
            ("next", &next),
            ("detail", problem.detail.as_deref().unwrap_or_default()),
            ("retry", &shell.texts.get("desktop.retry")),
        ],
    );
    show_page(app, &address);
}

/// Shows one of the shell's own pages in place of whatever is there.
fn show_page(app: &AppHandle, address: &str) {
    if let Some(window) = app.get_webview_window(LABEL)
        && let Ok(here) = window.url()
        && let Ok(there) = here.join(address)
    {
        go(app, there);
    }
}

fn go(app: &AppHandle, url: Url) {
    let Some(window) = app.get_webview_window(LABEL) else { return };
    if let Err(error) = window.navigate(url) {
        tracing::error!("the window cannot open the page: {error}");
    }
}

fn starting_page(app: &AppHandle) -> String {
    page("starting", &[("text", &app.state::<Shell>().texts.get("desktop.starting"))])
}

/// A page of the shell with its texts in the fragment, so that it needs no native command.
fn page(name: &str, texts: &[(&str, &str)]) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("page", name).extend_pairs(texts);
    format!("index.html#{}", query.finish())
}

fn may_go(app: &AppHandle, target: &Url) -> bool {
    match app.state::<Shell>().guard.judge(target) {
        Verdict::Allow => true,
        Verdict::Retry => {
            app::retry(app);
            false
        }
        Verdict::Refuse => {
            tracing::warn!(target = %without_query(target), "the page tried to leave its site");
            false
        }
    }
}

/// Clips, snapshots and exports of the site go to the user's download folder, under a free name.
#[cfg(not(target_os = "linux"))]
fn may_download(app: &AppHandle, event: &tauri::webview::DownloadEvent<'_>) -> bool {
    use tauri::webview::DownloadEvent;
    match event {
        DownloadEvent::Requested { url, destination } => {
            let allowed = app.state::<Shell>().guard.is_site(url);
            tracing::info!(allowed, path = %destination.display(), "download");
            allowed
        }
        DownloadEvent::Finished { path, success, .. } => {
            let path = path.as_deref().map(|path| path.display().to_string()).unwrap_or_default();
            if !success {
                tracing::warn!(path, "a download failed");
            }
            true
        }
        _ => true,
    }
}

/// One-time tokens never reach a log.
fn without_query(target: &Url) -> String {
    let mut shown = target.clone();
    shown.set_query(None);
    shown.set_fragment(None);
    shown.to_string()
}
