//! User names and passwords that devices leave the factory with. Data: `assets/vendors/factory-logins.toml`.

use serde::Deserialize;
use std::sync::LazyLock;

const FILE: &str = include_str!("../../../../../../assets/vendors/factory-logins.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Logins {
    login: Vec<Login>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Login {
    /// For whoever reads the file: a password is as weak at another brand.
    #[allow(dead_code, reason = "the file says whose it is, and where that is told")]
    brands: Vec<String>,
    username: String,
    password: String,
}

static LOGINS: LazyLock<Vec<Login>> = LazyLock::new(|| {
    // A test proves that the file parses; a broken one must not take a running site down.
    toml::from_str::<Logins>(FILE).map(|logins| logins.login).unwrap_or_default()
});

/// Whether devices of some brand are sold with this login. An empty password is one that nobody set.
pub fn is_one(username: &str, password: &str) -> bool {
    let is_known = |login: &Login| login.username.eq_ignore_ascii_case(username) && login.password == password;
    password.is_empty() || LOGINS.iter().any(is_known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_read_and_names_each_login_once() {
        let logins = toml::from_str::<Logins>(FILE).unwrap_or_else(|error| unreachable!("{error}")).login;
        let mut seen = std::collections::HashSet::new();
        for login in &logins {
            assert!(!login.brands.is_empty() && !login.username.is_empty() && !login.password.is_empty());
            assert!(seen.insert((&login.username, &login.password)), "{} twice", login.username);
        }
    }

    #[test]
    fn logins_are_compared_whole() {
        let check = |username, password, expect| assert_eq!(is_one(username, password), expect, "{username}");
        check("admin", "12345", true);
        check("Admin", "12345", true);
        check("root", "pass", true);
        check("admin", "123456789-of-mine", false);
        check("anna", "12345", false);
        check("anna", "", true);
    }
}
