//! Recordings and their tracks.

use crate::{
    dates::{parse_duration_ms, parse_utc},
    soap::{Effect, Gap, Patience},
    tree::Node,
};
use watchwall_model::UtcMillis;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetRecordings;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recording {
    pub token: String,
    pub source: RecordingSource,
    pub content: String,
    pub retention_ms: Option<u64>,
    pub tracks: Vec<RecordingTrack>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordingSource {
    pub id: String,
    pub name: String,
    pub location: String,
    pub description: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordingTrack {
    pub token: String,
    pub kind: TrackKind,
    pub from: Option<UtcMillis>,
    pub to: Option<UtcMillis>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrackKind {
    Video,
    Audio,
    Metadata,
    Other(String),
}

operation! {
    GetRecordings "GetRecordings" of Recording -> Vec<Recording> { const PATIENCE: Patience = Patience::List; }
    read(self, answer) {
        let recordings = answer.children("RecordingItem").filter_map(|node| {
            let configuration = node.child("Configuration");
            Some(Recording {
                token: node.text_of("RecordingToken")?.to_owned(),
                source: configuration.map(read_source).unwrap_or_default(),
                content: configuration.map(|node| node.string_of("Content")).unwrap_or_default(),
                retention_ms: configuration.and_then(|node| node.text_of("MaximumRetentionTime")).and_then(parse_duration_ms),
                tracks: node.child("Tracks").into_iter().flat_map(|tracks| tracks.children("Track")).filter_map(read_track).collect(),
            })
        });
        Ok(recordings.collect())
    }
}

pub(super) fn read_source(parent: Node<'_>) -> RecordingSource {
    let Some(source) = parent.child("Source") else { return RecordingSource::default() };
    RecordingSource {
        id: source.string_of("SourceId"),
        name: source.string_of("Name"),
        location: source.string_of("Location"),
        description: source.string_of("Description"),
    }
}

/// A track of a recording or of a search result; the kind stands in its configuration or beside its token.
pub(super) fn read_track(node: Node<'_>) -> Option<RecordingTrack> {
    let kind = node.child("Configuration").unwrap_or(node).string_of("TrackType");
    Some(RecordingTrack {
        token: node.text_of("TrackToken")?.to_owned(),
        kind: match kind.as_str() {
            "Video" => TrackKind::Video,
            "Audio" => TrackKind::Audio,
            "Metadata" => TrackKind::Metadata,
            _ => TrackKind::Other(kind),
        },
        from: node.text_of("DataFrom").and_then(parse_utc),
        to: node.text_of("DataTo").and_then(parse_utc),
    })
}

/// Makes an empty recording; its token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateRecording {
    pub source: RecordingSource,
    pub content: String,
}

operation! {
    CreateRecording "CreateRecording" of Recording -> String { const EFFECT: Effect = Effect::Change; }
    write(self, body) {
        body.parent("RecordingConfiguration", |body| {
            body.parent("tt:Source", |body| {
                body.leaf("tt:SourceId", &self.source.id)
                    .leaf("tt:Name", &self.source.name)
                    .leaf("tt:Location", &self.source.location)
                    .leaf("tt:Description", &self.source.description)
                    .leaf("tt:Address", "");
            });
            body.leaf("tt:Content", &self.content).leaf("tt:MaximumRetentionTime", "PT0S");
        });
    }
    read(self, answer) { answer.text_of("RecordingToken").map(ToOwned::to_owned).ok_or(Gap("RecordingToken")) }
}
