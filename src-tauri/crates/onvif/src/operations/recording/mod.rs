//! Recordings on the device itself: what there is, how it is searched, how it is replayed.

mod jobs;
mod recordings;
mod search;

pub use jobs::{CreateRecordingJob, GetRecordingJobs, RecordingJob};
pub use recordings::{CreateRecording, GetRecordings, Recording, RecordingSource, RecordingTrack, TrackKind};
pub use search::{
    EndSearch, FindEvents, FindRecordings, FoundRecording, GetRecordingSearchResults, GetRecordingSummary,
    GetReplayUri, RecordingSummary, SearchResults,
};
