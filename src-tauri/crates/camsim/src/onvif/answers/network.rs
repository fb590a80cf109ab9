//! Names, network cards and time servers.

use crate::{
    AccountLevel,
    onvif::{
        address::host_of,
        call::{Answer, Call, Refusal, escape},
    },
};
use std::net::IpAddr;

pub(super) fn answer(call: &Call<'_>) -> Answer {
    match call.operation {
        "GetHostname" => call.answer(format!(
            "<tds:HostnameInformation><tt:FromDHCP>false</tt:FromDHCP><tt:Name>{}</tt:Name></tds:HostnameInformation>",
            escape(&call.device.state().hostname)
        )),
        "SetHostname" => {
            call.at_least(AccountLevel::Administrator)?;
            let name = call.text("Name")?.to_owned();
            call.device.state().hostname = name;
            call.done()
        }
        "GetNetworkInterfaces" => call.answer(format!(
            "<tds:NetworkInterfaces token=\"eth0\"><tt:Enabled>true</tt:Enabled><tt:Info><tt:Name>eth0</tt:Name>\
             <tt:HwAddress>{}</tt:HwAddress><tt:MTU>1500</tt:MTU></tt:Info><tt:IPv4><tt:Enabled>true</tt:Enabled><tt:Config>\
             <tt:Manual><tt:Address>{}</tt:Address><tt:PrefixLength>24</tt:PrefixLength></tt:Manual><tt:DHCP>false</tt:DHCP>\
             </tt:Config></tt:IPv4></tds:NetworkInterfaces>",
            call.device.mac(),
            host_of(call.authority)
        )),
        "GetNetworkProtocols" => {
            let rtsp = call.device.cameras(call.house).next().map_or(554, |camera| camera.address.port());
            let one = |name: &str, port: u16| {
                format!(
                    "<tds:NetworkProtocols><tt:Name>{name}</tt:Name><tt:Enabled>true</tt:Enabled><tt:Port>{port}</tt:Port>\
                     </tds:NetworkProtocols>"
                )
            };
            let http = if call.device.spec.tls { "HTTPS" } else { "HTTP" };
            call.answer(one(http, call.device.address.port()) + &one("RTSP", rtsp))
        }
        "GetNTP" => {
            let state = call.device.state();
            let servers: String = state.ntp.iter().map(|server| format!("<tt:NTPManual>{}</tt:NTPManual>", host(server))).collect();
            call.answer(format!(
                "<tds:NTPInformation><tt:FromDHCP>{}</tt:FromDHCP>{servers}</tds:NTPInformation>",
                state.ntp_from_dhcp
            ))
        }
        "SetNTP" => set_ntp(call),
        _ => Err(Refusal::unsupported()),
    }
}

fn set_ntp(call: &Call<'_>) -> Answer {
    call.at_least(AccountLevel::Administrator)?;
    let servers = call.body.children_of("NTPManual").filter_map(|server| {
        ["DNSname", "IPv4Address", "IPv6Address"].iter().find_map(|name| server.text_of(name)).map(ToOwned::to_owned)
    });
    let servers: Vec<String> = servers.collect();
    let from_dhcp = call.text("FromDHCP")? == "true";
    if servers.is_empty() && !from_dhcp {
        return Err(Refusal::invalid("A time server is missing"));
    }
    let mut state = call.device.state();
    (state.ntp, state.ntp_from_dhcp) = (servers, from_dhcp);
    drop(state);
    call.done()
}

/// A host as the schema writes it.
fn host(server: &str) -> String {
    let (kind, element) = match server.parse() {
        Ok(IpAddr::V4(_)) => ("IPv4", "IPv4Address"),
        Ok(IpAddr::V6(_)) => ("IPv6", "IPv6Address"),
        Err(_) => ("DNS", "DNSname"),
    };
    format!("<tt:Type>{kind}</tt:Type><tt:{element}>{}</tt:{element}>", escape(server))
}
