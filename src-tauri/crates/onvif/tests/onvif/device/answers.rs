//! What a camera with good manners answers.

use super::{Reply, Request, Shared};
use std::sync::atomic::Ordering;
use watchwall_model::UtcMillis;
use watchwall_onvif::{CivilTime, format_utc};

pub const JPEG: &[u8] = b"\xff\xd8\xff\xe0\0\x10JFIF picture \xff\xd9";

pub fn envelope(body: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><env:Envelope xmlns:env=\"http://www.w3.org/2003/05/soap-envelope\" \
         xmlns:tds=\"http://www.onvif.org/ver10/device/wsdl\" xmlns:trt=\"http://www.onvif.org/ver10/media/wsdl\" \
         xmlns:tt=\"http://www.onvif.org/ver10/schema\" xmlns:ter=\"http://www.onvif.org/ver10/error\"><env:Body>{body}\
         </env:Body></env:Envelope>"
    )
}

pub fn fault(subcodes: &[&str], reason: &str) -> String {
    let nested = subcodes.iter().rev().fold(String::new(), |inner, code| {
        format!("<env:Subcode><env:Value>ter:{code}</env:Value>{inner}</env:Subcode>")
    });
    format!(
        "<env:Fault><env:Code><env:Value>env:Sender</env:Value>{nested}</env:Code><env:Reason>\
         <env:Text xml:lang=\"en\">{reason}</env:Text></env:Reason></env:Fault>"
    )
}

/// A profile of the old service.
pub fn profile(token: &str, name: &str, source: &str, size: (u32, u32), codec: &str) -> String {
    format!(
        "<trt:Profiles token=\"{token}\" fixed=\"true\"><tt:Name>{name}</tt:Name>\
         <tt:VideoSourceConfiguration token=\"c{source}\"><tt:Name>{source}</tt:Name><tt:SourceToken>{source}</tt:SourceToken>\
         </tt:VideoSourceConfiguration><tt:VideoEncoderConfiguration token=\"e{token}\"><tt:Encoding>{codec}</tt:Encoding>\
         <tt:Resolution><tt:Width>{}</tt:Width><tt:Height>{}</tt:Height></tt:Resolution></tt:VideoEncoderConfiguration>\
         <tt:PTZConfiguration token=\"ptz\"><tt:NodeToken>node</tt:NodeToken></tt:PTZConfiguration></trt:Profiles>",
        size.0, size.1
    )
}

pub fn clock(at: UtcMillis) -> String {
    let time = CivilTime::from_utc(at);
    let both = |name: &str| {
        format!(
            "<tt:{name}><tt:Time><tt:Hour>{}</tt:Hour><tt:Minute>{}</tt:Minute><tt:Second>{}</tt:Second></tt:Time><tt:Date>\
             <tt:Year>{}</tt:Year><tt:Month>{}</tt:Month><tt:Day>{}</tt:Day></tt:Date></tt:{name}>",
            time.hour, time.minute, time.second, time.year, time.month, time.day
        )
    };
    format!(
        "<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime><tt:DateTimeType>NTP</tt:DateTimeType>\
         <tt:DaylightSavings>false</tt:DaylightSavings><tt:TimeZone><tt:TZ>UTC5UTC</tt:TZ></tt:TimeZone>{}{}\
         </tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>",
        both("UTCDateTime"),
        both("LocalDateTime")
    )
}

/// Addresses of another network, as behind NAT.
pub fn services(list: &[(&str, &str)], port: u16) -> String {
    let items: String = list
        .iter()
        .map(|(namespace, path)| {
            format!(
                "<tds:Service><tds:Namespace>{namespace}</tds:Namespace><tds:XAddr>http://192.168.77.5:{port}{path}</tds:XAddr>\
                 <tds:Version><tt:Major>2</tt:Major></tds:Version></tds:Service>"
            )
        })
        .collect();
    format!("<tds:GetServicesResponse>{items}</tds:GetServicesResponse>")
}

pub const SERVICES: [(&str, &str); 4] = [
    ("http://www.onvif.org/ver10/device/wsdl", "/onvif/device_service"),
    ("http://www.onvif.org/ver10/media/wsdl", "/onvif/media"),
    ("http://www.onvif.org/ver20/ptz/wsdl", "/onvif/ptz"),
    ("http://www.onvif.org/ver10/events/wsdl", "/onvif/events"),
];

pub fn usual(shared: &Shared, request: &Request) -> Reply {
    if request.method == "GET" {
        return Reply::raw(200, JPEG);
    }
    let device_now = UtcMillis::now().saturating_add_ms(shared.clock_ms.load(Ordering::SeqCst));
    let soon = device_now.saturating_add_ms(120_000);
    let body = match request.operation().as_str() {
        "GetSystemDateAndTime" => clock(device_now),
        "GetServices" => services(&SERVICES, shared.port),
        "GetDeviceInformation" => "<tds:GetDeviceInformationResponse><tds:Manufacturer>HIKVISION</tds:Manufacturer>\
             <tds:Model>DS-2CD</tds:Model><tds:FirmwareVersion>V5.7.13</tds:FirmwareVersion><tds:SerialNumber>S1</tds:SerialNumber>\
             </tds:GetDeviceInformationResponse>"
            .to_owned(),
        "GetProfiles" => format!(
            "<trt:GetProfilesResponse>{}{}</trt:GetProfilesResponse>",
            profile("Profile 1", "mainStream", "v1", (1920, 1080), "H264"),
            profile("Profile 2", "subStream", "v1", (640, 360), "H264")
        ),
        "GetScopes" => "<tds:GetScopesResponse><tds:Scopes><tt:ScopeDef>Fixed</tt:ScopeDef>\
             <tt:ScopeItem>onvif://www.onvif.org/name/Gate</tt:ScopeItem></tds:Scopes></tds:GetScopesResponse>"
            .to_owned(),
        "GetEndpointReference" => {
            "<tds:GetEndpointReferenceResponse><tds:GUID>urn:uuid:E-1</tds:GUID></tds:GetEndpointReferenceResponse>".to_owned()
        }
        "GetNetworkInterfaces" => "<tds:GetNetworkInterfacesResponse><tds:NetworkInterfaces token=\"eth0\"><tt:Info>\
             <tt:HwAddress>44-19-b6-00-00-01</tt:HwAddress></tt:Info></tds:NetworkInterfaces></tds:GetNetworkInterfacesResponse>"
            .to_owned(),
        "GetStreamUri" => {
            let token = if request.body.contains("Profile 1") { "101" } else { "102" };
            format!(
                "<trt:GetStreamUriResponse><trt:MediaUri><tt:Uri>rtsp://192.168.77.5:554/ch/{token}?a=1&amp;b=2</tt:Uri>\
                 <tt:InvalidAfterReboot>true</tt:InvalidAfterReboot></trt:MediaUri></trt:GetStreamUriResponse>"
            )
        }
        "GetSnapshotUri" => "<trt:GetSnapshotUriResponse><trt:MediaUri><tt:Uri>http://192.168.77.5/snap.jpg</tt:Uri>\
             </trt:MediaUri></trt:GetSnapshotUriResponse>"
            .to_owned(),
        "GetUsers" => "<tds:GetUsersResponse><tds:User><tt:Username>admin</tt:Username><tt:UserLevel>Administrator\
             </tt:UserLevel></tds:User></tds:GetUsersResponse>"
            .to_owned(),
        "CreatePullPointSubscription" => format!(
            "<tev:CreatePullPointSubscriptionResponse><tev:SubscriptionReference><wsa:Address>http://192.168.77.5:{}/sub?Idx=7\
             </wsa:Address><wsa:ReferenceParameters><dom0:SubscriptionId xmlns:dom0=\"urn:dom\">42</dom0:SubscriptionId>\
             </wsa:ReferenceParameters></tev:SubscriptionReference><wsnt:CurrentTime>{}</wsnt:CurrentTime>\
             <wsnt:TerminationTime>{}</wsnt:TerminationTime></tev:CreatePullPointSubscriptionResponse>",
            shared.port,
            format_utc(device_now),
            format_utc(soon)
        ),
        "PullMessages" => "<tev:PullMessagesResponse/>".to_owned(),
        "Stop" | "ContinuousMove" | "SetSynchronizationPoint" | "Unsubscribe" => {
            format!("<x:{}Response/>", request.operation())
        }
        _ => return Reply::fault(400, &["ActionNotSupported"], "not implemented"),
    };
    Reply::soap(200, &body)
}
