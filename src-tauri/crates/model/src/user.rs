//! Who may do what. The one table of rights by role.

use crate::{UserId, UtcMillis};
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    Administrator,
    Installer,
    Operator,
    Viewer,
    /// A program with a token.
    Service,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Right {
    Live,
    Playback,
    Export,
    Ptz,
    Audio,
    Alarms,
    Configure,
    Users,
}

impl Right {
    pub const ALL: [Self; 8] =
        [Self::Live, Self::Playback, Self::Export, Self::Ptz, Self::Audio, Self::Alarms, Self::Configure, Self::Users];
}

impl Role {
    pub const ALL: [Self; 5] = [Self::Administrator, Self::Installer, Self::Operator, Self::Viewer, Self::Service];

    pub const fn has(self, right: Right) -> bool {
        match self {
            Self::Administrator => true,
            Self::Installer => !matches!(right, Right::Users),
            Self::Operator => !matches!(right, Right::Users | Right::Configure),
            Self::Viewer => matches!(right, Right::Live | Right::Audio),
            Self::Service => matches!(right, Right::Live | Right::Playback | Right::Alarms),
        }
    }

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Administrator => "administrator",
            Self::Installer => "installer",
            Self::Operator => "operator",
            Self::Viewer => "viewer",
            Self::Service => "service",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    pub id: UserId,
    pub name: String,
    pub role: Role,
    pub enabled: bool,
    /// `en` or `zh-CN`; `None` follows the browser.
    pub language: Option<String>,
    pub created_at: UtcMillis,
    pub version: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_administrators_manage_users() {
        for role in Role::ALL {
            assert_eq!(role.has(Right::Users), role == Role::Administrator, "{}", role.as_str());
        }
    }

    #[test]
    fn every_role_parses_back() {
        for role in Role::ALL {
            assert_eq!(Role::parse(role.as_str()), Some(role));
        }
        assert_eq!(Role::parse("root"), None);
    }
}
