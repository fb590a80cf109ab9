//! Why a device could not be asked, or what it said.

use crate::{
    soap::{Fault, FaultKind, NotSoap},
    tree::TreeError,
};
use std::{io, net::Ipv6Addr};
use thiserror::Error;
use watchwall_model::{ErrorCode, Problem};

/// Every failure of this crate. Texts name the device and hold no secret.
#[derive(Debug, Error)]
pub enum OnvifError {
    #[error("`{text}` is no address of a device: {reason}")]
    AddressInvalid { text: String, reason: String },
    /// IPv6 that is only known on one network card, which no URL can name.
    #[error("{host} is a link-local address")]
    LinkLocal { host: String },
    #[error("{host} is no known name")]
    HostUnknown { host: String },
    #[error("{host} refused the connection")]
    Refused { host: String },
    #[error("{host} cannot be reached")]
    Unreachable {
        host: String,
        #[source]
        source: io::Error,
    },
    #[error("{host} did not answer within {ms} ms")]
    Timeout { host: String, ms: u64 },
    #[error("{host} closed the connection without an answer")]
    Closed { host: String },
    #[error("{host} broke HTTP: {reason}")]
    Http { host: String, reason: String },
    #[error("{host} answered more than {limit} bytes")]
    TooLarge { host: String, limit: usize },
    #[error("{host} answered {what} with status {status}")]
    NotSoap { host: String, status: u16, what: &'static str },
    #[error("{host} answered damaged XML")]
    BadXml {
        host: String,
        #[source]
        source: TreeError,
    },
    #[error("{host} answered {operation} without {missing}")]
    Incomplete { host: String, operation: &'static str, missing: &'static str },
    #[error("{host} refused {operation}: {fault}")]
    Fault { host: String, operation: &'static str, fault: Box<Fault> },
    #[error("{host} has no {what}")]
    Unsupported { host: String, what: String },
    #[error("{host} wants a login")]
    CredentialsMissing { host: String },
    #[error("{host} refused the user name or password")]
    CredentialsWrong { host: String, is_latched: bool },
    #[error("{host} has locked the account")]
    Locked { host: String, attempts_left: Option<u32> },
    #[error("{host} only takes the password in the clear")]
    BasicOnly { host: String },
    #[error("{host} asks for a login this program does not know")]
    SchemeUnknown { host: String },
    #[error("the address `{uri}` is not fetched by HTTP")]
    SnapshotAddress { uri: String },
    #[error("{host} answered no picture")]
    NoPicture { host: String },
    #[error("no network interface can be asked on")]
    NoInterface {
        #[source]
        source: io::Error,
    },
}

/// What a caller does about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// Nothing answers there: try again later.
    Unreachable,
    /// Something answers, and it is no ONVIF device, or a broken one.
    NotOnvif,
    /// The login: never try again by itself.
    Login,
    /// The device has no such thing: do not ask again.
    Unsupported,
    /// The device refused this request.
    Refused,
    /// The request made no sense to begin with.
    Invalid,
}

impl OnvifError {
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::HostUnknown { .. }
            | Self::Refused { .. }
            | Self::Unreachable { .. }
            | Self::Timeout { .. }
            | Self::Closed { .. }
            | Self::NoInterface { .. } => ErrorKind::Unreachable,
            Self::Http { .. }
            | Self::TooLarge { .. }
            | Self::NotSoap { .. }
            | Self::BadXml { .. }
            | Self::Incomplete { .. }
            | Self::NoPicture { .. } => ErrorKind::NotOnvif,
            Self::CredentialsMissing { .. }
            | Self::CredentialsWrong { .. }
            | Self::Locked { .. }
            | Self::BasicOnly { .. }
            | Self::SchemeUnknown { .. } => ErrorKind::Login,
            Self::Unsupported { .. } => ErrorKind::Unsupported,
            Self::Fault { fault, .. } => match fault.kind() {
                FaultKind::Unsupported => ErrorKind::Unsupported,
                FaultKind::NotAuthorized | FaultKind::Locked { .. } => ErrorKind::Login,
                _ => ErrorKind::Refused,
            },
            Self::AddressInvalid { .. } | Self::SnapshotAddress { .. } | Self::LinkLocal { .. } => ErrorKind::Invalid,
        }
    }

    /// The fault, when the device sent one.
    pub fn fault_kind(&self) -> Option<FaultKind> {
        match self {
            Self::Fault { fault, .. } => Some(fault.kind()),
            _ => None,
        }
    }

    /// The code of the catalogue.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::AddressInvalid { .. } => ErrorCode::UrlInvalid,
            Self::SnapshotAddress { .. } => ErrorCode::UrlSchemeUnsupported,
            Self::LinkLocal { .. } => ErrorCode::AddressLinkLocal,
            Self::HostUnknown { .. } => ErrorCode::HostUnknown,
            Self::Refused { .. } => ErrorCode::PortRefused,
            Self::Unreachable { source, .. } if source.kind() == io::ErrorKind::TimedOut => ErrorCode::ConnectTimeout,
            // The system refuses such an address before anything is sent.
            Self::Unreachable { host, .. } if is_link_local(host) => ErrorCode::AddressLinkLocal,
            Self::Unreachable { .. } | Self::NoInterface { .. } => ErrorCode::HostUnreachable,
            Self::Timeout { .. } => ErrorCode::AnswerTimeout,
            Self::NotSoap { .. } => ErrorCode::NotOnvif,
            Self::Closed { .. }
            | Self::Http { .. }
            | Self::TooLarge { .. }
            | Self::BadXml { .. }
            | Self::Incomplete { .. } => ErrorCode::AnswerInvalid,
            Self::Unsupported { .. } => ErrorCode::OperationUnsupported,
            Self::Fault { fault, .. } => match fault.kind() {
                FaultKind::Unsupported => ErrorCode::OperationUnsupported,
                FaultKind::NotAuthorized => ErrorCode::CredentialsWrong,
                FaultKind::Locked { .. } => ErrorCode::AccountLocked,
                _ => ErrorCode::DeviceRefused,
            },
            Self::CredentialsMissing { .. } => ErrorCode::CredentialsMissing,
            Self::CredentialsWrong { .. } => ErrorCode::CredentialsWrong,
            Self::Locked { .. } => ErrorCode::AccountLocked,
            Self::BasicOnly { .. } | Self::SchemeUnknown { .. } => ErrorCode::LoginUnsafe,
            Self::NoPicture { .. } => ErrorCode::SnapshotFailed,
        }
    }

    /// As the user meets it, with the cause in one English line.
    pub fn problem(&self) -> Problem {
        let mut problem = Problem::new(self.code());
        match self {
            Self::AddressInvalid { reason, .. } => problem = problem.with("reason", reason),
            Self::SnapshotAddress { uri } => {
                problem = problem.with("scheme", uri.split(':').next().unwrap_or_default());
            }
            Self::Fault { host, operation, fault } => {
                let reason = if fault.reason.is_empty() { fault.to_string() } else { fault.reason.clone() };
                problem = problem.with("host", host).with("operation", operation).with("reason", reason);
            }
            Self::Unsupported { host, what } => problem = problem.with("host", host).with("operation", what),
            Self::NoInterface { .. } => problem = problem.with("host", "*"),
            other => problem = problem.with("host", other.host()),
        }
        if let Self::Locked { attempts_left: Some(left), .. } = self {
            problem = problem.with("attempts", left);
        }
        problem.because(chain(self))
    }

    fn host(&self) -> &str {
        match self {
            Self::HostUnknown { host }
            | Self::LinkLocal { host }
            | Self::Refused { host }
            | Self::Unreachable { host, .. }
            | Self::Timeout { host, .. }
            | Self::Closed { host }
            | Self::Http { host, .. }
            | Self::TooLarge { host, .. }
            | Self::NotSoap { host, .. }
            | Self::BadXml { host, .. }
            | Self::Incomplete { host, .. }
            | Self::Fault { host, .. }
            | Self::Unsupported { host, .. }
            | Self::CredentialsMissing { host }
            | Self::CredentialsWrong { host, .. }
            | Self::Locked { host, .. }
            | Self::BasicOnly { host }
            | Self::SchemeUnknown { host }
            | Self::NoPicture { host } => host,
            Self::AddressInvalid { text, .. } => text,
            Self::SnapshotAddress { uri } => uri,
            Self::NoInterface { .. } => "",
        }
    }

    pub(crate) fn not_soap(host: &str, status: u16, what: NotSoap) -> Self {
        let host = host.to_owned();
        let what = match what {
            NotSoap::Broken(source) => return Self::BadXml { host, source },
            NotSoap::Empty => "nothing",
            NotSoap::Html => "a web page",
            NotSoap::Text(_) => "plain text",
            NotSoap::OtherXml => "XML that is no SOAP",
        };
        Self::NotSoap { host, status, what }
    }
}

/// Whether a host, as [`OnvifError`] names it, is an IPv6 address without which network card it means.
fn is_link_local(host: &str) -> bool {
    let address = host.strip_prefix('[').and_then(|inside| inside.split_once(']'));
    address.and_then(|(address, _)| address.parse().ok()).is_some_and(|ip: Ipv6Addr| ip.is_unicast_link_local())
}

/// An error and its causes in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_one_network_card_is_told_from_a_device_that_is_off() {
        let check = |host: &str, expect: ErrorCode| {
            let source = io::ErrorKind::InvalidInput.into();
            assert_eq!(OnvifError::Unreachable { host: host.to_owned(), source }.code(), expect, "{host}");
        };
        check("[fe80::1]", ErrorCode::AddressLinkLocal);
        check("[fe80::1]:8000", ErrorCode::AddressLinkLocal);
        check("[fd00::1]", ErrorCode::HostUnreachable);
        check("10.0.0.1", ErrorCode::HostUnreachable);
    }
}
