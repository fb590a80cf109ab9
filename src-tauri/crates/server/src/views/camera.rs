//! Cameras, streams, groups and probes on the wire.

use super::{Standing, device::failure_view, health_view, stream_status};
use crate::extract::invalid;
use base64::Engine;
use serde::{Serialize, de::DeserializeOwned};
use watchwall_api::{CameraPatch, CameraView, FactsView, GroupView, NewCamera, ProbeAnswer, ProbeStep, StreamView};
use watchwall_media::ingest::ProbeReport;
use watchwall_model::{AudioCodec, Group, GroupId, IngestEngine, Problem, StreamFacts, Transport, VideoCodec};
use watchwall_site::cameras::{self, CameraEdit, CameraSnapshot};

pub fn camera_view(snapshot: &CameraSnapshot, standing: &Standing) -> CameraView {
    let camera = &snapshot.camera;
    let streams = camera.streams.iter().map(|stream| {
        let state = snapshot.streams.iter().find(|state| state.path == stream.path);
        let running = state.and_then(|state| state.ingest.as_ref()).and_then(|ingest| ingest.facts.as_ref());
        StreamView {
            path: stream.path.to_string(),
            role: stream.role.as_str().to_owned(),
            url: stream.url.to_string(),
            engine: word(&stream.engine),
            transport: word(&stream.transport),
            facts: running.or(stream.facts.as_ref()).map(facts_view),
            profile: stream.profile.clone(),
            failure: stream.failure.as_ref().map(failure_view),
            status: stream_status(camera.enabled, &stream.path, state, standing),
        }
    });
    CameraView {
        id: camera.id.0,
        name: camera.name.clone(),
        host: camera.host.clone(),
        channel: camera.channel,
        group_id: camera.group.map(|group| group.0),
        enabled: camera.enabled,
        username: camera.credentials.as_ref().map(|c| c.username.clone()),
        has_password: camera.credentials.as_ref().is_some_and(|c| !c.password.is_empty()),
        device_id: camera.device.map(|device| device.0),
        ptz: camera.ptz_profile.is_some(),
        health: health_view(&standing.health(camera.id)),
        streams: streams.collect(),
        version: camera.version,
        created_at: camera.created_at.0,
    }
}

pub fn facts_view(facts: &StreamFacts) -> FactsView {
    FactsView {
        video: facts.video.as_ref().map(VideoCodec::as_str).map(ToOwned::to_owned),
        video_codec_string: facts.video_codec_string.clone(),
        width: facts.width,
        height: facts.height,
        frame_rate: facts.frame_rate,
        gop_ms: facts.gop_ms,
        has_b_frames: facts.has_b_frames,
        audio: facts.audio.as_ref().map(AudioCodec::as_str).map(ToOwned::to_owned),
        audio_sample_rate: facts.audio_sample_rate,
    }
}

/// # Errors
/// `request_invalid` for an engine or transport that does not exist.
pub fn new_camera(new: NewCamera) -> Result<cameras::NewCamera, Problem> {
    Ok(cameras::NewCamera {
        name: new.name,
        group: new.group_id.filter(|id| *id != 0).map(GroupId),
        main_url: new.main_url,
        sub_url: new.sub_url,
        username: new.username,
        password: new.password,
        engine: engine_of(new.engine.as_deref())?.unwrap_or_default(),
        transport: transport_of(new.transport.as_deref())?.unwrap_or_default(),
    })
}

/// # Errors
/// `request_invalid` for an engine or transport that does not exist.
pub fn edit_of(patch: CameraPatch) -> Result<CameraEdit, Problem> {
    Ok(CameraEdit {
        name: patch.name,
        group: patch.group_id.map(|id| (id != 0).then_some(GroupId(id))),
        enabled: patch.enabled,
        main_url: patch.main_url,
        sub_url: patch.sub_url,
        username: patch.username,
        password: patch.password,
        engine: engine_of(patch.engine.as_deref())?,
        transport: transport_of(patch.transport.as_deref())?,
    })
}

/// # Errors
/// `request_invalid` naming the field.
pub fn engine_of(text: Option<&str>) -> Result<Option<IngestEngine>, Problem> {
    parse("engine", text)
}

/// # Errors
/// `request_invalid` naming the field.
pub fn transport_of(text: Option<&str>) -> Result<Option<Transport>, Problem> {
    parse("transport", text)
}

fn parse<T: DeserializeOwned>(field: &str, text: Option<&str>) -> Result<Option<T>, Problem> {
    let Some(text) = text else { return Ok(None) };
    let value = serde_json::from_value(serde_json::Value::String(text.to_owned()));
    value.map(Some).map_err(|_| invalid(field, "unknown"))
}

/// The wire word of an enum without fields.
pub fn word<T: Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => text,
        _ => String::new(),
    }
}

pub fn group_view(group: &Group) -> GroupView {
    GroupView {
        id: group.id.0,
        name: group.name.clone(),
        parent_id: group.parent.map(|parent| parent.0),
        version: group.version,
    }
}

/// `picture` is a JPEG of the first key frame.
pub fn probe_view(report: &ProbeReport, picture: Option<&[u8]>) -> ProbeAnswer {
    let to_data_url =
        |jpeg: &[u8]| format!("data:image/jpeg;base64,{}", base64::engine::general_purpose::STANDARD.encode(jpeg));
    ProbeAnswer {
        facts: facts_view(&report.facts),
        source: format!("{}/{}", word(&report.engine), word(&report.transport)),
        first_picture_ms: report.first_picture_ms,
        steps: report.steps.iter().map(|s| ProbeStep { step: s.step.to_string(), at_ms: s.at_ms }).collect(),
        warnings: warnings(&report.facts).into_iter().map(ToOwned::to_owned).collect(),
        picture: picture.map(to_data_url),
    }
}

/// GOPs longer than this make a wall slow to open elsewhere and a recording coarse to search.
const LONG_GOP_MS: u32 = 5_000;

/// Remarks by catalogue code `warning.{code}`.
pub fn warnings(facts: &StreamFacts) -> Vec<&'static str> {
    let mut all = Vec::new();
    match facts.video {
        Some(VideoCodec::H265) => all.push("h265_needs_transcode"),
        Some(VideoCodec::Mjpeg) => all.push("mjpeg_needs_transcode"),
        _ => {}
    }
    if facts.gop_ms.is_some_and(|ms| ms > LONG_GOP_MS) {
        all.push("long_gop");
    }
    if facts.has_b_frames {
        all.push("b_frames");
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn engines_and_transports_are_parsed() {
        let check = |text, expect| assert_eq!(engine_of(Some(text)).ok().flatten(), expect, "{text}");
        check("auto", Some(IngestEngine::Auto));
        check("gstreamer", Some(IngestEngine::Gstreamer));
        check("vlc", None);
        assert_eq!(word(&Transport::Http), "http");
        assert_eq!(engine_of(None).unwrap(), None);
    }

    #[test]
    fn probes_warn_about_what_will_hurt() {
        let facts = |video, gop_ms, has_b_frames| StreamFacts {
            video: Some(video),
            video_codec_string: None,
            width: 1,
            height: 1,
            frame_rate: 1.0,
            gop_ms,
            has_b_frames,
            audio: None,
            audio_sample_rate: None,
        };
        let check = |f: StreamFacts, expect: &[&str]| assert_eq!(warnings(&f), expect);
        check(facts(VideoCodec::H264, Some(2_000), false), &[]);
        check(facts(VideoCodec::H265, Some(10_000), true), &["h265_needs_transcode", "long_gop", "b_frames"]);
        check(facts(VideoCodec::Mjpeg, None, false), &["mjpeg_needs_transcode"]);
    }
}
