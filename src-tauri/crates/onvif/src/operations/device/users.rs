//! The device's accounts.

use watchwall_model::Secret;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserLevel {
    Administrator,
    Operator,
    User,
    Anonymous,
    Other(String),
}

impl UserLevel {
    fn read(text: &str) -> Self {
        match text {
            "Administrator" => Self::Administrator,
            "Operator" => Self::Operator,
            "User" => Self::User,
            "Anonymous" => Self::Anonymous,
            other => Self::Other(other.to_owned()),
        }
    }

    fn as_str(&self) -> &str {
        match self {
            Self::Administrator => "Administrator",
            Self::Operator => "Operator",
            Self::User => "User",
            Self::Anonymous => "Anonymous",
            Self::Other(level) => level,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetUsers;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceUser {
    pub name: String,
    pub level: UserLevel,
}

operation! {
    GetUsers "GetUsers" of Device -> Vec<DeviceUser> {}
    read(self, answer) {
        let users = answer.children("User").map(|node| DeviceUser {
            name: node.string_of("Username"),
            level: UserLevel::read(node.text_of("UserLevel").unwrap_or_default()),
        });
        Ok(users.collect())
    }
}

/// Changes an account. The password always travels: left out, devices may clear it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetUser {
    pub user: DeviceUser,
    pub password: Secret,
}

operation! {
    SetUser "SetUser" of Device {}
    write(self, body) { write_user(body, &self.user, &self.password); }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateUsers {
    pub user: DeviceUser,
    pub password: Secret,
}

operation! {
    CreateUsers "CreateUsers" of Device {}
    write(self, body) { write_user(body, &self.user, &self.password); }
}

fn write_user(body: &mut crate::soap::Xml, user: &DeviceUser, password: &Secret) {
    body.parent("User", |body| {
        body.leaf("tt:Username", &user.name)
            .leaf("tt:Password", password.reveal())
            .leaf("tt:UserLevel", user.level.as_str());
    });
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeleteUsers(pub Vec<String>);

operation! {
    DeleteUsers "DeleteUsers" of Device {}
    write(self, body) {
        for name in &self.0 {
            body.leaf("Username", name);
        }
    }
}
