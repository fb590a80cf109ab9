//! Where a client finds the outlet: under the address by which it finds the site.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// How a client came to the site.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Way {
    /// Its own address; `None` is somewhere else.
    pub from: Option<IpAddr>,
    /// Ours, to which it came.
    pub to: Option<IpAddr>,
}

/// Host and port to tell it. `None` when it cannot reach the outlet from where it is.
pub fn place(listening: SocketAddr, announced: Option<&str>, way: Way) -> Option<String> {
    let is_here = way.from.is_some_and(|from| from.to_canonical().is_loopback());
    let host = match (listening.ip(), announced) {
        (own, _) if own.is_loopback() => is_here.then_some(own)?,
        (_, Some(name)) => return Some(format!("{}:{}", bracketed(name), listening.port())),
        (own, None) if !own.is_unspecified() => own,
        (own, None) if is_here => match own {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        },
        (own, None) => {
            let to = way.to?.to_canonical();
            // A link-local address means nothing without the name of a network card.
            let is_telling = !to.is_loopback() && !to.is_unspecified() && !is_link_local(to);
            (is_telling && (to.is_ipv4() || own.is_ipv6())).then_some(to)?
        }
    };
    Some(SocketAddr::new(host, listening.port()).to_string())
}

fn bracketed(name: &str) -> String {
    if name.parse::<Ipv6Addr>().is_ok() { format!("[{name}]") } else { name.to_owned() }
}

const fn is_link_local(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(_) => false,
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_told_what_it_can_reach() {
        let check = |listening: &str, announced, from: &str, to: &str, expect: Option<&str>| {
            let way = Way { from: from.parse().ok(), to: to.parse().ok() };
            let told = place(listening.parse().unwrap(), announced, way);
            assert_eq!(told.as_deref(), expect, "{listening} {announced:?} {from} {to}");
        };
        let (here, there, ours) = ("127.0.0.1", "10.0.0.9", "10.0.0.1");
        check("127.0.0.1:554", None, here, here, Some("127.0.0.1:554"));
        check("127.0.0.1:554", None, "::ffff:127.0.0.1", here, Some("127.0.0.1:554"));
        // Whatever is announced: nobody else gets in.
        check("127.0.0.1:554", None, there, ours, None);
        check("127.0.0.1:554", Some("nvr"), there, ours, None);
        check("127.0.0.1:554", None, "", "", None);
        check("0.0.0.0:554", None, here, here, Some("127.0.0.1:554"));
        check("0.0.0.0:554", None, there, ours, Some("10.0.0.1:554"));
        check("0.0.0.0:554", None, there, "::ffff:10.0.0.1", Some("10.0.0.1:554"));
        check("0.0.0.0:554", None, there, "2001:db8::1", None);
        check("0.0.0.0:554", None, there, "", None);
        check("[::]:554", None, "::1", "::1", Some("[::1]:554"));
        check("[::]:554", None, "2001:db8::9", "2001:db8::1", Some("[2001:db8::1]:554"));
        check("[::]:554", None, there, ours, Some("10.0.0.1:554"));
        check("[::]:554", None, "fe80::9", "fe80::1", None);
        check("10.0.0.1:554", None, here, here, Some("10.0.0.1:554"));
        check("10.0.0.1:554", None, there, "192.168.1.1", Some("10.0.0.1:554"));
        // Behind a proxy everybody seems to be here.
        check("0.0.0.0:554", Some("nvr.example"), here, here, Some("nvr.example:554"));
        check("0.0.0.0:554", Some("2001:db8::1"), there, ours, Some("[2001:db8::1]:554"));
    }
}
