//! Instant replay on a live socket: the last seconds, from memory or from the recording, in the framing of live view.

use super::{
    wire::{End, Said, Wire},
    wish::Wish,
};
use crate::{app::App, playback::Sender};
use std::convert::Infallible;
use watchwall_api::{LiveClientMessage, LiveServerMessage};
use watchwall_model::{UtcMicros, UtcMillis};
use watchwall_site::recording::{PlaybackOptions, SoundMode};

/// Plays until the client leaves. `pause` and `resume` work; the rest of the live commands mean nothing here.
pub async fn run(app: &App, wire: &mut Wire, wish: &Wish, seconds: u32) -> Result<Infallible, End> {
    let mut options = PlaybackOptions::at(UtcMillis::now());
    options.audio = if wish.sound.is_on() { SoundMode::Audible } else { SoundMode::Silent };
    let mut session = app.site.recording.open_replay(&wish.path, seconds, options).await?;
    let mut sender = Sender::for_replay(wish);
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
