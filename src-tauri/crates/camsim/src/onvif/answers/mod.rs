//! What each operation answers: one file per service, larger ones split by noun.
//!
//! An answer is the response element as text, or a fault. State is read and changed under the device's lock, never across
//! an await; the only answer that waits is a pull.

mod capabilities;
mod device_io;
mod encoders;
mod events;
mod identity;
mod imaging;
mod media;
mod metadata;
mod network;
mod overlays;
mod profiles;
mod ptz;
mod ptz_nodes;
mod services;
mod storage;
mod tokens;
mod users;

pub(super) use device_io::{input_token, relay_token};
pub(super) use identity::fixed_scopes;
pub(super) use tokens::{listed_source, source_configuration};

use super::{
    Quirk,
    call::{Answer, Call, Refusal, Service},
};

pub(super) async fn answer(call: &Call<'_>) -> Answer {
    let missing = match call.service {
        Service::Media => call.has(Quirk::NoMedia1),
        Service::Media2 => call.has(Quirk::NoMedia2),
        Service::Ptz => !call.device.spec.has_ptz,
        Service::Events => call.has(Quirk::MetadataOnly),
        Service::Recording | Service::Search | Service::Replay => call.device.spec.edge_storage.is_none(),
        _ => false,
    };
    if missing {
        return Err(Refusal::unsupported());
    }
    if call.operation == "GetServiceCapabilities" {
        return capabilities::of_service(call);
    }
    match call.service {
        Service::Device => device(call),
        Service::Media | Service::Media2 => media(call),
        Service::Ptz => ptz::answer(call),
        Service::Imaging => imaging::answer(call),
        Service::Events => events::answer(call).await,
        Service::DeviceIo => device_io::answer(call),
        Service::Recording | Service::Search | Service::Replay => storage::answer(call),
    }
}

fn device(call: &Call<'_>) -> Answer {
    match call.operation {
        "GetServices" if call.has(Quirk::NoGetServices) => Err(Refusal::unsupported()),
        "GetCapabilities" if call.has(Quirk::NoGetCapabilities) => Err(Refusal::unsupported()),
        "GetServices" => services::list(call),
        "GetCapabilities" => capabilities::all(call),
        "GetUsers" | "CreateUsers" | "SetUser" | "DeleteUsers" => users::answer(call),
        "GetNetworkInterfaces"
        | "GetNetworkProtocols"
        | "GetNTP"
        | "SetNTP"
        | "GetHostname"
        | "SetHostname"
        | "GetDNS"
        | "GetNetworkDefaultGateway" => network::answer(call),
        "GetRelayOutputs" | "SetRelayOutputState" | "SetRelayOutputSettings" => device_io::answer(call),
        _ => identity::answer(call),
    }
}

fn media(call: &Call<'_>) -> Answer {
    match call.operation {
        "GetProfiles" | "GetProfile" => profiles::answer(call),
        "GetVideoEncoderConfigurations"
        | "GetVideoEncoderConfiguration"
        | "GetCompatibleVideoEncoderConfigurations"
        | "GetVideoEncoderConfigurationOptions"
        | "SetVideoEncoderConfiguration" => encoders::answer(call),
        "GetMetadataConfigurations" | "GetMetadataConfiguration" => metadata::answer(call),
        "GetOSDs" | "GetOSD" | "CreateOSD" | "SetOSD" | "DeleteOSD" | "GetOSDOptions" => overlays::answer(call),
        _ => media::answer(call),
    }
}
