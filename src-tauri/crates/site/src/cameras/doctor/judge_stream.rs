//! From what was seen of a stream to verdicts. Pure.

use super::{
    check::Check,
    line::{Line, Mend, Verdict, codec_name, seconds},
    rhythm::Rhythm,
    stream_facts::{Claim, Packets, Sessions, Watched},
};
use watchwall_media::{AudioParams, pixels::DecodePace};
use watchwall_model::{AudioCodec, ErrorCode, Problem, Transport, VideoCodec};

/// A longer one makes tiles open late and seeking coarse.
const LONG_GOP_MS: u32 = 4_000;
/// What is proposed instead.
const GOOD_GOP_MS: u32 = 2_000;
const LATE_PICTURE_MS: u64 = 2_000;
/// A gap that is seen on screen.
const LONG_GAP_MS: u32 = 1_000;
/// Longest against shortest group, and real against claimed, from which a codec adapts by itself.
const SMART_RATIO: f64 = 1.5;
/// A key frame so many times the usual picture is one of a picture that hardly changes.
const SMART_SWING: u32 = 20;
/// Rates and lengths that differ by less are the same.
const TOLERANCE: f64 = 0.2;
const BAD_LOSS_PERCENT: f64 = 1.0;
/// Sessions that are enough for a site, a second viewer and a recorder of somebody else.
pub const ENOUGH_SESSIONS: u32 = 4;

/// All that watching a stream tells.
pub fn of_watched(watched: &Watched, claim: &Claim, packets: &Packets) -> Vec<Line> {
    let rhythm = Rhythm::of(&watched.pictures);
    let mut lines = vec![
        transport(watched.transport, packets),
        codec(watched, claim, &rhythm),
        gop(watched, claim, &rhythm),
        b_frames(watched, &rhythm),
        smart_codec(claim, &rhythm),
        parameter_sets(watched, packets),
        audio(watched.audio.as_ref(), &watched.skipped_tracks),
        arrival(watched, packets, &rhythm),
    ];
    lines.extend(watched.first_picture_ms.map(key_frame));
    lines
}

pub fn transport(came_by: Option<Transport>, packets: &Packets) -> Line {
    let line = |verdict, outcome| Line::new(Check::Transport, verdict, outcome);
    match (came_by, &packets.over_udp) {
        (Some(Transport::Tcp) | None, Ok(())) => line(Verdict::Ok, "both"),
        (Some(Transport::Tcp) | None, Err(_)) => line(Verdict::Ok, "tcp"),
        (Some(Transport::Udp), _) => line(Verdict::Warning, "udp"),
        (Some(Transport::Multicast), _) => line(Verdict::Ok, "other").with("transport", "multicast"),
        (Some(Transport::Http), _) => line(Verdict::Ok, "other").with("transport", "HTTP"),
        (Some(Transport::Auto), _) => line(Verdict::Ok, "other").with("transport", "auto"),
    }
}

/// A stream that could not be received at all.
pub fn failed(problem: &Problem) -> Line {
    Line::new(Check::Transport, Verdict::Bad, "failed").because(problem)
}

pub fn codec(watched: &Watched, claim: &Claim, rhythm: &Rhythm) -> Line {
    let facts = &watched.facts;
    let received = facts.video.clone().unwrap_or_else(|| VideoCodec::Other(String::new()));
    let rate = if rhythm.frame_rate > 0.0 { rhythm.frame_rate } else { f64::from(facts.frame_rate) };
    let line = |verdict, outcome| {
        Line::new(Check::Codec, verdict, outcome)
            .with("codec", codec_name(&received))
            .with("width", facts.width)
            .with("height", facts.height)
            .with("fps", format!("{rate:.1}"))
            .with("kbps", rhythm.bitrate_kbps)
    };
    if let Some(claimed) = claim.codec.as_ref().filter(|claimed| **claimed != received) {
        return line(Verdict::Bad, "other_codec")
            .with("claimed_codec", codec_name(claimed))
            .mended_by(Mend::SetCodec { codec: claimed.clone() });
    }
    if received == VideoCodec::Mjpeg {
        return line(Verdict::Warning, "costly").mended_by(Mend::SetCodec { codec: VideoCodec::H264 });
    }
    // A turned picture is the same picture.
    let is_other_size = claim.size.filter(|size| {
        facts.width > 0
            && (size.width, size.height) != (facts.width, facts.height)
            && (size.height, size.width) != (facts.width, facts.height)
    });
    if let Some(size) = is_other_size {
        return line(Verdict::Warning, "other_size")
            .with("claimed_width", size.width)
            .with("claimed_height", size.height);
    }
    match claim.frame_rate.map(f64::from) {
        Some(claimed) if rate > 0.0 && differs(rate, claimed) => {
            line(Verdict::Warning, "other_rate").with("claimed_fps", format!("{claimed:.1}"))
        }
        None if *claim == Claim::default() => line(Verdict::Ok, "received"),
        _ => line(Verdict::Ok, "as_claimed"),
    }
}

fn key_frame(ms: u64) -> Line {
    let is_late = ms > LATE_PICTURE_MS;
    let (verdict, outcome) = if is_late { (Verdict::Warning, "late") } else { (Verdict::Ok, "quick") };
    Line::new(Check::KeyFrame, verdict, outcome).with("ms", ms)
}

pub fn gop(watched: &Watched, claim: &Claim, rhythm: &Rhythm) -> Line {
    let rate = claim.frame_rate.map_or(rhythm.frame_rate, f64::from);
    let frames = ((rate * f64::from(GOOD_GOP_MS) / 1_000.0).round() as u32).max(1);
    let mend = Mend::SetGop { frames, gop_ms: GOOD_GOP_MS };
    let Some((_, longest)) = rhythm.extremes() else {
        let line = Line::new(Check::Gop, Verdict::Warning, "open").with("seconds", seconds(watched.watched_ms as f64));
        return line.mended_by(mend);
    };
    let line = |verdict, outcome| {
        Line::new(Check::Gop, verdict, outcome)
            .with("seconds", seconds(f64::from(longest.length_ms)))
            .with("frames", longest.frames)
    };
    if longest.frames == 1 {
        return line(Verdict::Ok, "single");
    }
    if longest.length_ms > LONG_GOP_MS {
        return line(Verdict::Warning, "long").mended_by(mend);
    }
    match claim.gop_length {
        Some(claimed) if differs(f64::from(longest.frames), f64::from(claimed)) => {
            line(Verdict::Warning, "differs").with("claimed_frames", claimed).mended_by(mend)
        }
        _ => line(Verdict::Ok, "good"),
    }
}

pub fn b_frames(watched: &Watched, rhythm: &Rhythm) -> Line {
    let is_reordered = watched.pictures.windows(2).any(|pair| pair[1].shown_us < pair[0].shown_us);
    if !watched.facts.has_b_frames && !is_reordered {
        return Line::new(Check::BFrames, Verdict::Ok, "none");
    }
    let held_back = f64::from(watched.reorder_frames.max(1));
    let delay_ms = if rhythm.frame_rate > 0.0 { held_back * 1_000.0 / rhythm.frame_rate } else { 0.0 };
    Line::new(Check::BFrames, Verdict::Warning, "present").with("delay_ms", delay_ms.round())
}

pub fn smart_codec(claim: &Claim, rhythm: &Rhythm) -> Line {
    let steady = Line::new(Check::SmartCodec, Verdict::Ok, "steady");
    let Some((shortest, longest)) = rhythm.sure_extremes() else { return steady };
    let wanders = f64::from(longest.frames) >= f64::from(shortest.frames) * SMART_RATIO && longest.frames > 2;
    let is_quiet = longest.usual_bytes > 0 && longest.key_bytes / longest.usual_bytes >= SMART_SWING;
    let is_stretched =
        claim.gop_length.is_some_and(|claimed| f64::from(longest.frames) >= f64::from(claimed) * SMART_RATIO);
    let is_smart = wanders || (is_quiet && is_stretched);
    if !is_smart {
        return steady;
    }
    Line::new(Check::SmartCodec, Verdict::Warning, "smart")
        .with("shortest_s", seconds(f64::from(shortest.length_ms)))
        .with("longest_s", seconds(f64::from(longest.length_ms)))
}

pub fn parameter_sets(watched: &Watched, packets: &Packets) -> Line {
    let line = |verdict, outcome| Line::new(Check::ParameterSets, verdict, outcome);
    let sets = packets.report.as_ref().map(|report| &report.parameter_sets);
    let has_none = matches!(watched.facts.video, Some(VideoCodec::Mjpeg));
    if has_none || sets.is_some_and(|sets| !sets.are_used) {
        return line(Verdict::Ok, "not_used");
    }
    let variants = sets.map_or(1, |sets| sets.variants);
    let changes = watched.changes.max(u32::try_from(variants.saturating_sub(1)).unwrap_or(u32::MAX));
    if changes > 0 {
        return line(Verdict::Warning, "changing").with("changes", changes);
    }
    match sets {
        Some(sets) if sets.differ_from_description => line(Verdict::Warning, "differ"),
        Some(sets) if sets.variants == 0 => line(Verdict::Note, "sdp_only"),
        _ => line(Verdict::Ok, "stable"),
    }
}

pub fn audio(audio: Option<&AudioParams>, skipped: &[String]) -> Line {
    let line = |verdict, outcome| Line::new(Check::Audio, verdict, outcome);
    let Some(audio) = audio else {
        return match skipped.iter().find_map(|track| track.strip_prefix("audio/")) {
            Some(codec) => line(Verdict::Note, "unknown").with("codec", codec),
            None => line(Verdict::Ok, "none"),
        };
    };
    let (verdict, outcome, name) = match &audio.codec {
        AudioCodec::Aac => (Verdict::Ok, "playable", "AAC"),
        AudioCodec::Opus => (Verdict::Ok, "playable", "Opus"),
        AudioCodec::Pcma => (Verdict::Note, "converted", "G.711 A"),
        AudioCodec::Pcmu => (Verdict::Note, "converted", "G.711 µ"),
        AudioCodec::G726 => (Verdict::Note, "converted", "G.726"),
        AudioCodec::Other(name) => return line(Verdict::Note, "unknown").with("codec", name),
    };
    line(verdict, outcome).with("codec", name).with("rate_hz", audio.sample_rate).with("channels", audio.channels)
}

pub fn arrival(watched: &Watched, packets: &Packets, rhythm: &Rhythm) -> Line {
    let line =
        |verdict, outcome| Line::new(Check::Arrival, verdict, outcome).with("longest_gap_ms", rhythm.longest_gap_ms);
    let over_udp = packets.report.as_ref().filter(|_| packets.over_udp.is_ok());
    let (lost_of_packets, all) = over_udp.map_or((0, 0), |report| (report.lost, report.lost + report.packets));
    let lost = watched.lost_packets + lost_of_packets;
    if lost > 0 || rhythm.broken > 0 {
        let share = |part: f64, whole: f64| if whole > 0.0 { part * 100.0 / whole } else { 0.0 };
        let of_packets = share(lost_of_packets as f64, all as f64);
        let of_pictures = share(f64::from(rhythm.broken), f64::from(rhythm.pictures));
        let percent = of_packets.max(of_pictures);
        let verdict = if percent >= BAD_LOSS_PERCENT { Verdict::Bad } else { Verdict::Warning };
        return line(verdict, "loss").with("lost", lost.max(1)).with("percent", format!("{percent:.1}"));
    }
    let usual_ms = if rhythm.frame_rate > 0.0 { 1_000.0 / rhythm.frame_rate } else { 0.0 };
    let has_gap = rhythm.longest_gap_ms > LONG_GAP_MS && f64::from(rhythm.longest_gap_ms) > 4.0 * usual_ms;
    let (verdict, outcome) = if has_gap { (Verdict::Warning, "gaps") } else { (Verdict::Ok, "steady") };
    line(verdict, outcome).with("jitter_ms", format!("{:.1}", rhythm.jitter_ms))
}

pub fn session_limit(sessions: &Sessions) -> Line {
    let all = sessions.held + sessions.of_site;
    let line = |verdict, outcome| Line::new(Check::SessionLimit, verdict, outcome).with("sessions", all);
    match &sessions.refusal {
        None => line(Verdict::Ok, "enough"),
        Some(refusal) if sessions.held == 0 && sessions.of_site > 0 => line(Verdict::Bad, "full").because(refusal),
        Some(refusal) => line(Verdict::Warning, "limited").because(refusal),
    }
}

pub fn decode(pace: &Result<DecodePace, Problem>, needed: f64) -> Line {
    let line = |verdict, outcome| Line::new(Check::Decode, verdict, outcome);
    match pace {
        Ok(pace) => {
            let (verdict, outcome) =
                if pace.rate() < needed { (Verdict::Bad, "slow") } else { (Verdict::Ok, "keeps_up") };
            let line = line(verdict, outcome).with("needed_fps", format!("{needed:.0}"));
            line.with("reached_fps", format!("{:.0}", pace.rate()))
        }
        Err(problem) if problem.code == ErrorCode::EngineMissing => {
            Line::skipped(Check::Decode, super::check::Skip::NoDecoder).because(problem)
        }
        Err(problem) => line(Verdict::Bad, "failed").because(problem),
    }
}

fn differs(one: f64, other: f64) -> bool {
    (one - other).abs() > other * TOLERANCE
}

#[cfg(test)]
mod tests;
