//! From what a device told to what is stored of it, and back. Pure.

use watchwall_model::{DeviceFacts, DeviceProfile, DeviceService};
use watchwall_onvif::{
    Device, LoginSeen,
    operations::{Profile, ServiceAddress, Services},
    soap::Service,
};

/// What is worth storing of a device.
pub fn facts_of(device: &Device) -> DeviceFacts {
    let facts = &device.facts;
    let information = &facts.information;
    DeviceFacts {
        manufacturer: information.manufacturer.clone(),
        model: information.model.clone(),
        firmware: information.firmware.clone(),
        serial: information.serial_number.clone(),
        hardware_id: information.hardware_id.clone(),
        vendor: facts.vendor.as_ref().map(ToString::to_string),
        name: facts.name.clone(),
        endpoint: facts.endpoint.clone(),
        macs: facts.macs.clone(),
        login: facts.login.and_then(login_word).map(ToOwned::to_owned),
        clock_offset_ms: facts.clock_offset_ms,
        services: device.services.iter().map(service_of).collect(),
        profiles: device.profiles.iter().filter(|profile| profile.video.is_some()).map(profile_of).collect(),
    }
}

const fn login_word(login: LoginSeen) -> Option<&'static str> {
    match login {
        LoginSeen::Nothing => None,
        LoginSeen::Digest => Some("digest"),
        LoginSeen::Wsse => Some("wsse"),
        LoginSeen::Both => Some("both"),
        LoginSeen::Basic => Some("basic"),
    }
}

fn service_of(service: &ServiceAddress) -> DeviceService {
    DeviceService {
        namespace: service.service.namespace().to_owned(),
        xaddr: service.xaddr.clone(),
        version: service.version,
    }
}

/// The services as they were stored, for a client to know.
pub fn services_of(stored: &[DeviceService]) -> Services {
    let items = stored.iter().map(|service| ServiceAddress {
        service: Service::of_namespace(&service.namespace),
        xaddr: service.xaddr.clone(),
        version: service.version,
    });
    Services::new(items.collect())
}

fn profile_of(profile: &Profile) -> DeviceProfile {
    let video = profile.video.clone().unwrap_or_default();
    let size = video.size.or_else(|| profile.source.as_ref().and_then(|source| source.bounds)).unwrap_or_default();
    DeviceProfile {
        token: profile.token.clone(),
        name: profile.name.clone(),
        source_token: profile.source.as_ref().map(|source| source.source_token.clone()).unwrap_or_default(),
        codec: video.codec.map(|codec| codec.as_str().to_owned()).unwrap_or_default(),
        width: size.width,
        height: size.height,
        has_ptz: profile.ptz.is_some(),
    }
}
