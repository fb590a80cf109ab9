//! One key of the configuration: what it is called, what it takes, what it does.

use std::{net::SocketAddr, path::PathBuf};

/// A table of the file.
#[derive(Clone, Copy, Debug)]
pub struct Section {
    pub name: &'static str,
    /// Sentences for the example and the reference page.
    pub about: &'static [&'static str],
    pub keys: &'static [Key],
}

/// One key of a section.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    pub section: &'static str,
    pub name: &'static str,
    pub about: &'static [&'static str],
    pub kind: KeyKind,
    /// Smallest and largest allowed number.
    pub limits: Option<(i64, i64)>,
}

/// What a key takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    Switch,
    Number,
    /// IP address and port.
    Address,
    Text,
    /// Text; empty is "not set".
    OptionalText,
}

impl Key {
    /// `WATCHWALL_SECTION__KEY`.
    pub fn environment(&self) -> String {
        format!("{}{}__{}", super::load::PREFIX, self.section.to_uppercase(), self.name.to_uppercase())
    }

    /// `section.key`.
    pub fn full_name(&self) -> String {
        format!("{}.{}", self.section, self.name)
    }
}

impl KeyKind {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Switch => "true or false",
            Self::Number => "whole number",
            Self::Address => "address:port",
            Self::Text => "text",
            Self::OptionalText => "text, may be empty",
        }
    }
}

/// A type a key can have.
pub trait KeyValue {
    const KIND: KeyKind;

    /// As it stands in the file.
    fn show(&self) -> toml::Value;

    fn tidy(&mut self) {}
}

impl KeyValue for bool {
    const KIND: KeyKind = KeyKind::Switch;

    fn show(&self) -> toml::Value {
        toml::Value::Boolean(*self)
    }
}

macro_rules! number {
    ($($type:ty),+) => {$(
        impl KeyValue for $type {
            const KIND: KeyKind = KeyKind::Number;

            fn show(&self) -> toml::Value {
                toml::Value::Integer(i64::try_from(*self).unwrap_or(i64::MAX))
            }
        }
    )+};
}
number!(u32, u64, usize);

impl KeyValue for SocketAddr {
    const KIND: KeyKind = KeyKind::Address;

    fn show(&self) -> toml::Value {
        toml::Value::String(self.to_string())
    }
}

impl KeyValue for String {
    const KIND: KeyKind = KeyKind::Text;

    fn show(&self) -> toml::Value {
        toml::Value::String(self.clone())
    }
}

impl KeyValue for Option<String> {
    const KIND: KeyKind = KeyKind::OptionalText;

    fn show(&self) -> toml::Value {
        toml::Value::String(self.clone().unwrap_or_default())
    }

    fn tidy(&mut self) {
        self.take_if(|text| text.is_empty());
    }
}

impl KeyValue for Option<PathBuf> {
    const KIND: KeyKind = KeyKind::OptionalText;

    fn show(&self) -> toml::Value {
        toml::Value::String(self.as_ref().map(|path| path.display().to_string()).unwrap_or_default())
    }

    fn tidy(&mut self) {
        self.take_if(|path| path.as_os_str().is_empty());
    }
}
