//! The tray: bring the window to the front, quit. A desktop without a tray simply has none.

use crate::{app::Shell, wall_window};
use tauri::{
    AppHandle, Manager,
    menu::{MenuBuilder, MenuItemBuilder},
    tray::TrayIconBuilder,
};

const OPEN: &str = "open";
const QUIT: &str = "quit";

pub fn create(app: &AppHandle) {
    if !library_present() {
        tracing::info!("no tray: libayatana-appindicator3 is not installed");
        return;
    }
    if let Err(error) = build(app) {
        tracing::warn!("no tray: {error}");
    }
}

fn build(app: &AppHandle) -> tauri::Result<()> {
    let texts = &app.state::<Shell>().inner().texts;
    let open = MenuItemBuilder::with_id(OPEN, texts.get("desktop.open")).build(app)?;
    let quit = MenuItemBuilder::with_id(QUIT, texts.get("desktop.quit")).build(app)?;
    let menu = MenuBuilder::new(app).items(&[&open, &quit]).build()?;
    let mut tray = TrayIconBuilder::with_id("watchwall").menu(&menu).tooltip("Watchwall");
    if let Some(icon) = app.default_window_icon() {
        tray = tray.icon(icon.clone());
    }
    tray.on_menu_event(|app, event| match event.id().as_ref() {
        OPEN => wall_window::show(app),
        QUIT => app.exit(0),
        _ => {}
    })
    .build(app)?;
    Ok(())
}

/// The binding loads the library at run time and panics when there is none, so it is tried first.
#[cfg(target_os = "linux")]
fn library_present() -> bool {
    const NAMES: [&std::ffi::CStr; 2] = [c"libayatana-appindicator3.so.1", c"libappindicator3.so.1"];
    NAMES.iter().any(|name| {
        // SAFETY: the name is a C string with static life; opening runs the library's own constructors only.
        !unsafe { libc::dlopen(name.as_ptr(), libc::RTLD_LAZY | libc::RTLD_LOCAL) }.is_null()
    })
}

#[cfg(not(target_os = "linux"))]
const fn library_present() -> bool {
    true
}
