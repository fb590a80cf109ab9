//! Which addresses may be contacted, and the way from a name to them.

use crate::verdict::Verdict;
use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

/// Whether targets on this machine itself may be contacted. Addresses that clouds answer questions about their machines
/// at, and other link-local ones, never are: an alarm's target there is somebody else's secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    Everywhere,
    /// All but this machine itself.
    Others,
}

/// Where Alibaba's cloud tells its machines about themselves; it lies outside of link-local.
const ALIBABA_METADATA: Ipv4Addr = Ipv4Addr::new(100, 100, 100, 200);
/// Amazon's by IPv6.
const AMAZON_METADATA: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);

impl Reach {
    pub fn allows(self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        let is_own = address.is_loopback() || address.is_unspecified();
        let is_local_link = match address {
            IpAddr::V4(v4) => v4.is_link_local() || v4.is_broadcast() || v4 == ALIBABA_METADATA,
            IpAddr::V6(v6) => v6.is_unicast_link_local() || v6 == AMAZON_METADATA,
        };
        !(is_local_link || address.is_multicast() || (is_own && self == Self::Others))
    }

    /// The allowed addresses of a host. One that also has others is contacted at these only.
    pub async fn find(self, host: &str, port: u16) -> Result<Vec<SocketAddr>, Unreachable> {
        let found: Vec<_> = tokio::net::lookup_host((host, port)).await.map_err(Unreachable::Unknown)?.collect();
        if found.is_empty() {
            return Err(Unreachable::Unknown(io::ErrorKind::NotFound.into()));
        }
        let allowed: Vec<_> = found.into_iter().filter(|address| self.allows(address.ip())).collect();
        if allowed.is_empty() { Err(Unreachable::Forbidden) } else { Ok(allowed) }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum Unreachable {
    #[error("the name of the host was not found")]
    Unknown(#[source] io::Error),
    #[error("that address is not allowed for targets")]
    Forbidden,
}

impl From<&Unreachable> for Verdict {
    fn from(error: &Unreachable) -> Self {
        match error {
            Unreachable::Unknown(_) => Self::retry(error.to_string()),
            Unreachable::Forbidden => Self::refused(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(address: &str, everywhere: bool, others: bool) {
        let address: IpAddr = address.parse().unwrap();
        assert_eq!(
            (Reach::Everywhere.allows(address), Reach::Others.allows(address)),
            (everywhere, others),
            "{address}"
        );
    }

    #[test]
    fn addresses() {
        check("10.0.0.5", true, true);
        check("203.0.113.7", true, true);
        check("2001:db8::1", true, true);
        check("127.0.0.1", true, false);
        check("127.8.8.8", true, false);
        check("::1", true, false);
        check("::ffff:127.0.0.1", true, false);
        check("0.0.0.0", true, false);
        check("169.254.169.254", false, false);
        check("::ffff:169.254.169.254", false, false);
        check("fe80::1", false, false);
        check("fd00:ec2::254", false, false);
        check("100.100.100.200", false, false);
        check("239.255.255.250", false, false);
        check("255.255.255.255", false, false);
    }
}
