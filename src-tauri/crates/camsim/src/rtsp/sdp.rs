//! Session descriptions (RFC 8866) with what each codec's payload format wants in `fmtp`.

use crate::{
    Audio,
    content::{AudioLoop, Parameters},
    fault::FaultSet,
    rtp::{METADATA_PAYLOAD_TYPE, audio_payload_type, video_payload_type},
    stream::StreamRuntime,
};
use std::{fmt::Write, net::IpAddr};
use watchwall_rtsp::VideoFormat;

/// What a stream holds beside its pictures and its sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Beside {
    Nothing,
    Metadata,
    /// Pictures of a storage, without their sound.
    Silence,
}

/// Describes a stream. Faults put names there that no client knows.
pub(super) fn describe(
    stream: &StreamRuntime,
    parameters: &Parameters,
    local: IpAddr,
    faults: &FaultSet,
    beside: Beside,
) -> String {
    let family = if local.is_ipv4() { "IP4 0.0.0.0" } else { "IP6 ::" };
    let encoder = stream.encoder();
    let payload_type = video_payload_type(encoder.codec);
    let mut sdp = format!(
        "v=0\r\no=- {session} 1 IN {kind} {local}\r\ns={name}\r\nc=IN {family}\r\nt=0 0\r\na=control:*\r\n\
         a=range:npt=now-\r\nm=video 0 RTP/AVP {payload_type}\r\na=framerate:{fps}\r\na=control:track1\r\n",
        session = stream.ordinal + 1,
        kind = if local.is_ipv4() { "IP4" } else { "IP6" },
        name = stream.name.replace(['\r', '\n'], " "),
        fps = encoder.fps,
    );
    let format =
        if faults.unknown_codec { "X-UNKNOWN/90000\r\n".to_owned() } else { video_format(parameters).describe() };
    // Writing to a string cannot fail.
    let _ = write!(sdp, "a=rtpmap:{payload_type} {format}");
    if let Some(audio) = stream.audio.as_ref().filter(|_| beside != Beside::Silence) {
        sdp.push_str(&audio_part(audio, faults));
    }
    if beside == Beside::Metadata {
        // ONVIF Streaming Specification: RTP clock of 90 kHz.
        let _ = write!(
            sdp,
            "m=application 0 RTP/AVP {METADATA_PAYLOAD_TYPE}\r\na=rtpmap:{METADATA_PAYLOAD_TYPE} \
             vnd.onvif.metadata/90000\r\na=control:track3\r\n"
        );
    }
    sdp
}

fn video_format(parameters: &Parameters) -> VideoFormat<'_> {
    match parameters {
        Parameters::H264 { sps, pps } => VideoFormat::H264 { sps, pps },
        Parameters::H265 { vps, sps, pps } => VideoFormat::H265 { vps, sps, pps },
        Parameters::Mjpeg => VideoFormat::Jpeg,
    }
}

fn audio_part(audio: &AudioLoop, faults: &FaultSet) -> String {
    // A number with a meaning of its own would give the sound away.
    let payload_type = if faults.unknown_sound { 100 } else { audio_payload_type(audio.kind) };
    let hz = audio.track.clock_hz;
    let format = match audio.kind {
        _ if faults.unknown_sound => format!("X-UNHEARD/{hz}/1"),
        Audio::Aac => {
            let config: String = audio.config.iter().map(|byte| format!("{byte:02X}")).collect();
            format!(
                "MPEG4-GENERIC/{hz}/1\r\na=fmtp:{payload_type} streamtype=5;profile-level-id=1;mode=AAC-hbr;\
                 sizelength=13;indexlength=3;indexdeltalength=3;config={config}"
            )
        }
        Audio::Pcma => format!("PCMA/{hz}/1"),
        Audio::G726 => format!("G726-32/{hz}/1"),
        // Always announced with two channels (RFC 7587 section 7).
        Audio::Opus => format!("opus/{hz}/2"),
        Audio::Pcmu | Audio::None => format!("PCMU/{hz}/1"),
    };
    format!("m=audio 0 RTP/AVP {payload_type}\r\na=rtpmap:{payload_type} {format}\r\na=control:track2\r\n")
}
