use super::*;
use std::time::Duration;
use watchwall_media::ingest::{PacketReport, ParameterSets, SeenPicture};
use watchwall_model::StreamFacts;
use watchwall_onvif::operations::Size;

/// 25 frames a second: a key frame every so many, each a group.
fn pictures(groups: &[u32]) -> Vec<SeenPicture> {
    let mut pictures = Vec::new();
    for group in groups.iter().chain(&[1]) {
        for number in 0..*group {
            let index = pictures.len() as i64;
            pictures.push(SeenPicture {
                arrived_us: index as u64 * 40_000,
                shown_us: index * 40_000,
                size_bytes: if number == 0 { 20_000 } else { 2_000 },
                is_key: number == 0,
                follows_loss: false,
            });
        }
    }
    pictures
}

fn watched(groups: &[u32]) -> Watched {
    Watched {
        transport: Some(Transport::Tcp),
        facts: StreamFacts {
            video: Some(VideoCodec::H264),
            video_codec_string: None,
            width: 1920,
            height: 1080,
            frame_rate: 25.0,
            gop_ms: None,
            has_b_frames: false,
            audio: None,
            audio_sample_rate: None,
        },
        reorder_frames: 0,
        pictures: pictures(groups),
        changes: 0,
        lost_packets: 0,
        first_picture_ms: Some(80),
        audio: None,
        skipped_tracks: Vec::new(),
        watched_ms: 12_000,
    }
}

fn claim() -> Claim {
    Claim {
        codec: Some(VideoCodec::H264),
        size: Some(Size { width: 1920, height: 1080 }),
        frame_rate: Some(25.0),
        gop_length: Some(50),
    }
}

fn packets() -> Packets {
    let parameter_sets = ParameterSets { are_used: true, are_described: true, variants: 1, ..ParameterSets::default() };
    let report = PacketReport { packets: 1_000, parameter_sets, ..PacketReport::default() };
    Packets { over_udp: Ok(()), report: Some(report) }
}

#[track_caller]
fn check(line: &Line, verdict: Verdict, outcome: &str) {
    assert_eq!((line.verdict, line.outcome.as_str()), (verdict, outcome), "{line:?}");
    assert!(line.check.outcomes().contains(&outcome), "{outcome} is no outcome of {:?}", line.check);
}

#[test]
fn a_good_stream_is_all_fine() {
    let lines = of_watched(&watched(&[50, 50, 50]), &claim(), &packets());
    for line in &lines {
        assert_eq!((line.verdict, &line.mend), (Verdict::Ok, &None), "{line:?}");
    }
    assert_eq!(lines.len(), Check::OF_STREAM.len() - 1, "all but decoding");
}

#[test]
fn what_is_received_is_held_against_what_is_claimed() {
    let judge = |claim: Claim, change: fn(&mut StreamFacts)| {
        let mut watched = watched(&[50]);
        change(&mut watched.facts);
        codec(&watched, &claim, &Rhythm::of(&watched.pictures))
    };
    check(&judge(claim(), |_| ()), Verdict::Ok, "as_claimed");
    check(&judge(Claim::default(), |_| ()), Verdict::Ok, "received");
    let lie = judge(claim(), |facts| facts.video = Some(VideoCodec::H265));
    check(&lie, Verdict::Bad, "other_codec");
    assert_eq!(lie.mend, Some(Mend::SetCodec { codec: VideoCodec::H264 }));
    assert_eq!((lie.params["codec"].as_str(), lie.params["claimed_codec"].as_str()), ("H.265", "H.264"));
    check(&judge(claim(), |facts| facts.width = 1280), Verdict::Warning, "other_size");
    // A corridor turns its picture.
    check(&judge(claim(), |facts| (facts.width, facts.height) = (1080, 1920)), Verdict::Ok, "as_claimed");
    check(&judge(Claim { frame_rate: Some(12.0), ..claim() }, |_| ()), Verdict::Warning, "other_rate");
    let costly = judge(Claim::default(), |facts| facts.video = Some(VideoCodec::Mjpeg));
    check(&costly, Verdict::Warning, "costly");
    assert_eq!(costly.mend, Some(Mend::SetCodec { codec: VideoCodec::H264 }));
}

#[test]
fn key_frames_far_apart_can_be_set() {
    let judge = |groups: &[u32], claimed: u32| {
        let watched = watched(groups);
        gop(&watched, &Claim { gop_length: Some(claimed), ..claim() }, &Rhythm::of(&watched.pictures))
    };
    check(&judge(&[50, 50], 50), Verdict::Ok, "good");
    let long = judge(&[250], 250);
    check(&long, Verdict::Warning, "long");
    assert_eq!(long.mend, Some(Mend::SetGop { frames: 50, gop_ms: 2_000 }));
    assert_eq!((long.params["seconds"].as_str(), long.params["frames"].as_str()), ("10.0", "250"));
    check(&judge(&[50, 50], 25), Verdict::Warning, "differs");
    check(&judge(&[1, 1, 1], 1), Verdict::Ok, "single");
    let open = judge(&[], 50);
    check(&open, Verdict::Warning, "open");
    assert_eq!(open.params["seconds"], "12.0");
}

#[test]
fn b_frames_are_told_by_the_codec_or_by_their_order() {
    let mut declared = watched(&[50]);
    (declared.facts.has_b_frames, declared.reorder_frames) = (true, 2);
    let line = b_frames(&declared, &Rhythm::of(&declared.pictures));
    check(&line, Verdict::Warning, "present");
    assert_eq!(line.params["delay_ms"], "80");
    let mut hidden = watched(&[50]);
    hidden.pictures.swap(3, 4);
    check(&b_frames(&hidden, &Rhythm::of(&hidden.pictures)), Verdict::Warning, "present");
}

#[test]
fn a_codec_that_adapts_is_noticed() {
    let judge = |groups: &[u32], claimed: u32, quiet: bool| {
        let mut pictures = pictures(groups);
        if quiet {
            pictures.iter_mut().filter(|picture| !picture.is_key).for_each(|picture| picture.size_bytes = 100);
        }
        smart_codec(&Claim { gop_length: Some(claimed), ..claim() }, &Rhythm::of(&pictures))
    };
    check(&judge(&[50, 50, 50], 50, false), Verdict::Ok, "steady");
    check(&judge(&[50, 120], 50, false), Verdict::Warning, "smart");
    check(&judge(&[100, 100], 50, true), Verdict::Warning, "smart");
    // A still picture alone is no smart codec, nor is a length somebody else set.
    check(&judge(&[50, 50], 50, true), Verdict::Ok, "steady");
    check(&judge(&[100, 100], 50, false), Verdict::Ok, "steady");
    check(&judge(&[], 50, true), Verdict::Ok, "steady");
}

#[test]
fn parameter_sets_travel_and_stay() {
    let judge = |changes: u32, sets: Option<ParameterSets>| {
        let report = sets.map(|parameter_sets| PacketReport { parameter_sets, ..PacketReport::default() });
        parameter_sets(&Watched { changes, ..watched(&[50]) }, &Packets { report, ..packets() })
    };
    let sets = ParameterSets { are_used: true, are_described: true, variants: 1, ..ParameterSets::default() };
    check(&judge(0, Some(sets.clone())), Verdict::Ok, "stable");
    check(&judge(0, None), Verdict::Ok, "stable");
    check(&judge(0, Some(ParameterSets { variants: 0, ..sets.clone() })), Verdict::Note, "sdp_only");
    let differ = ParameterSets { differ_from_description: true, ..sets.clone() };
    check(&judge(0, Some(differ)), Verdict::Warning, "differ");
    check(&judge(2, Some(sets.clone())), Verdict::Warning, "changing");
    check(&judge(0, Some(ParameterSets { variants: 3, ..sets.clone() })), Verdict::Warning, "changing");
    check(&judge(0, Some(ParameterSets { are_used: false, ..sets })), Verdict::Ok, "not_used");
}

#[test]
fn sound_is_playable_converted_or_unknown() {
    let judge = |codec: AudioCodec| {
        let params = AudioParams {
            codec,
            codec_string: String::new(),
            sample_rate: 8_000,
            channels: 1,
            clock_rate: 8_000,
            config: Default::default(),
        };
        audio(Some(&params), &[])
    };
    check(&judge(AudioCodec::Aac), Verdict::Ok, "playable");
    check(&judge(AudioCodec::Pcma), Verdict::Note, "converted");
    check(&judge(AudioCodec::Other("speex".into())), Verdict::Note, "unknown");
    check(&audio(None, &["application/x".into()]), Verdict::Ok, "none");
    check(&audio(None, &["audio/g723".into()]), Verdict::Note, "unknown");
}

#[test]
fn loss_and_gaps_are_measured() {
    let judge = |watched: &Watched, packets: &Packets| arrival(watched, packets, &Rhythm::of(&watched.pictures));
    check(&judge(&watched(&[50]), &packets()), Verdict::Ok, "steady");
    let mut late = watched(&[50]);
    late.pictures[30..].iter_mut().for_each(|picture| picture.arrived_us += 1_500_000);
    check(&judge(&late, &packets()), Verdict::Warning, "gaps");
    // One picture a second is no gap.
    let mut slow = watched(&[5]);
    for (index, picture) in slow.pictures.iter_mut().enumerate() {
        (picture.arrived_us, picture.shown_us) = (index as u64 * 1_100_000, index as i64 * 1_100_000);
    }
    check(&judge(&slow, &packets()), Verdict::Ok, "steady");
    let few =
        Packets { report: Some(PacketReport { packets: 9_995, lost: 5, ..PacketReport::default() }), ..packets() };
    check(&judge(&watched(&[50]), &few), Verdict::Warning, "loss");
    let many =
        Packets { report: Some(PacketReport { packets: 900, lost: 100, ..PacketReport::default() }), ..packets() };
    let line = judge(&watched(&[50]), &many);
    check(&line, Verdict::Bad, "loss");
    assert_eq!((line.params["lost"].as_str(), line.params["percent"].as_str()), ("100", "10.0"));
}

#[test]
fn sessions_are_counted_with_the_sites_own() {
    let judge = |held, of_site, is_refused: bool| {
        let refusal = is_refused.then(|| Problem::new(ErrorCode::CameraBusy));
        session_limit(&Sessions { held, of_site, refusal })
    };
    check(&judge(4, 0, false), Verdict::Ok, "enough");
    check(&judge(1, 1, true), Verdict::Warning, "limited");
    check(&judge(0, 1, true), Verdict::Bad, "full");
    check(&judge(1, 0, true), Verdict::Warning, "limited");
    assert_eq!(judge(2, 1, true).params["sessions"], "3");
}

#[test]
fn transports_are_told_apart() {
    let closed = Packets { over_udp: Err(Problem::new(ErrorCode::StreamStalled)), report: None };
    check(&transport(Some(Transport::Tcp), &packets()), Verdict::Ok, "both");
    check(&transport(Some(Transport::Tcp), &closed), Verdict::Ok, "tcp");
    check(&transport(Some(Transport::Udp), &packets()), Verdict::Warning, "udp");
    check(&transport(Some(Transport::Multicast), &closed), Verdict::Ok, "other");
    check(&failed(&Problem::new(ErrorCode::NotRtsp)), Verdict::Bad, "failed");
}

#[test]
fn decoding_keeps_up_or_not() {
    let pace = |pictures| Ok(DecodePace { pictures, took: Duration::from_secs(1), decoder: "d" });
    check(&decode(&pace(100), 25.0), Verdict::Ok, "keeps_up");
    check(&decode(&pace(10), 25.0), Verdict::Bad, "slow");
    check(&decode(&Err(Problem::new(ErrorCode::SnapshotFailed)), 25.0), Verdict::Bad, "failed");
    let missing = decode(&Err(Problem::new(ErrorCode::EngineMissing)), 25.0);
    assert_eq!((missing.verdict, missing.outcome.as_str()), (Verdict::Skipped, "no_decoder"));
}
