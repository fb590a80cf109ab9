//! What a viewer asks for. Pure.

use super::pick::{Choice, ClientCodecs};
use watchwall_api::LiveQuery;
use watchwall_model::{StreamPath, StreamRole};

/// Longest look back from a live tile, in seconds.
const MOST_REPLAY_S: u32 = 60;

#[derive(Clone, Debug)]
pub struct Wish {
    pub path: StreamPath,
    pub codecs: ClientCodecs,
    pub max_height: Option<u32>,
    pub selection: Selection,
    pub sound: SoundWish,
    pub replay_s: Option<u32>,
}

/// Main or sub, before the camera's streams are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selection {
    Auto,
    /// The very path of the request.
    ThisPath,
    Role(StreamRole),
}

/// Whether sound is wanted, and whether this user may have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SoundWish {
    Forbidden,
    Off,
    On,
}

impl SoundWish {
    pub const fn of(may_hear: bool, wanted: bool) -> Self {
        match (may_hear, wanted) {
            (false, _) => Self::Forbidden,
            (true, false) => Self::Off,
            (true, true) => Self::On,
        }
    }

    /// Turns it on or off where the user may have it; true when something changed.
    pub fn set(&mut self, wanted: bool) -> bool {
        let new = Self::of(*self != Self::Forbidden, wanted);
        std::mem::replace(self, new) != new
    }

    pub const fn is_on(self) -> bool {
        matches!(self, Self::On)
    }
}

impl Wish {
    pub fn new(path: StreamPath, query: &LiveQuery, may_hear: bool) -> Self {
        Self {
            path,
            codecs: ClientCodecs::parse(query.codecs.as_deref()),
            max_height: query.max_height.filter(|height| *height > 0),
            selection: if query.select.as_deref() == Some("exact") { Selection::ThisPath } else { Selection::Auto },
            sound: SoundWish::of(may_hear, query.audio.unwrap_or(false)),
            replay_s: query.replay_s.filter(|s| *s > 0).map(|s| s.min(MOST_REPLAY_S)),
        }
    }

    /// Takes over a `select` message; false when its role is unknown.
    pub fn select(&mut self, role: &str, max_height: Option<u32>) -> bool {
        self.selection = match role {
            "main" => Selection::Role(StreamRole::Main),
            "sub" => Selection::Role(StreamRole::Sub),
            "auto" => Selection::Auto,
            _ => return false,
        };
        if max_height.is_some() || self.selection == Selection::Auto {
            self.max_height = max_height.filter(|height| *height > 0);
        }
        true
    }

    pub const fn choice(&self, asked: StreamRole) -> Choice {
        match self.selection {
            Selection::Auto => Choice::Auto,
            Selection::ThisPath => Choice::Exact(asked),
            Selection::Role(role) => Choice::Exact(role),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(query: LiveQuery, may_hear: bool) -> Wish {
        Wish::new(StreamPath::parse("cam_a_ch1_main").unwrap(), &query, may_hear)
    }

    #[test]
    fn selections_change_on_the_way() {
        let mut wish =
            wish(LiveQuery { select: Some("exact".into()), max_height: Some(300), ..LiveQuery::default() }, true);
        assert_eq!(wish.choice(StreamRole::Main), Choice::Exact(StreamRole::Main));
        assert!(wish.select("sub", None));
        assert_eq!((wish.choice(StreamRole::Main), wish.max_height), (Choice::Exact(StreamRole::Sub), Some(300)));
        assert!(wish.select("auto", Some(1000)));
        assert_eq!((wish.choice(StreamRole::Main), wish.max_height), (Choice::Auto, Some(1000)));
        assert!(!wish.select("both", None));
    }

    #[test]
    fn sound_needs_the_right() {
        let query = LiveQuery { audio: Some(true), ..LiveQuery::default() };
        assert!(wish(query.clone(), true).sound.is_on());
        let mut deaf = wish(query, false).sound;
        assert!(!deaf.is_on() && !deaf.set(true) && !deaf.is_on());
        let mut off = SoundWish::Off;
        assert!(off.set(true) && !off.set(true) && off.is_on());
    }
}
