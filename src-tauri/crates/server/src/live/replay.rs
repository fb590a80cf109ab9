//! Instant replay on a live socket: the last seconds, from memory or from the recording, in the framing of live view.

use super::{
    wire::{End, Said, Wire},
    wish::{Selection, Wish},
};
use crate::{app::App, playback::Sender};
use std::convert::Infallible;
use watchwall_api::{LiveClientMessage, LiveServerMessage};
use watchwall_model::{Problem, StreamPath, UtcMicros, UtcMillis};
use watchwall_site::recording::{PlaybackOptions, SoundMode};

/// The stream that was asked for is taken although another reaches back this much further.
const AS_GOOD_MS: i64 = 2_000;

/// Plays until the client leaves. `pause` and `resume` work; the rest of the live commands mean nothing here.
pub async fn run(app: &App, wire: &mut Wire, wish: &Wish, seconds: u32) -> Result<Infallible, End> {
    let mut options = PlaybackOptions::at(UtcMillis::now());
    options.audio = if wish.sound.is_on() { SoundMode::Audible } else { SoundMode::Silent };
    let wish = Wish { path: choose(app, wish, seconds).await?, ..wish.clone() };
    let mut session = app.site.recording.open_replay(&wish.path, seconds, options).await?;
    let mut sender = Sender::for_replay(&wish);
    loop {
        tokio::select! {
            biased;
            said = wire.hear() => match said? {
                Said::Text(text) => match serde_json::from_str(&text) {
                    Ok(LiveClientMessage::Ping { client_at }) => {
                        let pong = LiveServerMessage::Pong { client_at, server_at: UtcMicros::now().0 };
                        wire.say(&pong).await?;
                    }
                    Ok(LiveClientMessage::Pause) => session.pause(),
                    Ok(LiveClientMessage::Resume) => session.play(None, None),
                    Ok(_) => {}
                    Err(_) => app.metrics.live.unknown_message(),
                },
                Said::Noise => app.metrics.live.unknown_message(),
            },
            message = session.next() => sender.send(app, wire, message).await?,
            unit = sender.transcoded() => sender.send_transcoded(app, wire, unit?).await?,
        }
    }
}

/// Which stream of the camera is played again. Memory holds only what was pulled: without a plan that is what a tile
/// showed, often the sub stream, and the main stream would begin with this very moment.
async fn choose(app: &App, wish: &Wish, seconds: u32) -> Result<StreamPath, Problem> {
    if wish.selection == Selection::ThisPath {
        return Ok(wish.path.clone());
    }
    let camera = app.site.store.cameras().by_path(&wish.path).await?;
    let mut reaches = Vec::new();
    for stream in camera.into_iter().flat_map(|camera| camera.streams) {
        let ring_start = app.site.cameras.ingest(&stream.path).and_then(|ingest| ingest.hub().ring_start());
        let ring_start = ring_start.map(UtcMicros::to_millis);
        if let Some(start) = app.site.recording.replay_start(&stream.path, seconds, ring_start).await? {
            reaches.push((stream.path, start));
        }
    }
    Ok(furthest(&wish.path, &reaches).unwrap_or(&wish.path).clone())
}

/// The stream that reaches back furthest; the one asked for when it does nearly as well.
fn furthest<'a>(asked: &StreamPath, reaches: &'a [(StreamPath, UtcMillis)]) -> Option<&'a StreamPath> {
    let (best, start) = reaches.iter().min_by_key(|(_, start)| *start)?;
    let as_good = reaches.iter().find(|(path, own)| path == asked && *own - *start <= AS_GOOD_MS);
    Some(as_good.map_or(best, |(path, _)| path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_pulled_is_played_again() {
        let path = |text: &str| StreamPath::parse(text).unwrap();
        let check = |reaches: &[(&str, i64)], expect: Option<&str>| {
            let reaches: Vec<_> = reaches.iter().map(|(name, start)| (path(name), UtcMillis(*start))).collect();
            assert_eq!(furthest(&path("a_main"), &reaches), expect.map(path).as_ref(), "{reaches:?}");
        };
        check(&[], None);
        check(&[("a_main", 0), ("a_sub", 0)], Some("a_main"));
        check(&[("a_main", 2_000), ("a_sub", 0)], Some("a_main"));
        // Main was opened only now, and the tile showed sub.
        check(&[("a_main", 29_000), ("a_sub", 0)], Some("a_sub"));
        check(&[("a_sub", 20_000)], Some("a_sub"));
        check(&[("a_main", 5_000), ("a_sub", 28_000)], Some("a_main"));
    }
}
