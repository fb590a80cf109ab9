//! Encoders: how they are set, what they may be set to, setting them. What is set is what the stream then sends.

use super::tokens;
use crate::{
    AccountLevel, Codec,
    fault::EncoderSettings,
    onvif::{
        Quirk,
        call::{Answer, Call, Refusal, Service},
        element::Element,
    },
};
use watchwall_model::StreamRole;

const GOPS: (u32, u32) = (1, 250);
const BITRATES: (u32, u32) = (32, 16_384);
const RATES: [u32; 8] = [1, 5, 8, 10, 12, 15, 20, 25];

pub(super) fn answer(call: &Call<'_>) -> Answer {
    match call.operation {
        "GetVideoEncoderConfigurationOptions" => options(call),
        "SetVideoEncoderConfiguration" => set(call),
        operation => {
            let wanted = call.body.text_of("ConfigurationToken");
            let profile =
                call.body.text_of("ProfileToken").map(|token| tokens::find_profile(call, token)).transpose()?;
            let element = if operation == "GetVideoEncoderConfiguration" { "Configuration" } else { "Configurations" };
            let fits = |stream: &(usize, StreamRole)| {
                wanted.is_none_or(|wanted| tokens::encoder(call, stream.0, stream.1) == wanted)
                    && profile.is_none_or(|profile| profile == *stream)
            };
            let list: String = call
                .streams()
                .into_iter()
                .filter(fits)
                .map(|(channel, role)| match call.service {
                    Service::Media2 => new(call, &format!("tr2:{element}"), channel, role),
                    _ => format!(
                        "<trt:{element} token=\"{}\">{}</trt:{element}>",
                        tokens::encoder(call, channel, role),
                        inside_old(call, channel, role)
                    ),
                })
                .collect();
            if list.is_empty() && wanted.is_some() {
                return Err(Refusal::sender(&["InvalidArgVal", "NoConfig"], "The configuration does not exist"));
            }
            call.answer(list)
        }
    }
}

fn settings(call: &Call<'_>, channel: usize, role: StreamRole) -> Option<EncoderSettings> {
    call.device.stream(call.house, channel, role).map(|(_, stream)| stream.encoder())
}

const MULTICAST: &str = "<tt:Multicast><tt:Address><tt:Type>IPv4</tt:Type><tt:IPv4Address>0.0.0.0</tt:IPv4Address></tt:Address>\
                         <tt:Port>0</tt:Port><tt:TTL>1</tt:TTL><tt:AutoStart>false</tt:AutoStart></tt:Multicast>";

/// The old service knows no H.265: it says H.264, as real ones do.
pub(super) fn inside_old(call: &Call<'_>, channel: usize, role: StreamRole) -> String {
    let Some(now) = settings(call, channel, role) else { return String::new() };
    let codec = match now.codec {
        Codec::H265 if call.has(Quirk::H265InMedia1) => "H265",
        Codec::H264 | Codec::H265 => "H264",
        Codec::Mjpeg => "JPEG",
    };
    let own = if codec == "JPEG" {
        String::new()
    } else {
        format!(
            "<tt:{codec}><tt:GovLength>{}</tt:GovLength><tt:{codec}Profile>Main</tt:{codec}Profile></tt:{codec}>",
            now.gop_frames
        )
    };
    format!(
        "<tt:Name>{}</tt:Name><tt:UseCount>1</tt:UseCount><tt:Encoding>{codec}</tt:Encoding><tt:Resolution><tt:Width>{}</tt:Width>\
         <tt:Height>{}</tt:Height></tt:Resolution><tt:Quality>3</tt:Quality><tt:RateControl><tt:FrameRateLimit>{}</tt:FrameRateLimit>\
         <tt:EncodingInterval>1</tt:EncodingInterval><tt:BitrateLimit>{}</tt:BitrateLimit></tt:RateControl>{own}{MULTICAST}\
         <tt:SessionTimeout>PT60S</tt:SessionTimeout>",
        tokens::encoder(call, channel, role),
        now.width,
        now.height,
        now.fps,
        now.bitrate_kbps
    )
}

/// As Media2 writes it, under an element of that name.
pub(super) fn new(call: &Call<'_>, element: &str, channel: usize, role: StreamRole) -> String {
    let Some(now) = settings(call, channel, role) else { return String::new() };
    format!(
        "<{element} token=\"{token}\" GovLength=\"{}\" Profile=\"Main\"><tt:Name>{token}</tt:Name><tt:UseCount>1</tt:UseCount>\
         <tt:Encoding>{}</tt:Encoding><tt:Resolution><tt:Width>{}</tt:Width><tt:Height>{}</tt:Height></tt:Resolution>\
         <tt:RateControl ConstantBitRate=\"false\"><tt:FrameRateLimit>{}</tt:FrameRateLimit><tt:BitrateLimit>{}</tt:BitrateLimit>\
         </tt:RateControl>{MULTICAST}<tt:Quality>3</tt:Quality></{element}>",
        now.gop_frames,
        codec_name(now.codec),
        now.width,
        now.height,
        now.fps,
        now.bitrate_kbps,
        token = tokens::encoder(call, channel, role)
    )
}

const fn codec_name(codec: Codec) -> &'static str {
    match codec {
        Codec::H264 => "H264",
        Codec::H265 => "H265",
        Codec::Mjpeg => "JPEG",
    }
}

fn codec_of(name: &str) -> Option<Codec> {
    [Codec::H264, Codec::H265, Codec::Mjpeg].into_iter().find(|codec| codec_name(*codec) == name)
}

/// The picture as it was made and in halves and quarters of it.
fn sizes(call: &Call<'_>, channel: usize, role: StreamRole) -> Vec<(u32, u32)> {
    let Some((_, stream)) = call.device.stream(call.house, channel, role) else { return Vec::new() };
    let (width, height) = (stream.spec.width, stream.spec.height);
    let part = |by: u32| ((width / by) & !1, (height / by) & !1);
    [1, 2, 4].into_iter().map(part).filter(|(width, height)| *width >= 32 && *height >= 32).collect()
}

fn options(call: &Call<'_>) -> Answer {
    let by_configuration =
        call.body.text_of("ConfigurationToken").map(|token| tokens::find_encoder(call, token)).transpose()?;
    let by_profile = call.body.text_of("ProfileToken").map(|token| tokens::find_profile(call, token)).transpose()?;
    let (channel, role) = by_configuration.or(by_profile).unwrap_or((0, StreamRole::Main));
    let makes_jpeg =
        call.device.stream(call.house, channel, role).is_some_and(|(_, stream)| stream.spec.codec == Codec::Mjpeg);
    let sizes: String = sizes(call, channel, role)
        .into_iter()
        .map(|(width, height)| {
            format!(
                "<tt:ResolutionsAvailable><tt:Width>{width}</tt:Width><tt:Height>{height}</tt:Height></tt:ResolutionsAvailable>"
            )
        })
        .collect();
    let range = |name: &str, (min, max): (u32, u32)| {
        format!("<tt:{name}><tt:Min>{min}</tt:Min><tt:Max>{max}</tt:Max></tt:{name}>")
    };
    let rates = RATES.map(|rate| rate.to_string()).join(" ");
    if call.service == Service::Media2 {
        let of = |codec: &str| {
            format!(
                "<tr2:Options GovLengthRange=\"{} {}\" FrameRatesSupported=\"{rates}\" ProfilesSupported=\"Baseline Main\" \
                 ConstantBitRateSupported=\"false\"><tt:Encoding>{codec}</tt:Encoding>{}{sizes}{}</tr2:Options>",
                GOPS.0,
                GOPS.1,
                range("QualityRange", (0, 5)),
                range("BitrateRange", BITRATES)
            )
        };
        let jpeg = if makes_jpeg { of("JPEG") } else { String::new() };
        return call.answer(of("H264") + &of("H265") + &jpeg);
    }
    let inside = |more: &str| {
        format!(
            "<tt:H264>{sizes}{}{}{}{more}<tt:H264ProfilesSupported>Main</tt:H264ProfilesSupported></tt:H264>",
            range("GovLengthRange", GOPS),
            range("FrameRateRange", (1, 25)),
            range("EncodingIntervalRange", (1, 1))
        )
    };
    let jpeg = format!(
        "<tt:JPEG>{sizes}{}{}</tt:JPEG>",
        range("FrameRateRange", (1, 25)),
        range("EncodingIntervalRange", (1, 1))
    );
    call.answer(format!(
        "<trt:Options>{}{}{}<tt:Extension>{}</tt:Extension></trt:Options>",
        range("QualityRange", (0, 5)),
        if makes_jpeg { jpeg } else { String::new() },
        inside(""),
        inside(&range("BitrateRange", BITRATES))
    ))
}

fn set(call: &Call<'_>) -> Answer {
    call.at_least(AccountLevel::Administrator)?;
    let wanted = call.body.child("Configuration").ok_or_else(|| Refusal::invalid("Configuration is missing"))?;
    let (channel, role) = tokens::find_encoder(call, wanted.attribute("token").unwrap_or_default())?;
    let Some((_, stream)) = call.device.stream(call.house, channel, role) else { return Err(Refusal::no_profile()) };
    let now = stream.encoder();
    let settings = read(call, wanted, now, stream.spec.codec)?;
    let size = (settings.width, settings.height);
    let is_listed = sizes(call, channel, role).contains(&size) || size == (now.width, now.height);
    let within = |value: u32, (min, max): (u32, u32)| (min..=max).contains(&value);
    if !is_listed
        || !within(settings.gop_frames, GOPS)
        || (!within(settings.fps, (1, 30)) && settings.fps != now.fps)
        || (!within(settings.bitrate_kbps, BITRATES) && settings.bitrate_kbps != now.bitrate_kbps)
    {
        return Err(Refusal::sender(&["InvalidArgVal", "ConfigModify"], "The parameters are not settable"));
    }
    if settings != now {
        call.house.set_encoder(stream, settings);
    }
    call.done()
}

/// What is left out stays as it is. `born` is the codec it was made with: only those of motion JPEG go back to it.
fn read(call: &Call<'_>, wanted: &Element, now: EncoderSettings, born: Codec) -> Result<EncoderSettings, Refusal> {
    let rates = wanted.child("RateControl");
    let size = wanted.child("Resolution");
    let number = |node: Option<&Element>, name: &str| {
        node.and_then(|node| node.number_of::<f32>(name)).map(|v| v.round() as u32)
    };
    let gop = match call.service {
        Service::Media2 => wanted.number_in("GovLength"),
        _ => wanted.find("GovLength").and_then(|gop| gop.text.parse().ok()),
    };
    let codec = match wanted.text_of("Encoding") {
        // To the old service an H.265 stream is H.264.
        Some("H264") if call.service == Service::Media && now.codec == Codec::H265 => now.codec,
        Some(name) => codec_of(name).ok_or_else(|| Refusal::invalid("The encoding is unknown"))?,
        None => now.codec,
    };
    if codec == Codec::Mjpeg && born != Codec::Mjpeg {
        return Err(Refusal::sender(&["InvalidArgVal", "ConfigModify"], "This encoder makes no motion JPEG"));
    }
    Ok(EncoderSettings {
        codec,
        width: number(size, "Width").unwrap_or(now.width),
        height: number(size, "Height").unwrap_or(now.height),
        fps: number(rates, "FrameRateLimit").unwrap_or(now.fps),
        bitrate_kbps: number(rates, "BitrateLimit").unwrap_or(now.bitrate_kbps),
        gop_frames: gop.unwrap_or(now.gop_frames),
    })
}
