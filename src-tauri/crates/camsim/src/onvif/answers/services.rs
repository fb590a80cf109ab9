//! The list of services.

use crate::onvif::{
    Quirk,
    address::xaddr,
    call::{Answer, Call, Service, escape},
};

/// The services this device has, with the namespaces it says they have.
pub(super) fn present(call: &Call<'_>) -> Vec<(Service, &'static str)> {
    let has = |service: &Service| match service {
        Service::Media => !call.has(Quirk::NoMedia1),
        Service::Media2 => !call.has(Quirk::NoMedia2),
        Service::Ptz => call.device.spec.has_ptz,
        Service::Events => !call.has(Quirk::MetadataOnly),
        Service::Recording | Service::Search | Service::Replay => call.device.spec.edge_storage.is_some(),
        _ => true,
    };
    let namespace = |service: Service| match service {
        Service::Ptz if call.has(Quirk::PtzOldNamespace) => "http://www.onvif.org/ver10/ptz/wsdl",
        service => service.namespace(),
    };
    Service::ALL.into_iter().filter(has).map(|service| (service, namespace(service))).collect()
}

pub(super) fn list(call: &Call<'_>) -> Answer {
    let minor = if call.has(Quirk::MinorMissing) { "" } else { "<tt:Minor>6</tt:Minor>" };
    let items = present(call).into_iter().map(|(service, namespace)| {
        format!(
            "<tds:Service><tds:Namespace>{namespace}</tds:Namespace><tds:XAddr>{}</tds:XAddr><tds:Version>\
             <tt:Major>2</tt:Major>{minor}</tds:Version></tds:Service>",
            escape(&xaddr(call.device, call.authority, service))
        )
    });
    call.answer(items.collect::<String>())
}
