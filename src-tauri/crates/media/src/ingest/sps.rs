//! What the sequence parameter sets say about B-frames, and saying it for cameras that do not.
//!
//! Without `bitstream_restriction` a hardware decoder must hold back as many pictures as the level allows
//! (up to 16) before it shows the first. For streams free of B-frames [`for_live`] writes the promise in.

use super::bits::{BitReader, BitWriter, with_emulation, without_emulation};
use crate::VideoParams;
use bytes::Bytes;
use watchwall_model::VideoCodec;

/// What an SPS says about reordering.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reordering {
    /// At most so many pictures are held back; 0 means none.
    Declared(u8),
    /// Nothing is said, yet the profile or the picture order type rules B-frames out.
    Impossible,
    /// Nothing is said and B-frames may come.
    Unknown,
}

impl Reordering {
    /// Pictures to hold back as far as known before any was seen. Surveillance cameras seldom send B-frames,
    /// so silence counts as none until one comes.
    pub const fn depth(self) -> u8 {
        match self {
            Self::Declared(depth) => depth,
            Self::Impossible | Self::Unknown => 0,
        }
    }
}

/// Reads it from the body of an `avcC` or `hvcC` box. Unknown when it cannot be parsed.
pub fn reordering(codec: &VideoCodec, config: &[u8]) -> Reordering {
    match codec {
        VideoCodec::H264 => avc_sps(config)
            .and_then(|sps| AvcTail::read(&without_emulation(sps)))
            .map_or(Reordering::Unknown, |tail| tail.reordering()),
        VideoCodec::H265 => hevc_sps(config)
            .and_then(|sps| hevc_reorder_depth(&without_emulation(sps)))
            .map_or(Reordering::Unknown, Reordering::Declared),
        _ => Reordering::Impossible,
    }
}

/// The parameters as a live client should see them: a stream without B-frames whose SPS does not say so is given an
/// SPS that does. `None` when nothing needs to change, and for codecs other than H.264.
pub fn for_live(params: &VideoParams) -> Option<VideoParams> {
    if params.codec != VideoCodec::H264 || params.max_reorder_frames != 0 {
        return None;
    }
    let sps = avc_sps(&params.config)?;
    let promised = promise_no_reordering(sps)?;
    let config = replace_avc_sps(&params.config, sps.len(), &promised)?;
    Some(VideoParams { config: Bytes::from(config), ..params.clone() })
}

/// Width and height of an H.264 SPS NAL unit, cropped, in pixels; `None` when it cannot be parsed or means no picture.
pub fn avc_size(sps: &[u8]) -> Option<(u32, u32)> {
    AvcTail::read(&without_emulation(sps))?.size
}

/// Rewrites an H.264 SPS NAL unit with `max_num_reorder_frames` 0 (Annex E.1.1).
/// `None` when it has a `bitstream_restriction` already or cannot be parsed.
pub fn promise_no_reordering(sps: &[u8]) -> Option<Vec<u8>> {
    let rbsp = without_emulation(sps);
    let tail = AvcTail::read(&rbsp)?;
    if tail.restriction.is_some() {
        return None;
    }
    let mut out = BitWriter::default();
    out.copy(&rbsp, tail.keep_bits);
    if !tail.has_vui {
        out.flag(true); // vui_parameters_present_flag
        // aspect_ratio_info, overscan_info, video_signal_type, chroma_loc_info, timing_info,
        // nal_hrd_parameters, vcl_hrd_parameters, pic_struct: all absent.
        (0..8).for_each(|_| out.flag(false));
    }
    out.flag(true); // bitstream_restriction_flag
    out.flag(true); // motion_vectors_over_pic_boundaries_flag
    out.unsigned(0); // max_bytes_per_pic_denom: no limit
    out.unsigned(0); // max_bits_per_mb_denom: no limit
    out.unsigned(15); // log2_max_mv_length_horizontal
    out.unsigned(15); // log2_max_mv_length_vertical
    out.unsigned(0); // max_num_reorder_frames
    out.unsigned(tail.reference_frames); // max_dec_frame_buffering
    Some(with_emulation(&out.finish()))
}

/// The end of an H.264 SPS, where reordering is declared.
struct AvcTail {
    profile: u8,
    order_type: u32,
    reference_frames: u32,
    /// `None` when it is no size of a picture.
    size: Option<(u32, u32)>,
    has_vui: bool,
    /// `max_num_reorder_frames`, when there is a `bitstream_restriction`.
    restriction: Option<u32>,
    /// Bits up to, not including, `vui_parameters_present_flag`, or `bitstream_restriction_flag` when there is a VUI.
    keep_bits: usize,
}

impl AvcTail {
    /// H.264 section 7.3.2.1.1, from the NAL header on.
    fn read(rbsp: &[u8]) -> Option<Self> {
        let mut r = BitReader::new(rbsp);
        if r.bits(8)? & 0x1f != 7 {
            return None;
        }
        let profile = u8::try_from(r.bits(8)?).ok()?;
        r.skip(16)?; // constraint flags, level
        r.unsigned()?; // seq_parameter_set_id
        // 4:2:0 where nothing is said.
        let mut chroma = 1;
        if matches!(profile, 100 | 110 | 122 | 244 | 44 | 83 | 86 | 118 | 128 | 138 | 139 | 134 | 135) {
            chroma = skip_high_profile(&mut r)?;
        }
        r.unsigned()?; // log2_max_frame_num_minus4
        let order_type = r.unsigned()?;
        match order_type {
            0 => {
                r.unsigned()?;
            }
            1 => {
                r.flag()?;
                r.signed()?;
                r.signed()?;
                for _ in 0..r.unsigned()?.min(255) {
                    r.signed()?;
                }
            }
            _ => {}
        }
        let reference_frames = r.unsigned()?;
        r.flag()?; // gaps_in_frame_num_value_allowed_flag
        let blocks = (r.unsigned()?, r.unsigned()?);
        let is_progressive = r.flag()?;
        if !is_progressive {
            r.flag()?; // mb_adaptive_frame_field_flag
        }
        r.flag()?; // direct_8x8_inference_flag
        let mut cropped = [0; 4];
        if r.flag()? {
            for side in &mut cropped {
                *side = r.unsigned()?;
            }
        }
        let size = avc_pixels(blocks, cropped, chroma, is_progressive);
        let mut keep_bits = r.position();
        let has_vui = r.flag()?;
        let mut restriction = None;
        if has_vui {
            skip_vui(&mut r)?;
            keep_bits = r.position();
            if r.flag()? {
                r.flag()?;
                (0..4).try_for_each(|_| r.unsigned().map(|_| ()))?;
                restriction = Some(r.unsigned()?);
            }
        }
        Some(Self { profile, order_type, reference_frames, size, has_vui, restriction, keep_bits })
    }

    fn reordering(&self) -> Reordering {
        match self.restriction {
            Some(depth) => Reordering::Declared(u8::try_from(depth.min(16)).unwrap_or(16)),
            // Baseline has no B slices; order type 2 means output order is decode order.
            None if self.profile == 66 || self.order_type == 2 => Reordering::Impossible,
            None => Reordering::Unknown,
        }
    }
}

/// Macroblocks less one, and what is cut off left, right, top and bottom in units of the chroma (7.4.2.1.1).
fn avc_pixels(blocks: (u32, u32), cropped: [u32; 4], chroma: u32, is_progressive: bool) -> Option<(u32, u32)> {
    const MOST: u32 = 16_384;
    let fields = if is_progressive { 1 } else { 2 };
    let (unit_x, unit_y) = match chroma {
        1 => (2, 2 * fields),
        2 => (2, fields),
        _ => (1, fields),
    };
    let side = |blocks: u32, times: u32, cut: [u32; 2], unit: u32| {
        let whole = blocks.checked_add(1)?.checked_mul(16 * times)?;
        let cut = cut[0].checked_add(cut[1])?.checked_mul(unit)?;
        whole.checked_sub(cut).filter(|pixels| (1..=MOST).contains(pixels))
    };
    let width = side(blocks.0, 1, [cropped[0], cropped[1]], unit_x)?;
    Some((width, side(blocks.1, fields, [cropped[2], cropped[3]], unit_y)?))
}

/// Answers how its chroma is sampled.
fn skip_high_profile(r: &mut BitReader<'_>) -> Option<u32> {
    let chroma = r.unsigned()?;
    if chroma == 3 {
        r.flag()?;
    }
    r.unsigned()?;
    r.unsigned()?; // bit depths
    r.flag()?;
    if r.flag()? {
        for list in 0..if chroma == 3 { 12 } else { 8 } {
            if r.flag()? {
                skip_scaling_list(r, if list < 6 { 16 } else { 64 })?;
            }
        }
    }
    Some(chroma)
}

fn skip_scaling_list(r: &mut BitReader<'_>, size: u32) -> Option<()> {
    let (mut last, mut next) = (8_i64, 8_i64);
    for _ in 0..size {
        if next != 0 {
            next = (last + i64::from(r.signed()?) + 256).rem_euclid(256);
        }
        last = if next == 0 { last } else { next };
    }
    Some(())
}

/// Annex E.1.1 up to `bitstream_restriction_flag`.
fn skip_vui(r: &mut BitReader<'_>) -> Option<()> {
    if r.flag()? && r.bits(8)? == 255 {
        r.skip(32)?; // aspect ratio
    }
    if r.flag()? {
        r.flag()?; // overscan
    }
    if r.flag()? {
        r.skip(4)?; // video signal type
        if r.flag()? {
            r.skip(24)?;
        }
    }
    if r.flag()? {
        r.unsigned()?; // chroma location
        r.unsigned()?;
    }
    if r.flag()? {
        r.skip(65)?; // timing
    }
    let nal_hrd = r.flag()?;
    if nal_hrd {
        skip_hrd(r)?;
    }
    let vcl_hrd = r.flag()?;
    if vcl_hrd {
        skip_hrd(r)?;
    }
    if nal_hrd || vcl_hrd {
        r.flag()?;
    }
    r.flag()?; // pic_struct_present_flag
    Some(())
}

fn skip_hrd(r: &mut BitReader<'_>) -> Option<()> {
    let count = r.unsigned()?.min(31) + 1;
    r.skip(8)?;
    for _ in 0..count {
        r.unsigned()?;
        r.unsigned()?;
        r.flag()?;
    }
    r.skip(20)
}

/// The first SPS in the body of an `avcC` box (ISO/IEC 14496-15 section 5.3.3.1).
fn avc_sps(config: &[u8]) -> Option<&[u8]> {
    let count = config.get(5)? & 0x1f;
    let length = usize::from(u16::from_be_bytes([*config.get(6)?, *config.get(7)?]));
    (count > 0).then_some(())?;
    config.get(8..8 + length)
}

fn replace_avc_sps(config: &[u8], old_length: usize, sps: &[u8]) -> Option<Vec<u8>> {
    let length = u16::try_from(sps.len()).ok()?;
    let mut out = config.get(..6)?.to_vec();
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(sps);
    out.extend_from_slice(config.get(8 + old_length..)?);
    Some(out)
}

/// The first SPS in the body of an `hvcC` box (ISO/IEC 14496-15 section 8.3.3.1).
fn hevc_sps(config: &[u8]) -> Option<&[u8]> {
    const SPS: u8 = 33;
    let mut rest = config.get(23..)?;
    for _ in 0..*config.get(22)? {
        let kind = rest.first()? & 0x3f;
        let count = u16::from_be_bytes([*rest.get(1)?, *rest.get(2)?]);
        rest = rest.get(3..)?;
        for _ in 0..count {
            let length = usize::from(u16::from_be_bytes([*rest.first()?, *rest.get(1)?]));
            let nal = rest.get(2..2 + length)?;
            if kind == SPS {
                return Some(nal);
            }
            rest = rest.get(2 + length..)?;
        }
    }
    None
}

/// `sps_max_num_reorder_pics` of the highest layer (H.265 section 7.3.2.2.1).
fn hevc_reorder_depth(rbsp: &[u8]) -> Option<u8> {
    let mut r = BitReader::new(rbsp);
    r.skip(16)?; // NAL header
    r.skip(4)?;
    let sub_layers = r.bits(3)?; // sps_max_sub_layers_minus1
    r.flag()?;
    // profile_tier_level, section 7.3.3
    r.skip(88 + 8)?;
    let present: Vec<(bool, bool)> = (0..sub_layers).map(|_| Some((r.flag()?, r.flag()?))).collect::<Option<_>>()?;
    if sub_layers > 0 {
        r.skip(2 * (8 - sub_layers as usize))?;
    }
    for (profile, level) in present {
        r.skip(if profile { 88 } else { 0 } + if level { 8 } else { 0 })?;
    }
    r.unsigned()?; // sps_seq_parameter_set_id
    if r.unsigned()? == 3 {
        r.flag()?;
    }
    r.unsigned()?;
    r.unsigned()?; // width and height
    if r.flag()? {
        (0..4).try_for_each(|_| r.unsigned().map(|_| ()))?;
    }
    r.unsigned()?;
    r.unsigned()?;
    r.unsigned()?; // bit depths, log2_max_pic_order_cnt_lsb
    let first = if r.flag()? { 0 } else { sub_layers };
    let mut depth = 0;
    for _ in first..=sub_layers {
        r.unsigned()?;
        depth = r.unsigned()?;
        r.unsigned()?;
    }
    u8::try_from(depth.min(16)).ok()
}

#[cfg(test)]
mod tests;
