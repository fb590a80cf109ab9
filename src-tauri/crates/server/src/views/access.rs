//! Users, sessions and the audit log on the wire.

use crate::{access::Caller, extract::invalid};
use watchwall_api::{AuditView, SessionView, UserView};
use watchwall_model::{Problem, Right, Role, User};
use watchwall_store::{AuditEntry, SessionRow};

pub fn user_view(user: &User) -> UserView {
    UserView {
        id: user.id.0,
        name: user.name.clone(),
        role: user.role.as_str().to_owned(),
        rights: rights(user.role),
        enabled: user.enabled,
        language: user.language.clone(),
        created_at: user.created_at.0,
        version: user.version,
    }
}

fn rights(role: Role) -> Vec<String> {
    Right::ALL.into_iter().filter(|right| role.has(*right)).map(|right| right_name(right).to_owned()).collect()
}

pub const fn right_name(right: Right) -> &'static str {
    match right {
        Right::Live => "live",
        Right::Playback => "playback",
        Right::Export => "export",
        Right::Ptz => "ptz",
        Right::Audio => "audio",
        Right::Alarms => "alarms",
        Right::Configure => "configure",
        Right::Users => "users",
    }
}

/// # Errors
/// `request_invalid` for a role that does not exist.
pub fn role_of(text: &str) -> Result<Role, Problem> {
    Role::parse(text).ok_or_else(|| invalid("role", "unknown"))
}

pub fn session_view(row: &SessionRow, user_name: String, asker: &Caller) -> SessionView {
    SessionView {
        id: row.id.0,
        user_id: row.user.0,
        user_name,
        address: row.address.clone(),
        agent: row.agent.clone(),
        created_at: row.created_at.0,
        last_seen_at: row.last_seen_at.0,
        is_current: asker.session == Some(row.id),
        kind: row.kind.clone(),
    }
}

pub fn audit_view(entry: AuditEntry) -> AuditView {
    let AuditEntry { id, entry, .. } = entry;
    AuditView {
        id,
        at: entry.at.0,
        user: entry.user,
        address: entry.address,
        action: entry.action,
        subject: entry.subject,
        old: entry.old,
        new: entry.new,
    }
}
