//! Sample entries (ISO/IEC 14496-12, 8.5.2): how a track is coded.

use super::{FmpError, init::dimension};
use crate::{
    AudioParams, VideoParams,
    audio::{AudioContainer, FLAC_BLOCK, FLAC_MOST_SAMPLES, container_of, flac_bits, flac_format, most_frame_bytes},
};
use mp4_atom::{
    Atom, Audio, Avc1, Avcc, Codec, Dfla, Dops, Esds, Flac, FlacMetadataBlock, Hvc1, Hvcc, Jpeg, Mp4a, Opus, Visual,
    esds::{DecoderConfig, DecoderSpecific, EsDescriptor, SLConfig},
};
use watchwall_model::VideoCodec;

/// `objectTypeIndication` of AAC and `streamType` of sound (ISO/IEC 14496-1, tables 5 and 6).
const OBJECT_AAC: u8 = 0x40;
const STREAM_AUDIO: u8 = 0x05;

pub fn of_video(video: &VideoParams) -> Result<Codec, FmpError> {
    let visual = Visual {
        data_reference_index: 1,
        width: dimension(video.width),
        height: dimension(video.height),
        ..Visual::default()
    };
    let invalid = |detail: String| FmpError::ConfigInvalid { codec: video.codec.as_str().to_owned(), detail };
    match &video.codec {
        VideoCodec::H264 => {
            let avcc = Avcc::decode_body(&mut &video.config[..]).map_err(|e| invalid(e.to_string()))?;
            if avcc.length_size != 4 || avcc.sequence_parameter_sets.is_empty() {
                return Err(invalid("no parameter sets, or lengths that are not 4 bytes".to_owned()));
            }
            Ok(Avc1 { visual, avcc, btrt: None, colr: None, pasp: None, taic: None, fiel: None, spatial: None }.into())
        }
        VideoCodec::H265 => {
            let hvcc = Hvcc::decode_body(&mut &video.config[..]).map_err(|e| invalid(e.to_string()))?;
            if hvcc.length_size_minus_one != 3 || hvcc.arrays.is_empty() {
                return Err(invalid("no parameter sets, or lengths that are not 4 bytes".to_owned()));
            }
            Ok(Hvc1 {
                visual,
                hvcc,
                lhvc: None,
                btrt: None,
                colr: None,
                pasp: None,
                taic: None,
                fiel: None,
                ccst: None,
                spatial: None,
            }
            .into())
        }
        VideoCodec::Mjpeg => Ok(Jpeg { visual, ..Jpeg::default() }.into()),
        VideoCodec::Other(name) => Err(FmpError::CodecUnsupported { codec: name.clone() }),
    }
}

pub fn of_audio(sound: &AudioParams) -> Result<Codec, FmpError> {
    let unsupported = || FmpError::CodecUnsupported { codec: sound.codec.as_str().to_owned() };
    let audio = |sample_rate: u32| Audio {
        data_reference_index: 1,
        channel_count: sound.channels,
        sample_size: 16,
        // 16 bits of the rate fit; a decoder that needs more reads its own configuration.
        sample_rate: u16::try_from(sample_rate).unwrap_or(0).into(),
    };
    Ok(match container_of(sound).ok_or_else(unsupported)? {
        AudioContainer::Aac => {
            Mp4a { audio: audio(sound.sample_rate), esds: aac_descriptor(sound), btrt: None, taic: None }.into()
        }
        AudioContainer::Opus => Opus {
            audio: audio(48_000),
            dops: Dops {
                output_channel_count: u8::try_from(sound.channels).unwrap_or(2),
                pre_skip: 0,
                input_sample_rate: sound.sample_rate,
                output_gain: 0,
                channel_mapping: None,
            },
            btrt: None,
        }
        .into(),
        AudioContainer::Flac => {
            Flac { audio: audio(sound.sample_rate), dfla: Dfla { blocks: vec![stream_info(sound)] } }.into()
        }
    })
}

fn aac_descriptor(sound: &AudioParams) -> Esds {
    Esds {
        es_desc: EsDescriptor {
            es_id: super::AUDIO_TRACK as u16,
            dec_config: DecoderConfig {
                object_type_indication: OBJECT_AAC,
                stream_type: STREAM_AUDIO,
                dec_specific: Some(DecoderSpecific { raw: sound.config.to_vec(), ..DecoderSpecific::default() }),
                ..DecoderConfig::default()
            },
            sl_config: SLConfig {},
            ..EsDescriptor::default()
        },
    }
}

/// STREAMINFO (RFC 9639, 8.2) for blocks of any length; total and checksum are unknown, which zero means. Without a
/// largest frame GStreamer's flacparse gathers 4 kB before it hands a frame on: half a second of telephone sound.
fn stream_info(sound: &AudioParams) -> FlacMetadataBlock {
    let [_, most @ ..] = most_frame_bytes(flac_format(sound)).to_be_bytes();
    FlacMetadataBlock::StreamInfo {
        minimum_block_size: FLAC_BLOCK,
        maximum_block_size: FLAC_MOST_SAMPLES,
        minimum_frame_size: [0; 3].into(),
        maximum_frame_size: most.into(),
        sample_rate: sound.sample_rate,
        num_channels_minus_one: u8::try_from(sound.channels.clamp(1, 8) - 1).unwrap_or(0),
        bits_per_sample_minus_one: flac_bits() - 1,
        number_of_interchannel_samples: 0,
        md5_checksum: vec![0; 16],
    }
}
