//! Search and replay. A search is a token: results come in portions until the device says that it is complete.

use super::recordings::{RecordingSource, RecordingTrack, read_source, read_track};
use crate::{
    dates::{format_duration_ms, format_utc, parse_utc},
    soap::{Effect, Gap, Patience},
};
use watchwall_model::{TimeRange, UtcMillis};

/// How long a device keeps a search that nobody asks about; the standard wants 10 s at least.
const KEEP_ALIVE_MS: u64 = 30_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetRecordingSummary;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordingSummary {
    pub from: Option<UtcMillis>,
    pub until: Option<UtcMillis>,
    pub recordings: u32,
}

operation! {
    GetRecordingSummary "GetRecordingSummary" of Search -> RecordingSummary {}
    read(self, answer) {
        let summary = answer.child("Summary").ok_or(Gap("Summary"))?;
        Ok(RecordingSummary {
            from: summary.text_of("DataFrom").and_then(parse_utc),
            until: summary.text_of("DataUntil").and_then(parse_utc),
            recordings: summary.number_of("NumberRecordings").unwrap_or(0),
        })
    }
}

/// Begins a search for recordings; its token. The scope is sent even when it is empty: without it Hanwha refuses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FindRecordings {
    /// Of these only; all when empty.
    pub recordings: Vec<String>,
    pub most: Option<u32>,
}

operation! {
    FindRecordings "FindRecordings" of Search -> String { const EFFECT: Effect = Effect::Change; }
    write(self, body) {
        body.parent("Scope", |body| {
            for token in &self.recordings {
                body.leaf("tt:IncludedRecordings", token);
            }
        });
        body.leaf_if("MaxMatches", self.most).leaf("KeepAliveTime", format_duration_ms(KEEP_ALIVE_MS));
    }
    read(self, answer) { answer.text_of("SearchToken").map(ToOwned::to_owned).ok_or(Gap("SearchToken")) }
}

/// Begins a search for events; its token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FindEvents {
    pub range: TimeRange,
    pub recordings: Vec<String>,
    pub most: Option<u32>,
}

operation! {
    FindEvents "FindEvents" of Search -> String { const EFFECT: Effect = Effect::Change; }
    write(self, body) {
        body.leaf("StartPoint", format_utc(self.range.start)).leaf("EndPoint", format_utc(self.range.end));
        body.parent("Scope", |body| {
            for token in &self.recordings {
                body.leaf("tt:IncludedRecordings", token);
            }
        });
        body.parent("SearchFilter", |_| {}).leaf("IncludeStartState", false);
        body.leaf_if("MaxMatches", self.most).leaf("KeepAliveTime", format_duration_ms(KEEP_ALIVE_MS));
    }
    read(self, answer) { answer.text_of("SearchToken").map(ToOwned::to_owned).ok_or(Gap("SearchToken")) }
}

/// One portion of results. The device waits for them itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GetRecordingSearchResults {
    pub token: String,
    pub most: u32,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SearchResults {
    /// There is no more.
    pub is_complete: bool,
    pub recordings: Vec<FoundRecording>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FoundRecording {
    pub token: String,
    pub source: RecordingSource,
    pub content: String,
    pub earliest: Option<UtcMillis>,
    pub latest: Option<UtcMillis>,
    pub tracks: Vec<RecordingTrack>,
    pub status: String,
}

operation! {
    GetRecordingSearchResults "GetRecordingSearchResults" of Search -> SearchResults {
        const PATIENCE: Patience = Patience::Waits { ms: 5000 };
    }
    write(self, body) {
        body.leaf("SearchToken", &self.token).leaf("MaxResults", self.most).leaf("WaitTime", format_duration_ms(5000));
    }
    read(self, answer) {
        let list = answer.child("ResultList").ok_or(Gap("ResultList"))?;
        let recordings = list.children("RecordingInformation").filter_map(|node| {
            Some(FoundRecording {
                token: node.text_of("RecordingToken")?.to_owned(),
                source: read_source(node),
                content: node.string_of("Content"),
                earliest: node.text_of("EarliestRecording").and_then(parse_utc),
                latest: node.text_of("LatestRecording").and_then(parse_utc),
                tracks: node.children("Track").filter_map(read_track).collect(),
                status: node.string_of("RecordingStatus"),
            })
        });
        Ok(SearchResults { is_complete: list.text_of("SearchState") == Some("Completed"), recordings: recordings.collect() })
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndSearch {
    pub token: String,
}

operation! {
    EndSearch "EndSearch" of Search {}
    write(self, body) { body.leaf("SearchToken", &self.token); }
}

/// Where a recording is played back, by RTSP with `Require: onvif-replay`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GetReplayUri {
    pub recording: String,
}

operation! {
    GetReplayUri "GetReplayUri" of Replay -> String {}
    write(self, body) {
        body.parent("StreamSetup", |body| {
            body.leaf("tt:Stream", "RTP-Unicast").parent("tt:Transport", |body| {
                body.leaf("tt:Protocol", "RTSP");
            });
        });
        body.leaf("RecordingToken", &self.recording);
    }
    read(self, answer) { answer.text_of("Uri").map(ToOwned::to_owned).ok_or(Gap("Uri")) }
}
