//! The device in its network.

use crate::soap::{Gap, Login};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetHostname;

operation! {
    GetHostname "GetHostname" of Device -> Option<String> { const LOGIN: Login = Login::NotNeeded; }
    read(self, answer) {
        let information = answer.child("HostnameInformation").ok_or(Gap("HostnameInformation"))?;
        Ok(information.text_of("Name").map(ToOwned::to_owned))
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetHostname(pub String);

operation! {
    SetHostname "SetHostname" of Device {}
    write(self, body) { body.leaf("Name", &self.0); }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetNetworkInterfaces;

/// One network card.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NetworkInterface {
    pub token: String,
    pub is_enabled: bool,
    pub name: String,
    /// Lower case with colons; empty when it gives none.
    pub mac: String,
    pub ipv4: Vec<String>,
    pub has_dhcp: bool,
    pub ipv6: Vec<String>,
}

operation! {
    GetNetworkInterfaces "GetNetworkInterfaces" of Device -> Vec<NetworkInterface> {}
    read(self, answer) {
        let interfaces = answer.children("NetworkInterfaces").map(|node| {
            let info = node.child("Info");
            let v4 = node.at_path(&["IPv4", "Config"]);
            let addresses = |name: &str| {
                node.child(name).into_iter().flat_map(crate::tree::Node::descendants)
                    .filter(|node| node.name() == "Address" && !node.text().is_empty())
                    .map(|node| node.text().to_owned()).collect()
            };
            NetworkInterface {
                token: node.token().unwrap_or_default().to_owned(),
                is_enabled: node.flag_of("Enabled").unwrap_or(true),
                name: info.map(|info| info.string_of("Name")).unwrap_or_default(),
                mac: info.map(|info| mac(&info.string_of("HwAddress"))).unwrap_or_default(),
                ipv4: addresses("IPv4"),
                has_dhcp: v4.and_then(|config| config.flag_of("DHCP")).unwrap_or(false),
                ipv6: addresses("IPv6"),
            }
        });
        Ok(interfaces.collect())
    }
}

/// `00-11-aa..`, `0011AA..` and the like to `00:11:aa:..`; empty for what is no hardware address.
pub(crate) fn mac(text: &str) -> String {
    let digits: Vec<char> =
        text.chars().filter(char::is_ascii_hexdigit).map(|digit| digit.to_ascii_lowercase()).collect();
    if digits.len() != 12 || digits.iter().all(|digit| *digit == '0') {
        return String::new();
    }
    digits.chunks(2).map(|pair| pair.iter().collect::<String>()).collect::<Vec<_>>().join(":")
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetNetworkProtocols;

/// A protocol the device serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkProtocol {
    pub name: String,
    pub is_enabled: bool,
    /// Without the zeros some list.
    pub ports: Vec<u16>,
}

operation! {
    GetNetworkProtocols "GetNetworkProtocols" of Device -> Vec<NetworkProtocol> {}
    read(self, answer) {
        let protocols = answer.children("NetworkProtocols").filter_map(|node| {
            Some(NetworkProtocol {
                name: node.text_of("Name")?.to_owned(),
                is_enabled: node.flag_of("Enabled").unwrap_or(false),
                ports: node.children("Port").filter_map(|port| port.text().parse().ok()).filter(|port| *port != 0).collect(),
            })
        });
        Ok(protocols.collect())
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn hardware_addresses() {
        assert_eq!(super::mac("00-11-AA-bb-22-33"), "00:11:aa:bb:22:33");
        assert_eq!(super::mac("0011aabb2233"), "00:11:aa:bb:22:33");
        assert_eq!(super::mac("00:00:00:00:00:00"), "");
        assert_eq!(super::mac("none"), "");
    }
}
