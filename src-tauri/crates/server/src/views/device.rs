//! Devices, probes and credential sets on the wire.

use super::camera::{facts_view, warnings};
use base64::Engine;
use watchwall_api::{
    ChannelStreamView, ChannelView, CredentialSetView, DeviceFactsView, DeviceProbeAnswer, DeviceProfileView,
    DeviceServiceView, DeviceView, StepView, StreamFailureView,
};
use watchwall_model::{Camera, CredentialSet, Device, DeviceFacts, StreamFailure};
use watchwall_site::cameras::onboarding::{Examined, ExaminedChannel, ExaminedStream, StepOutcome};

pub fn device_view<'c>(device: &Device, cameras: impl IntoIterator<Item = &'c Camera>) -> DeviceView {
    let own = cameras.into_iter().filter(|camera| camera.device == Some(device.id));
    DeviceView {
        id: device.id.0,
        url: device.at.url(),
        host: device.at.host.clone(),
        port: device.at.port,
        tls: device.at.is_tls,
        username: device.credentials.as_ref().map(|c| c.username.clone()),
        has_password: device.credentials.as_ref().is_some_and(|c| !c.password.is_empty()),
        facts: device_facts_view(&device.facts),
        camera_ids: own.map(|camera| camera.id.0).collect(),
        version: device.version,
        created_at: device.created_at.0,
    }
}

pub fn device_facts_view(facts: &DeviceFacts) -> DeviceFactsView {
    let services = facts.services.iter().map(|service| DeviceServiceView {
        namespace: service.namespace.clone(),
        xaddr: service.xaddr.clone(),
        version: service.version.map(|(major, minor)| format!("{major}.{minor}")),
    });
    let profiles = facts.profiles.iter().map(|profile| DeviceProfileView {
        token: profile.token.clone(),
        name: profile.name.clone(),
        source_token: profile.source_token.clone(),
        codec: profile.codec.clone(),
        width: profile.width,
        height: profile.height,
        has_ptz: profile.has_ptz,
    });
    DeviceFactsView {
        manufacturer: facts.manufacturer.clone(),
        model: facts.model.clone(),
        firmware: facts.firmware.clone(),
        serial: facts.serial.clone(),
        hardware_id: facts.hardware_id.clone(),
        vendor: facts.vendor.clone(),
        name: facts.name.clone(),
        endpoint: facts.endpoint.clone(),
        macs: facts.macs.clone(),
        login: facts.login.clone(),
        clock_offset_ms: facts.clock_offset_ms,
        services: services.collect(),
        profiles: profiles.collect(),
    }
}

/// Pictures are made of what the probe received.
pub async fn probe_answer(examined: &Examined) -> DeviceProbeAnswer {
    let mut channels: Vec<ChannelView> = examined.channels.iter().map(channel_view).collect();
    for (view, channel) in channels.iter_mut().zip(&examined.channels) {
        for (view, stream) in view.streams.iter_mut().zip(&channel.streams) {
            if stream.role == watchwall_model::StreamRole::Main
                && let Ok(report) = &stream.result
            {
                view.picture = crate::snapshot::of_probe(report).await.map(|jpeg| data_url(&jpeg));
            }
        }
    }
    DeviceProbeAnswer {
        device: examined.device.as_ref().map(|device| device_facts_view(&device.facts)),
        url: examined.device.as_ref().map(|device| device.at.url()),
        channels,
        steps: examined.steps.iter().map(step_view).collect(),
    }
}

pub fn channel_view(channel: &ExaminedChannel) -> ChannelView {
    ChannelView {
        number: channel.number,
        name: channel.name.clone(),
        source_token: channel.source_token.clone(),
        profiles: channel.profiles.clone(),
        ptz_profile: channel.ptz_profile.clone(),
        streams: channel.streams.iter().map(channel_stream_view).collect(),
    }
}

fn channel_stream_view(stream: &ExaminedStream) -> ChannelStreamView {
    let (report, failure) = (stream.result.as_ref().ok(), stream.result.as_ref().err());
    let has_address = failure.is_none_or(|failure| !failure.is_without_address());
    let remarks = report.map(|report| warnings(&report.facts)).unwrap_or_default();
    ChannelStreamView {
        role: stream.role.as_str().to_owned(),
        url: has_address.then(|| stream.url.to_string()),
        profile: stream.profile.clone(),
        facts: report.map(|report| facts_view(&report.facts)),
        bitrate_kbps: stream.result.as_ref().ok().and_then(|report| report.bitrate_kbps),
        first_picture_ms: report.map(|report| report.first_picture_ms),
        warnings: remarks.into_iter().map(ToOwned::to_owned).collect(),
        failure: failure.map(failure_view),
        picture: None,
    }
}

pub fn failure_view(failure: &StreamFailure) -> StreamFailureView {
    StreamFailureView {
        code: failure.code.to_string(),
        params: failure.params.clone(),
        step: failure.step.clone(),
        message: failure.message.clone(),
        suggestion: failure.suggestion.clone(),
        at: failure.at.0,
    }
}

pub fn step_view(step: &StepOutcome) -> StepView {
    let problem = step.result.as_ref().err();
    StepView {
        step: step.step.as_str().to_owned(),
        took_ms: step.took_ms,
        ok: problem.is_none(),
        code: problem.map(|problem| problem.code.to_string()),
        error: problem.and_then(|problem| problem.detail.clone()),
        suggestion_code: problem.and_then(|problem| problem.suggestion).map(ToOwned::to_owned),
    }
}

pub fn set_view(set: &CredentialSet) -> CredentialSetView {
    CredentialSetView {
        id: set.id.0,
        name: set.name.clone(),
        username: set.credentials.username.clone(),
        position: set.position,
        version: set.version,
    }
}

fn data_url(jpeg: &[u8]) -> String {
    format!("data:image/jpeg;base64,{}", base64::engine::general_purpose::STANDARD.encode(jpeg))
}
