//! Where the window may go: the shell's own pages and the one site it belongs to.

use std::sync::{Arc, Mutex, PoisonError};
use url::{Origin, Url};

/// Shared by the window and its downloads; empty until the site is known.
#[derive(Clone, Debug, Default)]
pub struct Guard(Arc<Mutex<Option<Origin>>>);

/// What a navigation means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Allow,
    /// The problem page's button: start the site again.
    Retry,
    Refuse,
}

impl Guard {
    pub fn set_site(&self, site: &Url) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(site.origin());
    }

    pub fn judge(&self, target: &Url) -> Verdict {
        let own_page = match target.scheme() {
            "tauri" => target.host_str() == Some("localhost"),
            "http" | "https" => target.host_str() == Some("tauri.localhost"),
            "about" => target.path() == "blank",
            "watchwall" if target.path() == "retry" => return Verdict::Retry,
            _ => false,
        };
        if own_page || self.is_site(target) { Verdict::Allow } else { Verdict::Refuse }
    }

    /// `blob:` addresses count by the page that made them.
    pub fn is_site(&self, target: &Url) -> bool {
        let origin = target.origin();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).as_ref() == Some(&origin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(target: &str, expect: Verdict) {
        let guard = Guard::default();
        guard.set_site(&Url::parse("http://127.0.0.1:4000/?token=x").expect("an address"));
        assert_eq!(guard.judge(&Url::parse(target).expect("an address")), expect, "{target}");
    }

    #[test]
    fn only_the_site_and_own_pages() {
        check("http://127.0.0.1:4000/wall", Verdict::Allow);
        check("tauri://localhost/index.html", Verdict::Allow);
        check("about:blank", Verdict::Allow);
        check("watchwall:retry", Verdict::Retry);
        check("watchwall:other", Verdict::Refuse);
        check("http://127.0.0.1:4001/", Verdict::Refuse);
        check("http://localhost:4000/", Verdict::Refuse);
        check("https://127.0.0.1:4000/", Verdict::Refuse);
        check("https://example.com/", Verdict::Refuse);
        check("file:///etc/passwd", Verdict::Refuse);
        check("javascript:alert(1)", Verdict::Refuse);
    }

    #[test]
    fn nothing_remote_before_the_site_is_known() {
        let target = Url::parse("http://127.0.0.1:4000/").expect("an address");
        assert_eq!(Guard::default().judge(&target), Verdict::Refuse);
    }
}
