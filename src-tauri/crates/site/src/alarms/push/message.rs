//! What waits in the outbox as a message for a target.

use crate::{alarms::wording::Told, language::Language};
use bytes::Bytes;
use serde_json::json;
use std::path::Path;
use watchwall_model::{AlarmId, ErrorCode, Problem, UtcMillis};
use watchwall_push::Message;
use watchwall_store::OutboxRow;

/// A larger picture is left out.
const MOST_PICTURE_BYTES: u64 = 1024 * 1024;
/// Lines of a summary.
const MOST_LINES: usize = 20;

/// # Errors
/// `internal` for content that is not ours.
pub fn message(row: &OutboxRow, language: Language, picture: Option<Bytes>) -> Result<Message, Problem> {
    let told = read(row)?;
    let words = told.words(language);
    Ok(Message {
        key: row.key.clone(),
        title: words.title,
        text: words.text,
        level: told.level,
        at: told.at,
        camera: told.camera.clone(),
        link: None,
        picture,
        facts: facts(&told, row.alarm),
    })
}

/// Several as one; the key is that of the first and how many there are.
///
/// # Errors
/// `internal` for content that is not ours.
pub fn summary(rows: &[OutboxRow], language: Language) -> Result<Message, Problem> {
    let all = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let (Some(first), Some(newest)) = (rows.first(), all.last()) else {
        return Err(Problem::new(ErrorCode::Internal).at("push_summary"));
    };
    let count = all.iter().map(|told| told.count.max(1)).sum::<u64>();
    let mut lines: Vec<String> = all.iter().take(MOST_LINES).map(|told| told.words(language).title).collect();
    if all.len() > MOST_LINES {
        lines.push(language.say("alarm.summary.more", &[("count", &(all.len() - MOST_LINES).to_string())]));
    }
    Ok(Message {
        key: format!("{}-{}", first.key, rows.len()),
        title: language.say("alarm.summary.title", &[("count", &count.to_string())]),
        text: lines.join("\n"),
        level: all.iter().map(|told| told.level).max().unwrap_or(1),
        at: newest.at,
        camera: None,
        link: None,
        picture: None,
        facts: json!({ "summary": rows.iter().zip(&all).map(|(row, told)| facts(told, row.alarm)).collect::<Vec<_>>() }),
    })
}

/// What a rule sends to an address; always in English, as machines read it.
pub fn rule_message(told: &Told, key: String) -> Message {
    let words = told.words(Language::English);
    Message {
        key,
        title: words.title,
        text: words.text,
        level: told.level,
        at: told.at,
        camera: told.camera.clone(),
        link: None,
        picture: None,
        facts: facts(told, None),
    }
}

/// What the test button sends.
pub fn test_message(language: Language, key: String, now: UtcMillis) -> Message {
    Message {
        key,
        title: language.word("alarm.title.test"),
        text: language.word("alarm.text.test"),
        level: 1,
        at: now,
        camera: None,
        link: None,
        picture: None,
        facts: json!({ "source": "test", "kind": "test" }),
    }
}

/// The alarm's picture, where it is of this site and not too large.
pub fn picture(row: &OutboxRow, data_folder: &Path) -> Option<Bytes> {
    let snapshot = read(row).ok()?.snapshot.filter(|file| !file.starts_with("node:"))?;
    let file = data_folder.join(snapshot);
    let size = std::fs::metadata(&file).ok()?.len();
    if size > MOST_PICTURE_BYTES {
        return None;
    }
    std::fs::read(&file).ok().map(Bytes::from)
}

/// As the log shows it.
pub fn line(message: &Message) -> String {
    format!("{}\n{}", message.title, message.text)
}

fn read(row: &OutboxRow) -> Result<Told, Problem> {
    serde_json::from_str(&row.content)
        .map_err(|error| Problem::new(ErrorCode::Internal).at("push_content").because(error))
}

/// The alarm for machines.
fn facts(told: &Told, alarm: Option<AlarmId>) -> serde_json::Value {
    json!({
        "id": alarm.map(|alarm| alarm.0),
        "source": told.source.as_str(),
        "kind": told.kind,
        "subject": told.subject,
        "level": told.level,
        "at": told.at.0,
        "count": told.count,
        "camera_id": told.camera_id,
        "camera": told.camera,
        "confidence": told.confidence,
        "params": told.params,
        "escalated": told.is_escalated,
    })
}
