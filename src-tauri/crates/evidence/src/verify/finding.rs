//! What does not fit, in one sentence each.

use serde::Serialize;

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Finding {
    NothingToVerify,
    Missing {
        file: String,
    },
    Unreadable {
        file: String,
        why: String,
    },
    KeyUnreadable,
    SignatureWrong {
        document: &'static str,
    },
    DocumentUnreadable {
        document: &'static str,
    },
    FormatUnknown {
        found: String,
    },
    /// The document names another key than the one beside it.
    KeyOther {
        document: &'static str,
        named: String,
        found: String,
    },
    /// It is not the key that the caller trusts.
    KeyUntrusted {
        found: String,
        trusted: String,
    },
    NameOutside {
        file: String,
    },
    NotAFile {
        file: String,
    },
    SizeOther {
        file: String,
        found: u64,
        named: u64,
    },
    Changed {
        file: String,
        found: String,
        named: String,
    },
    /// Each holds what the other should.
    Swapped {
        one: String,
        other: String,
    },
    /// It holds what another file should, which is not the other way round.
    HoldsOther {
        file: String,
        other: String,
    },
    Additional {
        file: String,
    },
}

impl Finding {
    /// One English sentence.
    pub fn sentence(&self) -> String {
        match self {
            Self::NothingToVerify => "The folder holds neither manifest.json nor statement.json.".to_owned(),
            Self::Missing { file } => format!("{file} is missing."),
            Self::Unreadable { file, why } => format!("{file} cannot be read: {why}."),
            Self::KeyUnreadable => "site-key.pem holds no Ed25519 public key.".to_owned(),
            Self::SignatureWrong { document } => {
                format!("{document} was changed after it was signed, or another key signed it.")
            }
            Self::DocumentUnreadable { document } => format!("{document} cannot be read."),
            Self::FormatUnknown { found } => format!("The format \"{found}\" is unknown to this version."),
            Self::KeyOther { document, named, found } => {
                format!("site-key.pem is the key {found}, and {document} names {named}.")
            }
            Self::KeyUntrusted { found, trusted } => {
                format!("The key {found} signed it, and not the key {trusted} that you trust.")
            }
            Self::NameOutside { file } => format!("The manifest names {file:?}, which lies outside of the folder."),
            Self::NotAFile { file } => format!("{file} is no file, but a link or a folder."),
            Self::SizeOther { file, found, named } => {
                format!("{file} was changed: it has {found} bytes, and the manifest says {named}.")
            }
            Self::Changed { file, found, named } => {
                format!("{file} was changed: its SHA-256 is {found}, and the manifest says {named}.")
            }
            Self::Swapped { one, other } => format!("{one} and {other} were swapped."),
            Self::HoldsOther { file, other } => format!("{file} holds what {other} should hold."),
            Self::Additional { file } => format!("{file} is no part of the export."),
        }
    }
}
