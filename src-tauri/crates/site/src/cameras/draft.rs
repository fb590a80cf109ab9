//! What a person typed about a camera, checked and completed before anything is saved. Pure.

use watchwall_model::{Credentials, ErrorCode, GroupId, IngestEngine, Problem, SafeUrl, Secret, StreamRole, Transport};
use watchwall_store::NewCameraRow;

/// A camera as typed: URLs may carry credentials.
#[derive(Clone, Debug, Default)]
pub struct NewCamera {
    /// `None` names it after host and channel.
    pub name: Option<String>,
    pub group: Option<GroupId>,
    pub main_url: String,
    pub sub_url: Option<String>,
    pub username: Option<String>,
    pub password: Option<Secret>,
    pub engine: IngestEngine,
    pub transport: Transport,
}

/// Longest name a camera may carry, in characters.
pub const MAX_NAME_CHARS: usize = 100;

impl NewCamera {
    /// Splits credentials out of the URLs; typed fields win over those in a URL.
    ///
    /// # Errors
    /// The URL codes of [`SafeUrl::split`] with parameter `field`, or `request_invalid` for a name that is too long.
    pub fn draft(self) -> Result<NewCameraRow, Problem> {
        let (main, in_main) = split(&self.main_url, "main_url")?;
        let sub_text = self.sub_url.as_deref().map(str::trim).filter(|text| !text.is_empty());
        let sub = sub_text.map(|text| split(text, "sub_url")).transpose()?;
        let in_url = in_main.or_else(|| sub.as_ref().and_then(|(_, credentials)| credentials.clone()));
        let host = if main.scheme() == "file" { "file".to_owned() } else { main.host().to_owned() };
        let mut streams = vec![(StreamRole::Main, main)];
        streams.extend(sub.map(|(url, _)| (StreamRole::Sub, url)));
        Ok(NewCameraRow {
            name: check_name(self.name)?,
            group: self.group,
            host,
            credentials: merge_credentials(self.username, self.password, in_url),
            streams,
            engine: self.engine,
            transport: self.transport,
        })
    }
}

/// Trims a name; an empty one counts as none.
pub fn check_name(name: Option<String>) -> Result<Option<String>, Problem> {
    let name = name.map(|n| n.trim().to_owned()).filter(|n| !n.is_empty());
    match &name {
        Some(n) if n.chars().count() > MAX_NAME_CHARS => {
            Err(Problem::new(ErrorCode::RequestInvalid).with("field", "name").with("reason", "too_long"))
        }
        Some(n) if n.chars().any(char::is_control) => {
            Err(Problem::new(ErrorCode::RequestInvalid).with("field", "name").with("reason", "control_character"))
        }
        _ => Ok(name),
    }
}

/// Splits one typed URL, naming the field in the refusal.
pub fn split(text: &str, field: &str) -> Result<(SafeUrl, Option<Credentials>), Problem> {
    SafeUrl::split(text).map_err(|problem| problem.with("field", field))
}

fn merge_credentials(
    username: Option<String>,
    password: Option<Secret>,
    in_url: Option<Credentials>,
) -> Option<Credentials> {
    let username = username.filter(|name| !name.is_empty());
    match (username, password, in_url) {
        (None, None, in_url) => in_url,
        (None, Some(password), Some(in_url)) => Some(Credentials { username: in_url.username, password }),
        (Some(username), password, in_url) => {
            let password = password.or(in_url.map(|c| c.password)).unwrap_or_default();
            Some(Credentials { username, password })
        }
        (None, Some(password), None) => {
            (!password.is_empty()).then(|| Credentials { username: String::new(), password })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(
        main: &str,
        sub: Option<&str>,
        username: Option<&str>,
        password: Option<&str>,
    ) -> Result<NewCameraRow, Problem> {
        NewCamera {
            main_url: main.into(),
            sub_url: sub.map(Into::into),
            username: username.map(Into::into),
            password: password.map(Secret::new),
            ..NewCamera::default()
        }
        .draft()
    }

    fn check(username: Option<&str>, password: Option<&str>, expect: Option<(&str, &str)>) {
        let draft = draft("rtsp://anna:old@10.0.0.9/main", None, username, password).unwrap();
        let got = draft.credentials.as_ref().map(|c| (c.username.as_str(), c.password.reveal()));
        assert_eq!(got, expect);
        assert_eq!(draft.streams[0].1.as_str(), "rtsp://10.0.0.9/main");
    }

    #[test]
    fn typed_credentials_win_over_those_in_the_url() {
        check(None, None, Some(("anna", "old")));
        check(Some("bob"), Some("new"), Some(("bob", "new")));
        check(None, Some("new"), Some(("anna", "new")));
        check(Some("bob"), None, Some(("bob", "old")));
    }

    #[test]
    fn refusals_name_the_field() {
        let refused = draft("rtsp://h/a", Some("ftp://h/b"), None, None).unwrap_err();
        assert_eq!(refused.code, ErrorCode::UrlSchemeUnsupported);
        assert_eq!(refused.params.get("field").map(String::as_str), Some("sub_url"));
    }

    #[test]
    fn an_empty_sub_url_means_no_sub_stream() {
        assert_eq!(draft("rtsp://h/a", Some("  "), None, None).unwrap().streams.len(), 1);
    }

    #[test]
    fn long_or_broken_names_are_refused() {
        assert!(check_name(Some("x".repeat(101))).is_err());
        assert!(check_name(Some("a\nb".into())).is_err());
        assert_eq!(check_name(Some("  ".into())).unwrap(), None);
    }
}
