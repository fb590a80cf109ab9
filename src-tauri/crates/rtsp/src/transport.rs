//! The `Transport` header (RFC 2326 12.39): which of the client's wishes are granted.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// RTP over the RTSP connection; `None` lets the server choose the channels.
    Interleaved(Option<(u8, u8)>),
    /// UDP to a group that the server chooses.
    Multicast,
    /// UDP to these ports of the client.
    Udp { rtp: u16, rtcp: u16 },
}

impl Wish {
    /// The first wish that can be granted.
    pub fn parse(header: &str) -> Option<Self> {
        header.split(',').find_map(|wish| {
            let mut parts = wish.split(';').map(str::trim);
            let protocol = parts.next()?.to_ascii_uppercase();
            let parts: Vec<_> = parts.collect();
            let value = |name: &str| parts.iter().find_map(|part| part.strip_prefix(name)?.strip_prefix('='));
            let is_multicast = parts.iter().any(|part| part.eq_ignore_ascii_case("multicast"));
            match protocol.as_str() {
                "RTP/AVP" | "RTP/AVP/UDP" if is_multicast => Some(Self::Multicast),
                "RTP/AVP/TCP" => Some(Self::Interleaved(value("interleaved").and_then(pair))),
                "RTP/AVP" | "RTP/AVP/UDP" => {
                    let (rtp, rtcp) = value("client_port").and_then(pair)?;
                    Some(Self::Udp { rtp, rtcp })
                }
                _ => None,
            }
        })
    }
}

/// `a-b`, or `a` for `a` and the one after it.
fn pair<T: std::str::FromStr + Copy + TryFrom<u32> + Into<u32>>(text: &str) -> Option<(T, T)> {
    match text.split_once('-') {
        Some((a, b)) => Some((a.trim().parse().ok()?, b.trim().parse().ok()?)),
        None => {
            let a: T = text.trim().parse().ok()?;
            Some((a, T::try_from(a.into() + 1).ok()?))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_possible_wish_is_granted() {
        let check = |text, expect| assert_eq!(Wish::parse(text), expect, "{text}");
        check("RTP/AVP/TCP;unicast;interleaved=2-3", Some(Wish::Interleaved(Some((2, 3)))));
        check("RTP/AVP/TCP;unicast", Some(Wish::Interleaved(None)));
        check("RTP/AVP;unicast;client_port=5000-5001", Some(Wish::Udp { rtp: 5000, rtcp: 5001 }));
        check("RTP/AVP/UDP;client_port=65534", Some(Wish::Udp { rtp: 65534, rtcp: 65535 }));
        check("RTP/AVP;multicast, RTP/AVP/TCP;interleaved=0-1", Some(Wish::Multicast));
        check("RTP/SAVP;multicast, RTP/AVP/TCP;interleaved=0-1", Some(Wish::Interleaved(Some((0, 1)))));
        for bad in ["", "RTP/AVP;unicast", "RTP/SAVP;unicast;client_port=1-2", "RTP/AVP;client_port=65535"] {
            check(bad, None);
        }
    }
}
