//! Replay of a device's own storage (ONVIF Streaming Specification, chapter 6): a range of wall-clock time, as fast as
//! the client takes it or at its own pace, each picture with its time in the RTP header.

use super::{
    connection::Connection,
    methods::Meant,
    target::{Source, TrackKind},
};
use crate::{
    CamsimError,
    content::{Profile, encode_recorded},
    onvif::{Device, ReplayManner, parse_clock},
    rtp::Packetiser,
    stream::{VIDEO_HZ, ticks},
};
use std::{io, time::Duration};
use tokio::{sync::mpsc, time::Instant};
use watchwall_model::{TimeRange, UtcMicros, UtcMillis};
use watchwall_rtsp::{
    Request, Response,
    rtp::{NtpTime, Wire},
};

/// Header of four bytes, NTP time of eight, flags, sequence number of the request, two bytes of nothing.
pub(super) const EXTENSION_BYTES: usize = 16;

/// One unit out of a storage.
pub(super) struct Recorded {
    pub wire: Wire,
    /// In ticks of 1/90000 s since 1970.
    pub time: i64,
    pub extension: [u8; EXTENSION_BYTES],
}

pub(super) type Replay = mpsc::Receiver<Recorded>;

/// Units that may wait for the socket: a group of pictures waits in the task that drew it anyway.
const QUEUE: usize = 8;

/// What PLAY asks for.
struct Order {
    /// By the true clock.
    range: TimeRange,
    is_paced: bool,
    cseq: u8,
}

/// Flags of the extension.
mod flag {
    /// A decoder can start here.
    pub const CLEAN: u8 = 0x80;
    /// Nothing follows this unit without a break.
    pub const END: u8 = 0x40;
    /// Nothing before it was sent.
    pub const DISCONTINUITY: u8 = 0x20;
}

impl Connection {
    /// Whether a stream of a storage may be had at all; a live one always.
    ///
    /// # Errors
    /// The answer that says why not.
    pub(super) fn admit_replay(&self, meant: &Meant) -> Result<(), Response> {
        if meant.target.source == Source::Live {
            return Ok(());
        }
        match self.house.device_of(meant.camera) {
            Some(device) if device.refuses_replay() => Err(Response::new(551).with("Unsupported", "onvif-replay")),
            Some(device) if device.spec.edge_storage.is_some() => Ok(()),
            _ => Err(Response::new(404)),
        }
    }

    /// PLAY of a session that replays.
    pub(super) fn begin_replay(&mut self, request: &Request) -> Response {
        let device = self.camera.and_then(|camera| self.house.device_of(camera));
        let (Some(session), Some(device)) = (&mut self.session, device) else { return Response::new(454) };
        if session.track(TrackKind::Video).is_none() {
            return Response::new(455);
        }
        if !is_replay(request) {
            return Response::new(400);
        }
        let recorded = device.recorded(&self.house).filter(|_| !device.misses_ranges());
        let wanted = request.header("Range").and_then(|header| wanted_range(header, device));
        let Some(range) = wanted.zip(recorded).and_then(|(wanted, recorded)| wanted.intersect(recorded)) else {
            return Response::new(457);
        };
        let order = Order {
            range,
            is_paced: request.header("Rate-Control").is_none_or(|value| !value.eq_ignore_ascii_case("no")),
            cseq: request.header("CSeq").and_then(|text| text.parse::<u64>().ok()).unwrap_or(0) as u8,
        };
        let (sender, receiver) = mpsc::channel(QUEUE);
        session.playing = true;
        let profile = session.stream.profile(session.stream.faults().content);
        let (manner, stop, name) = (device.replay_manner(), self.house.stop.clone(), session.stream.name.clone());
        self.house.tasks.spawn(async move {
            let played = tokio::select! {
                () = stop.cancelled() => return,
                played = play(profile, order, manner, sender) => played,
            };
            if let Err(error) = played {
                tracing::error!(camera = name, %error, "a storage could not be replayed");
            }
        });
        // A client that skips elsewhere gets no more of the old range.
        self.replay = Some(receiver);
        let range = request.header("Range").unwrap_or_default().to_owned();
        let info = format!("url={}/{}", request.target.trim_end_matches('/'), TrackKind::Video.name());
        self.with_session(Response::new(200).with("Range", range).with("RTP-Info", info))
    }

    pub(super) fn send_recorded(&mut self, unit: Option<Recorded>) -> io::Result<()> {
        match (unit, &mut self.session) {
            (Some(unit), Some(session)) => {
                let faults = session.stream.faults();
                session.send_recorded(&unit, &faults, &self.socket, &mut self.outbox)
            }
            _ => {
                self.replay = None;
                Ok(())
            }
        }
    }
}

/// Whether a request says that it is about a replay.
pub(super) fn is_replay(request: &Request) -> bool {
    request.header("Require").is_some_and(|options| options.split(',').any(|option| option.trim() == "onvif-replay"))
}

/// The next unit of a storage; never, when nothing is replayed.
pub(super) async fn next_recorded(replay: &mut Option<Replay>) -> Option<Recorded> {
    match replay {
        Some(replay) => replay.recv().await,
        None => std::future::pending().await,
    }
}

/// `clock=from-until` by the device's clock, as the true clock has it; without an end, up to now.
fn wanted_range(header: &str, device: &Device) -> Option<TimeRange> {
    let (from, until) = header.trim().strip_prefix("clock=")?.split_once('-')?;
    let truly = |text| Some(parse_clock(text)?.saturating_add_ms(-device.clock_offset_ms()));
    let until = if until.trim().is_empty() { UtcMillis::now() } else { truly(until)? };
    TimeRange::new(truly(from)?, until)
}

/// Draws and encodes group by group, from the key frame at or before the start, and hands over until the end.
async fn play(
    profile: Profile,
    order: Order,
    manner: ReplayManner,
    units: mpsc::Sender<Recorded>,
) -> Result<(), CamsimError> {
    let packetiser = Packetiser::new(profile.codec, None);
    let (from, until) = (order.range.start.to_micros(), order.range.end.to_micros());
    let quiet_from = manner.ends_after.map(|after| from.0 + i64::try_from(after.as_micros()).unwrap_or(i64::MAX));
    let begun = Instant::now();
    let mut group = profile.recorded_group(from);
    let mut is_first = true;
    loop {
        let (encoded_profile, number) = (profile.clone(), group);
        let encoded = tokio::task::spawn_blocking(move || encode_recorded(&encoded_profile, number));
        for (at, unit) in encoded.await.map_err(|_| CamsimError::Stopped)?? {
            if at >= until || quiet_from.is_some_and(|quiet| at.0 >= quiet) {
                return Ok(());
            }
            let pace = (order.is_paced || manner.is_slow).then_some(if manner.is_slow { 4 } else { 1 });
            if let Some(times) = pace {
                let since_us = u64::try_from((at.0 - from.0).max(0)).unwrap_or(0) * times;
                tokio::time::sleep_until(begun + Duration::from_micros(since_us)).await;
            }
            let is_last = at.0 + profile.recorded_step_us() >= until.0;
            let flags = [(unit.key, flag::CLEAN), (is_last, flag::END), (is_first, flag::DISCONTINUITY)];
            let flags = flags.iter().filter(|(is_set, _)| *is_set).fold(0, |all, (_, flag)| all | flag);
            is_first = false;
            let told = UtcMicros(at.0 + (manner.clock_offset_ms + manner.lie_ms) * 1000);
            let recorded = Recorded {
                wire: packetiser.pack(&unit.data),
                time: ticks(at.0, VIDEO_HZ),
                extension: extension(told, flags, order.cseq),
            };
            if units.send(recorded).await.is_err() {
                return Ok(());
            }
        }
        group += 1;
    }
}

/// ONVIF Streaming Specification 6.3: `0xABAC`, three words.
fn extension(at: UtcMicros, flags: u8, cseq: u8) -> [u8; EXTENSION_BYTES] {
    let mut bytes = [0; EXTENSION_BYTES];
    bytes[..4].copy_from_slice(&[0xab, 0xac, 0, 3]);
    bytes[4..12].copy_from_slice(&NtpTime::from(at).0.to_be_bytes());
    (bytes[12], bytes[13]) = (flags, cseq);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extension_is_the_documented_one() {
        let bytes = extension(UtcMicros(500_000), flag::CLEAN | flag::DISCONTINUITY, 7);
        assert_eq!(bytes, [0xab, 0xac, 0, 3, 0x83, 0xaa, 0x7e, 0x80, 0x80, 0, 0, 0, 0xa0, 7, 0, 0]);
    }
}
