//! Clips and snapshots that the page saves: the user says where, and hears when it fails.
//!
//! The page only asks for a download as any page may; it learns neither the place nor the answer. WebKitGTK waits for
//! the answer of the dialog while the window goes on: nothing here blocks the event loop.

use crate::guard::Guard;
use std::path::PathBuf;
use tauri::WebviewWindow;

/// How the user is asked.
#[derive(Clone, Debug)]
pub enum Place {
    /// In a dialog of the desktop.
    Ask,
    /// Not at all: everything goes to this folder, under a free name. For kiosks.
    Folder(PathBuf),
}

/// Looks after the window's downloads for as long as it lives.
pub fn watch(window: &WebviewWindow, guard: Guard, place: Place) {
    #[cfg(target_os = "linux")]
    {
        let parent = window.gtk_window();
        let app = tauri::Manager::app_handle(window).clone();
        let watched = parent.and_then(|parent| {
            let parent = glib::SendWeakRef::from(glib::object::ObjectExt::downgrade(&parent));
            window.with_webview(move |webview| {
                let asker = linux::Asker { app, guard, place, parent: parent.into_weak_ref() };
                linux::watch(&webview.inner(), asker);
            })
        });
        if let Err(error) = watched {
            tracing::warn!("downloads go to the default folder: {error}");
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (window, guard, place);
}

/// `clip.mp4`, then `clip (1).mp4` and so on: the first that is not there yet.
#[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "the other web views choose free names themselves"))]
fn free_name(folder: &std::path::Path, name: &str) -> PathBuf {
    let (stem, ending) = name.rsplit_once('.').map_or((name, String::new()), |(stem, end)| (stem, format!(".{end}")));
    let first = folder.join(name);
    let others = (1_u32..).map(|number| folder.join(format!("{stem} ({number}){ending}")));
    std::iter::once(first.clone()).chain(others).find(|path| !path.exists()).unwrap_or(first)
}

#[cfg(target_os = "linux")]
mod linux {
    use super::{Place, free_name};
    use crate::{app::Shell, guard::Guard};
    use glib::{gobject_ffi, translate::IntoGlib};
    use gtk::prelude::*;
    use std::{cell::RefCell, path::Path, rc::Rc};
    use tauri::{AppHandle, Manager};
    use url::Url;
    use webkit2gtk::{Download, DownloadError, DownloadExt, URIRequestExt, WebContextExt, WebView, WebViewExt};

    /// What every download needs. Lives on the main thread.
    pub struct Asker {
        pub app: AppHandle,
        pub guard: Guard,
        pub place: Place,
        pub parent: glib::WeakRef<gtk::ApplicationWindow>,
    }

    pub fn watch(webview: &WebView, asker: Asker) {
        let Some(context) = webview.context() else {
            tracing::warn!("downloads go to the default folder: the web view has no context");
            return;
        };
        let asker = Rc::new(asker);
        context.connect_download_started(move |_context, download| begin(download, &asker));
    }

    fn begin(download: &Download, asker: &Rc<Asker>) {
        silence_default(download);
        let deciding = Rc::clone(asker);
        download.connect_decide_destination(move |download, suggested| {
            decide(download, suggested, &deciding);
            true
        });
        let failing = Rc::clone(asker);
        download.connect_failed(move |download, error| {
            if error.matches(DownloadError::CancelledByUser) {
                return;
            }
            let path = download.destination().map(String::from).unwrap_or_default();
            tracing::warn!(path, "a download failed: {error}");
            failing.tell_failure(Path::new(&path));
        });
        download.connect_finished(|download| {
            // One that was cancelled never had a place.
            let Some(path) = download.destination().map(String::from) else { return };
            tracing::info!(path, bytes = download.received_data_length(), "a download ended");
        });
    }

    /// The web view library has an answer of its own, the download folder, and gives it before anybody else is asked.
    fn silence_default(download: &Download) {
        let instance = download.as_ptr().cast();
        // Before GLib 2.78 handlers are not blocked by signal alone, only found by it.
        let wanted = gobject_ffi::G_SIGNAL_MATCH_ID | gobject_ffi::G_SIGNAL_MATCH_UNBLOCKED;
        // SAFETY: `download` outlives the calls, the signal is looked up on its own type, matching by signal reads none
        // of the null arguments, and each round blocks a handler that was just found there.
        unsafe {
            let signal =
                gobject_ffi::g_signal_lookup(c"decide-destination".as_ptr(), Download::static_type().into_glib());
            let (no_closure, nothing) = (std::ptr::null_mut(), std::ptr::null_mut());
            loop {
                let handler =
                    gobject_ffi::g_signal_handler_find(instance, wanted, signal, 0, no_closure, nothing, nothing);
                if handler == 0 {
                    break;
                }
                gobject_ffi::g_signal_handler_block(instance, handler);
            }
        }
    }

    fn decide(download: &Download, suggested: &str, asker: &Rc<Asker>) {
        let address = download.request().and_then(|request| request.uri()).and_then(|uri| Url::parse(&uri).ok());
        if !address.as_ref().is_some_and(|address| asker.guard.is_site(address)) {
            tracing::warn!("a download from another address was refused");
            return download.cancel();
        }
        // A name is a name: whatever the page calls its file, it stays in the folder that the user chose.
        let name = Path::new(suggested).file_name().and_then(|name| name.to_str()).unwrap_or("download");
        match &asker.place {
            Place::Folder(folder) => go_to(download, &free_name(folder, name)),
            Place::Ask => asker.ask(download, name),
        }
    }

    fn go_to(download: &Download, path: &Path) {
        tracing::info!(path = %path.display(), "a download begins");
        download.set_destination(&path.to_string_lossy());
    }

    impl Asker {
        fn text(&self, key: &str) -> String {
            self.app.state::<Shell>().texts.get(key)
        }

        /// WebKit waits for `set_destination` or `cancel` (webkit2gtk 2.40, `decide-destination`).
        fn ask(&self, download: &Download, name: &str) {
            let dialog = gtk::FileChooserNative::new(
                Some(&self.text("desktop.save.title")),
                self.parent.upgrade().as_ref(),
                gtk::FileChooserAction::Save,
                Some(&self.text("desktop.save.save")),
                Some(&self.text("desktop.save.cancel")),
            );
            dialog.set_do_overwrite_confirmation(true);
            dialog.set_current_name(name);
            if let Some(folder) = glib::user_special_dir(glib::UserDirectory::Downloads) {
                dialog.set_current_folder(folder);
            }
            let download = download.clone();
            // A native dialog lives as long as somebody holds it; it lets go of itself with the answer.
            let held = Rc::new(RefCell::new(None));
            let holder = Rc::clone(&held);
            dialog.connect_response(move |dialog, answer| {
                match dialog.filename().filter(|_| answer == gtk::ResponseType::Accept) {
                    Some(path) => {
                        download.set_allow_overwrite(true);
                        go_to(&download, &path);
                    }
                    None => download.cancel(),
                }
                holder.borrow_mut().take();
            });
            dialog.show();
            held.replace(Some(dialog));
        }

        fn tell_failure(&self, path: &Path) {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let message = gtk::MessageDialog::new(
                self.parent.upgrade().as_ref(),
                gtk::DialogFlags::DESTROY_WITH_PARENT,
                gtk::MessageType::Error,
                gtk::ButtonsType::Close,
                &self.text("desktop.save.failed").replace("{name}", &name),
            );
            message.set_secondary_text(Some(&self.text("desktop.save.failed.next")));
            message.connect_response(|message, _answer| message.close());
            message.show();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_overwritten_without_asking() {
        let folder = tempfile::tempdir().expect("a folder");
        let free = |name| free_name(folder.path(), name).file_name().map(|name| name.to_string_lossy().into_owned());
        let check = |name, expect: &str| {
            let found = free(name).expect("a name");
            assert_eq!(found, expect);
            std::fs::write(folder.path().join(found), "").expect("a file");
        };
        check("Gate 21-47.mp4", "Gate 21-47.mp4");
        check("Gate 21-47.mp4", "Gate 21-47 (1).mp4");
        check("Gate 21-47.mp4", "Gate 21-47 (2).mp4");
        check("notes", "notes");
        check("notes", "notes (1)");
    }
}
