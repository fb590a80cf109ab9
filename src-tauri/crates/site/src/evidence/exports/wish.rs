//! What may be asked for.

use super::super::wording::{self, Words, invalid};
use watchwall_model::{BurnIn, ErrorCode, ExportClip, ExportWanted, Problem, Secret, UtcMillis};

const MOST_CLIPS: usize = 64;
/// As long as one clip can be.
const LONGEST_MS: i64 = 86_400_000;
const NAME: Words = Words { field: "name", shortest: 1, longest: 120 };
const NOTE: Words = Words { field: "note", shortest: 0, longest: 2_000 };
const WATERMARK: Words = Words { field: "watermark", shortest: 0, longest: 100 };
const LONGEST_PASSWORD: usize = 200;
/// Shorter ones are guessed.
const SHORTEST_PASSWORD: usize = 8;

/// What somebody wants handed out.
#[derive(Clone, Debug)]
pub struct ExportWish {
    pub name: String,
    pub note: String,
    pub clips: Vec<ExportClip>,
    /// Makes it an encrypted archive.
    pub password: Option<Secret>,
    /// Another folder than the site's own; it must lie in one that the configuration allows.
    pub folder: Option<String>,
    /// Absent: the cameras' own pictures.
    pub burn: Option<BurnIn>,
}

/// # Errors
/// `request_invalid`, `range_invalid` or `password_too_short`.
pub fn check(wish: &ExportWish, now: UtcMillis) -> Result<ExportWanted, Problem> {
    if wish.clips.is_empty() || wish.clips.len() > MOST_CLIPS {
        return Err(invalid("clips", "1_to_64"));
    }
    for clip in &wish.clips {
        wording::range(clip.range.start, clip.range.end, LONGEST_MS)?;
        if clip.range.start >= now {
            return Err(Problem::new(ErrorCode::RangeInvalid).with("from", clip.range.start.0));
        }
    }
    if let Some(password) = &wish.password {
        let length = password.reveal().chars().count();
        if length < SHORTEST_PASSWORD {
            return Err(Problem::new(ErrorCode::PasswordTooShort).with("min", SHORTEST_PASSWORD));
        }
        if length > LONGEST_PASSWORD {
            return Err(invalid("password", "too_long"));
        }
    }
    let burn = wish.burn.as_ref().map(|burn| wording::text(&burn.watermark, WATERMARK)).transpose()?;
    Ok(ExportWanted {
        name: wording::text(&wish.name, NAME)?,
        note: wording::text(&wish.note, NOTE)?,
        clips: wish.clips.clone(),
        is_encrypted: wish.password.is_some(),
        burn: burn.map(|watermark| BurnIn { watermark }),
    })
}
