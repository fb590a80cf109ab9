//! One device to be added, as a list or a table names it. Pure.

use super::address::{Target, read_target};
use std::collections::HashMap;
use watchwall_model::{Credentials, ErrorCode, GroupId, Problem, SafeUrl, Secret};

/// Rows of one job at most.
pub const MOST_ROWS: usize = 1_000;

/// As typed.
#[derive(Clone, Debug, Default)]
pub struct NewRow {
    /// `None` takes the name the device gives, or its address.
    pub name: Option<String>,
    /// Address, name, IPv6 or URL; may be empty when `url` is given.
    pub address: String,
    pub port: Option<u16>,
    pub username: Option<String>,
    pub password: Option<Secret>,
    /// Wins over `group_path`.
    pub group: Option<GroupId>,
    /// Names from the top, with `/` between.
    pub group_path: Option<String>,
    /// The address of a stream: nothing else is asked of the device.
    pub url: Option<String>,
    /// Name of a preset file, when the installer knows the brand.
    pub vendor: Option<String>,
    /// Numbers of the channels that are wanted; the others are added switched off. `None` wants all.
    pub channels: Option<Vec<u32>>,
}

/// Checked and completed.
#[derive(Clone, Debug)]
pub struct Row {
    pub new: NewRow,
    /// Line of the table or place in the list, from 1.
    pub number: u32,
    pub target: Target,
    /// Typed ones win over those in an address.
    pub credentials: Option<Credentials>,
}

impl Row {
    /// # Errors
    /// `row_invalid` with row, column and reason.
    pub fn read(number: u32, new: NewRow) -> Result<Self, Problem> {
        let invalid = |column: &str, problem: &Problem| {
            let reason = problem.params.get("reason").cloned().unwrap_or_else(|| problem.code.to_string());
            row_invalid(number, column, &reason)
        };
        crate::cameras::draft::check_name(new.name.clone()).map_err(|problem| invalid("name", &problem))?;
        let stream = new.url.as_deref().map(str::trim).filter(|url| !url.is_empty());
        let (target, in_address) = match stream {
            Some(url) => {
                let (url, credentials) = SafeUrl::split(url).map_err(|problem| invalid("url", &problem))?;
                (Target::Stream(url), credentials)
            }
            None if new.address.trim().is_empty() => return Err(row_invalid(number, "address", "empty")),
            None => read_target(&new.address, new.port).map_err(|problem| invalid("address", &problem))?,
        };
        let typed = new.username.as_deref().map(str::trim).filter(|name| !name.is_empty());
        let credentials = match (typed, &new.password, in_address) {
            (Some(username), password, in_address) => Some(Credentials {
                username: username.to_owned(),
                password: password.clone().or(in_address.map(|c| c.password)).unwrap_or_default(),
            }),
            (None, Some(password), Some(in_address)) if !password.is_empty() => {
                Some(Credentials { password: password.clone(), ..in_address })
            }
            // An empty user name is a user name for some.
            (None, Some(password), None) if !password.is_empty() => {
                Some(Credentials { username: String::new(), password: password.clone() })
            }
            (None, _, in_address) => in_address,
        };
        Ok(Self { new, number, target, credentials })
    }
}

pub fn row_invalid(row: u32, column: &str, reason: &str) -> Problem {
    Problem::new(ErrorCode::RowInvalid).with("row", row).with("column", column).with("reason", reason)
}

/// Reads all rows; each by itself, and the second of two for one device is refused.
pub fn read_rows(rows: impl IntoIterator<Item = (u32, Result<NewRow, Problem>)>) -> Vec<(u32, Result<Row, Problem>)> {
    let mut first_of: HashMap<String, u32> = HashMap::new();
    let rows = rows.into_iter();
    rows.map(|(number, new)| {
        let row = new.and_then(|new| Row::read(number, new)).and_then(|row| match first_of.get(&row.target.key()) {
            Some(first) => Err(Problem::new(ErrorCode::RowDuplicate).with("row", number).with("first", first)),
            None => {
                first_of.insert(row.target.key(), number);
                Ok(row)
            }
        });
        (number, row)
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(address: &str, username: &str, password: &str) -> NewRow {
        NewRow {
            address: address.into(),
            username: (!username.is_empty()).then(|| username.into()),
            password: (!password.is_empty()).then(|| Secret::new(password)),
            ..NewRow::default()
        }
    }

    #[test]
    fn typed_credentials_win() {
        let check = |new: NewRow, expect: Option<(&str, &str)>| {
            let row = Row::read(1, new).unwrap();
            assert_eq!(row.credentials.as_ref().map(|c| (c.username.as_str(), c.password.reveal())), expect);
        };
        check(row("10.0.0.5", "", ""), None);
        check(row("10.0.0.5", "admin", "p@:/%&<>\"密码"), Some(("admin", "p@:/%&<>\"密码")));
        check(row("http://anna:old@10.0.0.5", "", ""), Some(("anna", "old")));
        check(row("http://anna:old@10.0.0.5", "", "new"), Some(("anna", "new")));
        check(row("http://anna:old@10.0.0.5", "bob", ""), Some(("bob", "old")));
        check(row("10.0.0.5", "", "only"), Some(("", "only")));
    }

    #[test]
    fn bad_and_double_rows_are_named() {
        let rows = [row("10.0.0.5", "", ""), row("", "", ""), row("http://10.0.0.5:80/", "", ""), row("a b", "", "")];
        let read = read_rows((2..).zip(rows.map(Ok)));
        let codes: Vec<_> = read.iter().map(|(_, row)| row.as_ref().err().map(|problem| problem.code)).collect();
        let (invalid, double) = (Some(ErrorCode::RowInvalid), Some(ErrorCode::RowDuplicate));
        assert_eq!(codes, [None, invalid, double, invalid]);
        let problem = read[2].1.as_ref().unwrap_err();
        assert_eq!((problem.params["row"].as_str(), problem.params["first"].as_str()), ("4", "2"));
        assert_eq!(read[1].1.as_ref().unwrap_err().params["column"], "address");
    }
}
