//! Brings the page back when its web content process dies or stops answering. Recording never notices.

use crate::guard::Guard;
use tauri::WebviewWindow;

/// Watches the window for as long as it lives.
pub fn watch(window: &WebviewWindow, guard: Guard) {
    #[cfg(target_os = "linux")]
    if let Err(error) = window.with_webview(move |webview| linux::watch(&webview.inner(), guard)) {
        tracing::warn!("the web content process is not watched: {error}");
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (window, guard);
}

#[cfg(target_os = "linux")]
mod linux {
    use crate::{backoff::Backoff, guard::Guard};
    use std::{
        cell::{Cell, RefCell},
        rc::Rc,
        time::{Duration, Instant},
    };
    use webkit2gtk::{WebView, WebViewExt};

    /// A process that answers nothing for this long is ended and started anew.
    const UNRESPONSIVE_FOR: Duration = Duration::from_secs(20);

    /// WebKitGTK calls these on the main thread, so plain cells hold the state.
    pub fn watch(webview: &WebView, guard: Guard) {
        let origin = Instant::now();
        let backoff = RefCell::new(Backoff::default());
        webview.connect_web_process_terminated(move |webview, reason| {
            let wait = backoff.borrow_mut().died(origin.elapsed());
            tracing::warn!(
                ?reason,
                wait_ms = wait.as_millis() as u64,
                "the web content process ended; loading the page again"
            );
            let (webview, guard) = (webview.clone(), guard.clone());
            glib::timeout_add_local_once(wait, move || bring_back(&webview, &guard));
        });

        let silence = Rc::new(Cell::new(0_u64));
        webview.connect_is_web_process_responsive_notify(move |webview| {
            let number = silence.get() + 1;
            silence.set(number);
            if webview.is_web_process_responsive() {
                return;
            }
            tracing::warn!("the web content process does not answer");
            let webview = webview.clone();
            let silence = Rc::clone(&silence);
            glib::timeout_add_local_once(UNRESPONSIVE_FOR, move || {
                if silence.get() == number && !webview.is_web_process_responsive() {
                    webview.terminate_web_process();
                }
            });
        });
    }

    /// Not `reload`: a page that died before it was committed would bring its predecessor back.
    fn bring_back(webview: &WebView, guard: &Guard) {
        let here = webview.uri();
        match guard.after_loss(here.as_deref()) {
            Some(target) => webview.load_uri(target.as_str()),
            None => webview.reload(),
        }
    }
}
