//! What a device means when it says no.

use crate::tree::Node;

/// A SOAP fault, of 1.2 or 1.1.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fault {
    /// `Sender`, `Receiver`, `MustUnderstand`, ...: local name.
    pub code: String,
    /// Local names, outermost first: `InvalidArgVal`, `NoProfile`. From the detail when the code has none.
    pub subcodes: Vec<String>,
    pub reason: String,
    pub detail: String,
}

/// What a caller does about a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// The login is missing or wrong, or the clock is.
    NotAuthorized,
    /// The account is locked, or about to be.
    Locked {
        attempts_left: Option<u32>,
    },
    /// The user may not do this.
    Forbidden,
    /// The device has no WS-Security and stumbled over ours.
    SecurityNotUnderstood,
    /// The operation or the service does not exist here.
    Unsupported,
    /// A profile that lacks what the operation needs.
    IncompleteConfiguration,
    /// A token names nothing.
    NoSuchEntity,
    /// PTZ: the coordinate space must be named.
    SpaceNotSupported,
    /// PTZ: not while moving.
    Moving,
    /// A name is taken.
    Exists,
    /// The device has no room for more.
    Full,
    /// Another value is not to its liking.
    InvalidValue,
    Other,
}

impl Fault {
    /// Reads a `Fault` element.
    pub fn read(fault: Node<'_>) -> Self {
        let mut found = Self::default();
        if let Some(code) = fault.child("Code") {
            found.code = local(&code.string_of("Value")).to_owned();
            let mut subcode = code.child("Subcode");
            // Two by the specification; a bound keeps a hostile answer from being long.
            while let Some(node) = subcode.filter(|_| found.subcodes.len() < 4) {
                found.subcodes.extend(node.text_of("Value").map(|value| local(value).to_owned()));
                subcode = node.child("Subcode");
            }
        } else {
            found.code = fault.text_of("faultcode").map(|code| local(code).to_owned()).unwrap_or_default();
        }
        let reason = fault.at_path(&["Reason", "Text"]).map(Node::text).filter(|text| !text.is_empty());
        found.reason = shorten(reason.or_else(|| fault.text_of("Reason")).or_else(|| fault.text_of("faultstring")));
        if let Some(detail) = fault.child("Detail").or_else(|| fault.child("detail")) {
            if found.subcodes.is_empty() {
                let named = ["Code", "Subcode", "code", "subcode"].into_iter().filter_map(|name| detail.find(name));
                found.subcodes.extend(named.map(|node| local(node.text()).to_owned()).filter(|text| !text.is_empty()));
            }
            let texts = std::iter::once(detail).chain(detail.descendants()).map(Node::text);
            let texts: Vec<_> = texts.filter(|text| !text.is_empty()).take(16).collect();
            found.detail = shorten(Some(&texts.join(" ")));
        }
        found
    }

    /// For devices that send neither codes nor a fault that reads: only words.
    pub fn from_text(text: &str) -> Self {
        Self { reason: shorten(Some(text)), ..Self::default() }
    }

    pub fn kind(&self) -> FaultKind {
        let words = format!("{} {}", self.reason, self.detail).to_ascii_lowercase();
        let says = |any: &[&str]| any.iter().any(|word| words.contains(word));
        let has =
            |any: &[&str]| self.subcodes.iter().any(|code| any.iter().any(|name| code.eq_ignore_ascii_case(name)));
        let attempts_left = attempts_left(&words);
        if attempts_left.is_some() || has(&["AccountLocked", "UserLocked", "PasswordLocked", "Locked"]) {
            return FaultKind::Locked { attempts_left };
        }
        if says(&["account is locked", "user is locked", "has been locked", "account locked", "user locked"]) {
            return FaultKind::Locked { attempts_left: None };
        }
        if self.code.eq_ignore_ascii_case("MustUnderstand")
            || (says(&["must be understood", "mustunderstand", "must understand"]) && says(&["security", "cannot"]))
        {
            return FaultKind::SecurityNotUnderstood;
        }
        // Worded as "sender not authorized" by most, "operation prohibited" is another matter.
        if has(&[
            "NotAuthorized",
            "FailedAuthentication",
            "InvalidSecurityToken",
            "InvalidSecurity",
            "AuthenticationFailed",
        ]) {
            return FaultKind::NotAuthorized;
        }
        if has(&["OperationProhibited"]) {
            return FaultKind::Forbidden;
        }
        if has(&["IncompleteConfiguration"]) {
            return FaultKind::IncompleteConfiguration;
        }
        if has(&["SpaceNotSupported"]) {
            return FaultKind::SpaceNotSupported;
        }
        // By its code, before the words: they say that a timeout is not supported, not that moves are not.
        if has(&["TimeoutNotSupported"]) {
            return FaultKind::InvalidValue;
        }
        if has(&["MovingPTZ"]) {
            return FaultKind::Moving;
        }
        if has(&["PresetExist", "TokenConflict", "UsernameClash"]) {
            return FaultKind::Exists;
        }
        if self.subcodes.iter().any(|code| code.starts_with("Max") || code.starts_with("TooMany")) {
            return FaultKind::Full;
        }
        if has(&["ActionNotSupported", "UnknownAction", "NotImplemented", "OptionalActionNotImplemented"])
            || says(&["not implemented", "not supported", "not recognized", "unknown action", "unknown method"])
        {
            return FaultKind::Unsupported;
        }
        if has(&[
            "NoProfile",
            "NoConfig",
            "NoEntity",
            "NoToken",
            "NoSource",
            "NoRecording",
            "NoVideoSource",
            "NoPTZProfile",
        ]) {
            return FaultKind::NoSuchEntity;
        }
        if has(&["InvalidArgVal", "InvalidArgs"]) {
            return FaultKind::InvalidValue;
        }
        if says(&["not authorized", "unauthorized", "notauthorized", "authority failure", "authentication"]) {
            return FaultKind::NotAuthorized;
        }
        // Servers made with a SOAP kit say no more than what is wrong with the token.
        if says(&["ws-security header", "security header required", "ws-security timestamp"]) {
            return FaultKind::NotAuthorized;
        }
        FaultKind::Other
    }
}

/// "You still have 3 attempt(s)": Dahua and its brands count down aloud.
fn attempts_left(words: &str) -> Option<u32> {
    let at = words.find("attempt")?;
    let before = words[..at].trim_end();
    let digits = before.rsplit(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}

fn local(name: &str) -> &str {
    let name = name.trim();
    name.rsplit_once([':', '/']).map_or(name, |(_, local)| local)
}

/// Texts of faults reach people and logs: bounded, on one line, and never with a login that was echoed back.
fn shorten(text: Option<&str>) -> String {
    let words: Vec<_> = text.unwrap_or_default().split_whitespace().collect();
    let line = words.join(" ");
    let is_echo = ["UsernameToken", "wsse:", "PasswordDigest"].iter().any(|word| line.contains(word));
    if is_echo { String::new() } else { line.chars().take(300).collect() }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let codes = std::iter::once(self.code.as_str()).chain(self.subcodes.iter().map(String::as_str));
        let codes: Vec<_> = codes.filter(|code| !code.is_empty()).collect();
        write!(f, "{}", codes.join("/"))?;
        if !self.reason.is_empty() {
            write!(f, ": {}", self.reason)?;
        }
        if !self.detail.is_empty() && self.detail != self.reason {
            write!(f, " ({})", self.detail)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
