//! What the device records by itself.

use crate::{
    soap::{Effect, Gap},
    tree::Node,
};

/// A job that fills a recording.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordingJob {
    pub token: String,
    pub recording: String,
    pub is_active: bool,
    pub priority: i32,
    /// Tokens of the profiles it records.
    pub sources: Vec<String>,
}

fn read_job(node: Node<'_>) -> Option<RecordingJob> {
    let configuration = node.child("JobConfiguration")?;
    let sources = configuration.children("Source").filter_map(|source| source.at_path(&["SourceToken", "Token"]));
    Some(RecordingJob {
        token: node.text_of("JobToken")?.to_owned(),
        recording: configuration.string_of("RecordingToken"),
        is_active: configuration.text_of("Mode") == Some("Active"),
        priority: configuration.number_of("Priority").unwrap_or(0),
        sources: sources.map(|token| token.text().to_owned()).collect(),
    })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetRecordingJobs;

operation! {
    GetRecordingJobs "GetRecordingJobs" of Recording -> Vec<RecordingJob> {}
    read(self, answer) { Ok(answer.children("JobItem").filter_map(read_job).collect()) }
}

/// Starts recording; the job as the device made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateRecordingJob {
    pub recording: String,
    pub priority: i32,
    pub profile: String,
}

operation! {
    CreateRecordingJob "CreateRecordingJob" of Recording -> RecordingJob { const EFFECT: Effect = Effect::Change; }
    write(self, body) {
        body.parent("JobConfiguration", |body| {
            body.leaf("tt:RecordingToken", &self.recording).leaf("tt:Mode", "Active").leaf("tt:Priority", self.priority);
            body.parent("tt:Source", |body| {
                body.parent_with("tt:SourceToken", &[("Type", "http://www.onvif.org/ver10/schema/Profile")], |body| {
                    body.leaf("tt:Token", &self.profile);
                });
            });
        });
    }
    read(self, answer) { read_job(answer).ok_or(Gap("JobToken")) }
}
