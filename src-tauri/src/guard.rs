//! Where the window may go: the shell's own pages and the one site it belongs to.

use std::sync::{Arc, Mutex, PoisonError};
use url::Url;

/// Shared by the window and its downloads; empty until the site is known.
#[derive(Clone, Debug, Default)]
pub struct Guard(Arc<Mutex<Option<Url>>>);

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
        let mut root = site.clone();
        root.set_path("/");
        root.set_query(None);
        root.set_fragment(None);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(root);
    }

    /// The site's front page, without any token.
    pub fn site(&self) -> Option<Url> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Where to go when the page at `here` is lost: the same page of the site, else its front page.
    pub fn after_loss(&self, here: Option<&str>) -> Option<Url> {
        let site = self.site()?;
        let here = here.and_then(|here| Url::parse(here).ok()).filter(|here| here.origin() == site.origin());
        // A one-time token has been used up.
        Some(here.filter(|here| !here.query_pairs().any(|(name, _)| name == "token")).unwrap_or(site))
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
        self.site().is_some_and(|site| site.origin() == target.origin())
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

    #[test]
    fn a_lost_page_comes_back_without_its_token() {
        let guard = Guard::default();
        assert_eq!(guard.after_loss(Some("tauri://localhost/")), None);
        guard.set_site(&Url::parse("http://127.0.0.1:4000/?token=x").expect("an address"));
        let after = |here| guard.after_loss(here).map(String::from);
        let front = Some("http://127.0.0.1:4000/".to_owned());
        assert_eq!(after(None), front);
        assert_eq!(after(Some("tauri://localhost/index.html")), front);
        assert_eq!(after(Some("http://127.0.0.1:4000/?token=x")), front);
        assert_eq!(
            after(Some("http://127.0.0.1:4000/playback?at=5")),
            Some("http://127.0.0.1:4000/playback?at=5".to_owned())
        );
    }
}
