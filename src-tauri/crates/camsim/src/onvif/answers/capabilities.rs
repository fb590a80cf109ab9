//! What the device says it can do: the old list of everything, and each service's own.

use super::services;
use crate::onvif::{
    Quirk,
    address::xaddr,
    call::{Answer, Call, Service, escape},
};

/// GetCapabilities. Media2 is not in it, as on every real device.
pub(super) fn all(call: &Call<'_>) -> Answer {
    let present: Vec<Service> = services::present(call).into_iter().map(|(service, _)| service).collect();
    let part = |service: Service, name: &str, inside: &str| {
        if !present.contains(&service) {
            return String::new();
        }
        let address = escape(&xaddr(call.device, call.authority, service));
        format!("<tt:{name}><tt:XAddr>{address}</tt:XAddr>{inside}</tt:{name}>")
    };
    let sources = source_count(call);
    let device_io = part(
        Service::DeviceIo,
        "DeviceIO",
        &format!(
            "<tt:VideoSources>{sources}</tt:VideoSources><tt:VideoOutputs>0</tt:VideoOutputs><tt:AudioSources>0</tt:AudioSources>\
             <tt:AudioOutputs>0</tt:AudioOutputs><tt:RelayOutputs>{}</tt:RelayOutputs>",
            call.device.spec.relays
        ),
    );
    let storage = [(Service::Recording, "Recording"), (Service::Search, "Search"), (Service::Replay, "Replay")]
        .map(|(service, name)| part(service, name, ""))
        .concat();
    let pull = !call.has(Quirk::DeniesPullSupport);
    let parts = [
        part(
            Service::Device,
            "Device",
            "<tt:Network><tt:IPFilter>false</tt:IPFilter><tt:ZeroConfiguration>false</tt:ZeroConfiguration>\
             <tt:IPVersion6>false</tt:IPVersion6><tt:DynDNS>false</tt:DynDNS></tt:Network>\
             <tt:System><tt:DiscoveryResolve>true</tt:DiscoveryResolve><tt:DiscoveryBye>true</tt:DiscoveryBye>\
             <tt:RemoteDiscovery>false</tt:RemoteDiscovery><tt:SystemBackup>false</tt:SystemBackup>\
             <tt:SystemLogging>false</tt:SystemLogging><tt:FirmwareUpgrade>false</tt:FirmwareUpgrade></tt:System>",
        ),
        part(
            Service::Events,
            "Events",
            &format!(
                "<tt:WSSubscriptionPolicySupport>false</tt:WSSubscriptionPolicySupport>\
                 <tt:WSPullPointSupport>{pull}</tt:WSPullPointSupport>\
                 <tt:WSPausableSubscriptionManagerInterfaceSupport>false</tt:WSPausableSubscriptionManagerInterfaceSupport>"
            ),
        ),
        part(Service::Imaging, "Imaging", ""),
        part(
            Service::Media,
            "Media",
            "<tt:StreamingCapabilities><tt:RTPMulticast>false</tt:RTPMulticast><tt:RTP_TCP>true</tt:RTP_TCP>\
             <tt:RTP_RTSP_TCP>true</tt:RTP_RTSP_TCP></tt:StreamingCapabilities>",
        ),
        part(Service::Ptz, "PTZ", ""),
        format!("<tt:Extension>{device_io}{storage}</tt:Extension>"),
    ];
    call.answer(format!("<tds:Capabilities>{}</tds:Capabilities>", parts.concat()))
}

/// GetServiceCapabilities of the service asked.
pub(super) fn of_service(call: &Call<'_>) -> Answer {
    let spec = &call.device.spec;
    let prefix = call.service.prefix();
    let capabilities = match call.service {
        Service::Device => format!(
            "<tds:Capabilities><tds:Network NTP=\"3\" HostnameFromDHCP=\"false\" IPFilter=\"false\"/>\
             <tds:Security HttpDigest=\"{}\" UsernameToken=\"{}\" MaxUsers=\"16\"/><tds:System DiscoveryBye=\"true\" \
             DiscoveryResolve=\"true\"/></tds:Capabilities>",
            !matches!(spec.login, crate::SoapLogin::Token | crate::SoapLogin::Basic),
            matches!(spec.login, crate::SoapLogin::Token | crate::SoapLogin::DigestOrToken)
        ),
        Service::Events => format!(
            "<tev:Capabilities WSPullPointSupport=\"{}\" MaxPullPoints=\"{}\" PersistentNotificationStorage=\"false\"/>",
            !call.has(Quirk::DeniesPullSupport),
            pull_points(call)
        ),
        Service::Media | Service::Media2 => format!(
            "<{prefix}:Capabilities SnapshotUri=\"true\" Rotation=\"false\" OSD=\"true\"><{prefix}:ProfileCapabilities \
             MaximumNumberOfProfiles=\"{}\"/><{prefix}:StreamingCapabilities RTPMulticast=\"false\" RTP_RTSP_TCP=\"true\"/>\
             </{prefix}:Capabilities>",
            call.streams().len()
        ),
        Service::Ptz => {
            "<tptz:Capabilities EFlip=\"false\" Reverse=\"false\" MoveStatus=\"true\" StatusPosition=\"true\"/>".into()
        }
        Service::Imaging => "<timg:Capabilities ImageStabilization=\"false\"/>".into(),
        Service::DeviceIo => format!(
            "<tmd:Capabilities VideoSources=\"{}\" VideoOutputs=\"0\" RelayOutputs=\"{}\" DigitalInputs=\"{}\"/>",
            source_count(call),
            spec.relays,
            spec.inputs
        ),
        Service::Recording => "<trc:Capabilities DynamicRecordings=\"false\" DynamicTracks=\"false\"/>".into(),
        Service::Search => "<tse:Capabilities MetadataSearch=\"false\" GeneralStartEvents=\"false\"/>".into(),
        Service::Replay => "<trp:Capabilities ReversePlayback=\"false\" RTP_RTSP_TCP=\"true\"/>".into(),
    };
    call.answer(capabilities)
}

/// Subscriptions that fit in.
pub(super) fn pull_points(call: &Call<'_>) -> usize {
    if call.has(Quirk::FewPullPoints) { 2 } else { call.device.spec.pull_points }
}

fn source_count(call: &Call<'_>) -> usize {
    if call.has(Quirk::WrongSourceCount) { call.channels().saturating_sub(1) } else { call.channels() }
}
