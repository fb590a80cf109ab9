use super::*;

/// `avcC` bodies as x264 writes them, 320x240: baseline, main with two B-frames, high without, high with a pyramid.
const BASELINE: &str = "0142c00dffe100186742c00dd90141fb011000000300100000030320f142a48001000568cb83cb20";
const MAIN_B: &str = "014d400dffe10018674d400deca0a0fd80880000030008000003019078a14cb001000568ebe3cb22";
const HIGH_PLAIN: &str = "0164000dffe100176764000dacb20283f60220000003002000000651e2854901000668ebc3cb22c0fdf8f800";
const HIGH_B: &str = "0164000dffe100196764000dacd94141fb011000000300100000030320f142996001000668ebe3cb22c0fdf8f800";
/// `hvcC` bodies as x265 writes them, up to and with the SPS: with three B-frames, without.
const HEVC_B: &str = "0104080000009e08000000003cf000fcfff8f800000f04200001001740010c01ffff0408000003009e0800000300003c959409210001002b4201010408000003009e0800000300003c90014101e2cb2b2c9265780b7020200040000003004000000642";
const HEVC_PLAIN: &str = "0104080000009e08000000003cf000fcfff8f800000f04200001001740010c01ffff0408000003009e0800000300003c928090210001002c4201010408000003009e0800000300003c90014101e2cb2549265780b7020200040000030040000003006420";

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap()).collect()
}

#[test]
fn declared_depths_are_read() {
    let check = |codec: VideoCodec, config, expect| assert_eq!(reordering(&codec, &hex(config)), expect, "{config}");
    check(VideoCodec::H264, BASELINE, Reordering::Declared(0));
    check(VideoCodec::H264, MAIN_B, Reordering::Declared(2));
    check(VideoCodec::H264, HIGH_PLAIN, Reordering::Declared(0));
    check(VideoCodec::H264, HIGH_B, Reordering::Declared(2));
    check(VideoCodec::H265, HEVC_B, Reordering::Declared(2));
    check(VideoCodec::H265, HEVC_PLAIN, Reordering::Declared(0));
    check(VideoCodec::H264, "0142c0", Reordering::Unknown);
    check(VideoCodec::H265, "01", Reordering::Unknown);
    check(VideoCodec::Mjpeg, "", Reordering::Impossible);
}

#[test]
fn sizes_are_read() {
    let check = |sps: &[u8], expect| assert_eq!(avc_size(sps), expect, "{sps:x?}");
    check(avc_sps(&hex(BASELINE)).unwrap(), Some((320, 240)));
    check(avc_sps(&hex(HIGH_B)).unwrap(), Some((320, 240)));
    // 68 rows of macroblocks, eight lines of which are cut off.
    check(&hex("67640028acd940780227e5c05a808080a0000003002000000791e30632c0"), Some((1920, 1080)));
    check(&hex("6742c00d"), None);
    // Whatever it says its size is: sixteen pixels, none, more than there can be.
    check(&sps_of(1, None), Some((16, 16)));
    check(&sps_of(1, Some(8)), None);
    check(&sps_of(1_024, None), Some((16_384, 16)));
    check(&sps_of(1_025, None), None);
    check(&sps_of(u32::MAX - 1, Some(u32::MAX - 1)), None);
}

/// Baseline, so many macroblocks wide and one high, of which so much is cut off at the left.
fn sps_of(blocks: u32, cut: Option<u32>) -> Vec<u8> {
    let mut out = BitWriter::default();
    out.copy(&[0x67, 66, 0xc0, 30], 32);
    // Set number, frame number bits, order type, reference frames.
    [0, 0, 2, 1].into_iter().for_each(|value| out.unsigned(value));
    out.flag(false);
    [blocks - 1, 0].into_iter().for_each(|value| out.unsigned(value));
    // Progressive, no direct inference, cut or not.
    [true, false, cut.is_some()].into_iter().for_each(|flag| out.flag(flag));
    if let Some(cut) = cut {
        [cut, 0, 0, 0].into_iter().for_each(|value| out.unsigned(value));
    }
    out.flag(false);
    with_emulation(&out.finish())
}

/// The SPS of an `avcC` with its promise taken out: with an empty VUI, or with none.
fn silent(config: &str, has_vui: bool) -> Vec<u8> {
    let config = hex(config);
    let rbsp = without_emulation(avc_sps(&config).unwrap());
    let mut out = BitWriter::default();
    if has_vui {
        out.copy(&rbsp, AvcTail::read(&rbsp).unwrap().keep_bits);
        out.flag(false);
    } else {
        // The flag before the VUI is the last bit read before it.
        let mut r = BitReader::new(&rbsp);
        let tail = AvcTail::read(&rbsp).unwrap();
        assert!(tail.has_vui);
        let at = (0..tail.keep_bits).rev().find(|bits| is_vui_flag(&rbsp, *bits)).unwrap();
        r.skip(at).unwrap();
        out.copy(&rbsp, at);
        out.flag(false);
    }
    with_emulation(&out.finish())
}

/// Whether an SPS cut at `bits` and closed without a VUI reads as having none, with the flag exactly there.
fn is_vui_flag(rbsp: &[u8], bits: usize) -> bool {
    let mut out = BitWriter::default();
    out.copy(rbsp, bits);
    out.flag(false);
    AvcTail::read(&out.finish()).is_some_and(|tail| !tail.has_vui && tail.keep_bits == bits)
}

#[test]
fn a_silent_sps_is_given_the_promise() {
    for config in [BASELINE, MAIN_B, HIGH_PLAIN, HIGH_B] {
        for has_vui in [false, true] {
            let silent = silent(config, has_vui);
            let before = AvcTail::read(&without_emulation(&silent)).unwrap();
            assert_eq!((before.restriction, before.has_vui), (None, has_vui));
            let promised = promise_no_reordering(&silent).unwrap();
            let after = AvcTail::read(&without_emulation(&promised)).unwrap();
            assert_eq!(after.restriction, Some(0));
            assert_eq!((after.profile, after.reference_frames), (before.profile, before.reference_frames));
            assert_eq!(promise_no_reordering(&promised), None, "once is enough");
        }
    }
}

#[test]
fn a_declared_sps_stays_as_it_is() {
    for config in [BASELINE, MAIN_B, HIGH_PLAIN, HIGH_B] {
        assert_eq!(promise_no_reordering(avc_sps(&hex(config)).unwrap()), None);
    }
    assert_eq!(promise_no_reordering(&[]), None);
    assert_eq!(promise_no_reordering(&[0x67, 0x42]), None);
}

fn params(config: Vec<u8>, max_reorder_frames: u8) -> VideoParams {
    VideoParams {
        codec: VideoCodec::H264,
        codec_string: "avc1.42c00d".into(),
        width: 320,
        height: 240,
        frame_rate: 25.0,
        clock_rate: 90_000,
        config: Bytes::from(config),
        max_reorder_frames,
    }
}

#[test]
fn live_clients_get_the_promise_when_there_are_no_b_frames() {
    let old = hex(HIGH_PLAIN);
    let silent = replace_avc_sps(&old, avc_sps(&old).unwrap().len(), &silent(HIGH_PLAIN, false)).unwrap();
    let live = for_live(&params(silent.clone(), 0)).unwrap();
    assert_eq!(reordering(&VideoCodec::H264, &live.config), Reordering::Declared(0));
    assert!(live.config.ends_with(&old[old.len() - 13..]), "PPS and extension stay");
    assert!(for_live(&params(silent, 2)).is_none());
    assert!(for_live(&params(old, 0)).is_none());
}

#[test]
fn no_bytes_make_it_stumble() {
    let mut seed = 7_u32;
    for config in [BASELINE, HIGH_B, HEVC_B] {
        for _ in 0..2_000 {
            let mut bytes = hex(config);
            for _ in 0..3 {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let at = seed as usize % bytes.len();
                bytes[at] ^= (seed >> 24) as u8;
            }
            bytes.truncate(bytes.len() - (seed >> 8) as usize % 8);
            reordering(&VideoCodec::H264, &bytes);
            reordering(&VideoCodec::H265, &bytes);
            for_live(&params(bytes, 0));
        }
    }
}
