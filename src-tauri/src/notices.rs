//! Notices of alarms beside the window: pages of the site may show them, nothing else may.

use crate::guard::Guard;
use tauri::WebviewWindow;

/// Answers the page's question for as long as the window lives. Who opens this window wants to hear of alarms, so nobody is
/// asked.
pub fn watch(window: &WebviewWindow, guard: Guard) {
    #[cfg(target_os = "linux")]
    if let Err(error) = window.with_webview(move |webview| linux::watch(&webview.inner(), guard)) {
        tracing::warn!("alarms are not told beside the window: {error}");
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (window, guard);
}

#[cfg(target_os = "linux")]
mod linux {
    use crate::guard::Guard;
    use glib::object::Cast;
    use url::Url;
    use webkit2gtk::{NotificationPermissionRequest, PermissionRequestExt, WebView, WebViewExt};

    pub fn watch(webview: &WebView, guard: Guard) {
        webview.connect_permission_request(move |webview, request| {
            let Some(request) = request.dynamic_cast_ref::<NotificationPermissionRequest>() else { return false };
            let here = webview.uri().and_then(|here| Url::parse(&here).ok());
            if here.is_some_and(|here| guard.is_site(&here)) {
                request.allow();
            } else {
                request.deny();
            }
            true
        });
    }
}
