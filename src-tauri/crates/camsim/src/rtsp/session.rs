//! A session: one client's set-up tracks of one stream, and what is due on them.

use super::{
    replay::Recorded,
    target::{Source, TrackKind},
    track::{Link, Track},
};
use crate::{
    Codec,
    fault::FaultSet,
    rtp::pack_document,
    stream::{Feed, LiveUnit, LoopCursor, MediaClock, StreamRuntime, VIDEO_HZ, ticks},
};
use std::{io, sync::Arc, sync::atomic::Ordering::Relaxed, time::Instant};
use tokio::{net::TcpStream, sync::broadcast};
use watchwall_model::UtcMicros;
use watchwall_rtsp::{
    Outbox,
    rtp::{NtpTime, SenderReport},
};

pub(super) struct Session {
    pub id: String,
    pub stream: Arc<StreamRuntime>,
    pub source: Source,
    pub tracks: Vec<Track>,
    pub playing: bool,
    pub last_alive: Instant,
    /// Cuts seen at the start; one more ends the session.
    cuts: u32,
}

/// Between two sender reports.
const REPORT_US: i64 = 5_000_000;
/// Longest wait, so that a fault is noticed.
const LOOK_US: i64 = 250_000;
/// A session that is later than this, after a stall or behind a slow client, goes on at the next key frame.
const TOO_LATE_US: i64 = 10_000_000;

impl Session {
    pub fn new(id: String, stream: Arc<StreamRuntime>, source: Source) -> Self {
        stream.tally.session_begins();
        let cuts = stream.faults().cuts;
        Self { id, stream, source, tracks: Vec::new(), playing: false, last_alive: Instant::now(), cuts }
    }

    pub fn is_cut(&self, faults: &FaultSet) -> bool {
        faults.cuts != self.cuts
    }

    pub fn track(&mut self, kind: TrackKind) -> Option<&mut Track> {
        self.tracks.iter_mut().find(|track| track.kind == kind)
    }

    /// Begins to play. Answers the feed of a live picture that has been set up.
    pub fn play(&mut self, now_us: i64) -> Option<broadcast::Receiver<Arc<LiveUnit>>> {
        self.playing = true;
        let stream = self.stream.clone();
        let mut live = None;
        for track in &mut self.tracks {
            track.need_key = true;
            track.report_due_us = 0;
            match (track.kind, &stream.feed) {
                (TrackKind::Video, Feed::Live(feed)) => {
                    live = Some(feed.units.subscribe());
                    stream.want_key();
                }
                (TrackKind::Video, Feed::Loop(_)) => {
                    track.cursor = stream.timeline().map(|(clip, start)| LoopCursor::next_key(clip, start, now_us));
                }
                (TrackKind::Metadata, _) => {}
                (TrackKind::Audio, _) => {
                    let clip = stream.audio.as_ref().map(|audio| audio.track.clone());
                    track.cursor = clip.map(|clip| LoopCursor::next_key(clip, 0, now_us));
                }
            }
        }
        live
    }

    pub fn pause(&mut self) {
        self.playing = false;
        for track in &mut self.tracks {
            track.cursor = None;
        }
    }

    /// RTP time of a track at a moment.
    pub fn rtp_time(&self, track: &Track, at_us: i64, faults: &FaultSet) -> u32 {
        time_of(&self.stream, track, ticks(at_us, track.clock_hz), faults)
    }

    /// When `tick` has something to do again, on the media clock.
    pub fn due_us(&self, now_us: i64, faults: &FaultSet, blocked: bool) -> i64 {
        let look = now_us + LOOK_US;
        if !self.playing || blocked {
            return look;
        }
        let due = self.tracks.iter().filter_map(|track| track.cursor.as_ref().map(LoopCursor::due_us)).min();
        due.map_or(look, |due| due.max(faults.stalled_until_us).min(look))
    }

    /// Sends what is due from loops, and sender reports.
    ///
    /// # Errors
    /// The RTSP connection is broken.
    pub fn tick(
        &mut self,
        clock: MediaClock,
        faults: &FaultSet,
        socket: &TcpStream,
        outbox: &mut Outbox,
    ) -> io::Result<()> {
        let (now_us, now) = clock.now();
        if self.tracks.iter().any(Track::heard) {
            self.last_alive = Instant::now();
        }
        if !self.playing || self.source == Source::Storage || faults.stalled_until_us > now_us {
            return Ok(());
        }
        let stream = self.stream.clone();
        let mut link = Link { socket, outbox, tally: &stream.tally };
        for track in &mut self.tracks {
            follow_timeline(&stream, track, now_us);
            send_due(&stream, track, now_us, faults, &mut link)?;
            send_report(&stream, track, (now_us, now), faults, &mut link)?;
        }
        Ok(())
    }

    /// Sends one unit of a storage, with its time in an extension of the header.
    ///
    /// # Errors
    /// The RTSP connection is broken.
    pub fn send_recorded(
        &mut self,
        unit: &Recorded,
        faults: &FaultSet,
        socket: &TcpStream,
        outbox: &mut Outbox,
    ) -> io::Result<()> {
        let stream = self.stream.clone();
        let mut link = Link { socket, outbox, tally: &stream.tally };
        let Some(track) = self.track(TrackKind::Video).filter(|_| !faults.frozen) else { return Ok(()) };
        let time = stream.video_time(unit.time, faults);
        track.send_extended(&unit.wire, time, Some(&unit.extension), faults, &mut link)
    }

    /// Sends one unit of a live picture.
    ///
    /// # Errors
    /// The RTSP connection is broken.
    pub fn send_live(
        &mut self,
        unit: &LiveUnit,
        clock: MediaClock,
        faults: &FaultSet,
        socket: &TcpStream,
        outbox: &mut Outbox,
    ) -> io::Result<()> {
        let stream = self.stream.clone();
        let mut link = Link { socket, outbox, tally: &stream.tally };
        let Some(track) = self.track(TrackKind::Video) else { return Ok(()) };
        if wanted(&stream, track, unit.key, faults) {
            let time = time_of(&stream, track, unit.time, faults);
            track.send(&unit.wire, time, faults, &mut link)?;
        }
        send_report(&stream, track, clock.now(), faults, &mut link)
    }
}

impl Session {
    /// Sends one document of the metadata track.
    ///
    /// # Errors
    /// The RTSP connection is broken.
    pub fn send_document(
        &mut self,
        document: &str,
        clock: MediaClock,
        faults: &FaultSet,
        socket: &TcpStream,
        outbox: &mut Outbox,
    ) -> io::Result<()> {
        let stream = self.stream.clone();
        let mut link = Link { socket, outbox, tally: &stream.tally };
        let Some(track) = self.track(TrackKind::Metadata).filter(|_| !faults.frozen) else { return Ok(()) };
        let now = clock.now();
        let time = time_of(&stream, track, ticks(now.0, VIDEO_HZ), faults);
        track.send(&pack_document(document), time, faults, &mut link)?;
        send_report(&stream, track, now, faults, &mut link)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.stream.tally.session_ends();
    }
}

fn time_of(stream: &StreamRuntime, track: &Track, at: i64, faults: &FaultSet) -> u32 {
    match track.kind {
        TrackKind::Video | TrackKind::Metadata => stream.video_time(at, faults),
        TrackKind::Audio => stream.audio_time(at, track.clock_hz, faults),
    }
}

/// Whether a unit goes out; keeps book of the wait for a key unit.
fn wanted(stream: &StreamRuntime, track: &mut Track, key: bool, faults: &FaultSet) -> bool {
    if faults.frozen {
        track.need_key = true;
        return false;
    }
    let video = track.kind == TrackKind::Video;
    if video && faults.no_key_frames {
        // The client then gets pictures that refer to nothing.
        track.need_key = false;
        return !key && stream.encoder().codec != Codec::Mjpeg;
    }
    track.need_key &= video && !key;
    !track.need_key
}

/// Takes up another loop when a fault has changed the content.
fn follow_timeline(stream: &StreamRuntime, track: &mut Track, now_us: i64) {
    if track.kind != TrackKind::Video {
        return;
    }
    let Some((clip, start)) = stream.timeline() else { return };
    if track.cursor.as_ref().is_some_and(|cursor| cursor.plays(&clip) && cursor.start() == start) {
        return;
    }
    let fresh = ticks(now_us, VIDEO_HZ) - start < i64::from(VIDEO_HZ);
    track.cursor = Some(match fresh {
        true => LoopCursor::first(clip, start),
        false => LoopCursor::next_key(clip, start, now_us),
    });
    track.need_key = true;
}

fn send_due(
    stream: &StreamRuntime,
    track: &mut Track,
    now_us: i64,
    faults: &FaultSet,
    link: &mut Link<'_>,
) -> io::Result<()> {
    let Some(mut cursor) = track.cursor.take() else { return Ok(()) };
    if now_us - cursor.due_us() > TOO_LATE_US {
        cursor = LoopCursor::next_key(cursor.track(), cursor.start(), now_us);
    }
    while cursor.due_us() <= now_us && !link.outbox.is_blocked() {
        let Some(unit) = cursor.unit() else { break };
        if wanted(stream, track, unit.key, faults) {
            let time = time_of(stream, track, cursor.time(), faults);
            track.send(&unit.wire, time, faults, link)?;
        }
        cursor.advance();
    }
    track.cursor = Some(cursor);
    Ok(())
}

/// The first report follows the first packet, then one every five seconds. A frozen track reports nothing.
fn send_report(
    stream: &StreamRuntime,
    track: &mut Track,
    (now_us, now): (i64, UtcMicros),
    faults: &FaultSet,
    link: &mut Link<'_>,
) -> io::Result<()> {
    if track.packets == 0 || faults.frozen || track.report_due_us > now_us || link.outbox.is_blocked() {
        return Ok(());
    }
    track.report_due_us = now_us + REPORT_US;
    let wall = match faults.clock_unset {
        // A camera with a flat battery counts from 1970 at its start.
        true => UtcMicros(now_us),
        false => UtcMicros(now.0.saturating_add(faults.ntp_offset_ms.saturating_mul(1000))),
    };
    let rtp = time_of(stream, track, ticks(now_us, track.clock_hz), faults);
    let (ssrc, packets, octets) = (track.ssrc, track.packets, track.octets);
    let report = SenderReport { ssrc, ntp: NtpTime::from(wall), rtp, packets, octets, name: "camsim" }.render();
    link.tally.bytes.fetch_add(report.len() as u64, Relaxed);
    track.send_report(&report, link)
}
