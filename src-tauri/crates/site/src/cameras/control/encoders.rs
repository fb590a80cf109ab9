//! What a camera's streams are encoded with.

use super::{
    Control,
    handle::{Reached, refused},
    picture::out_of_range,
};
use watchwall_model::{CameraId, ErrorCode, Problem, StreamRole, VideoCodec};
use watchwall_onvif::{
    Client, OnvifError,
    operations::{
        EncoderOption, GetEncoderOptions2, GetVideoEncoderConfigurationOptions, Profile, SetVideoEncoder2,
        SetVideoEncoderConfiguration, Size, Span, VideoEncoder,
    },
    soap::Service,
};

/// The encoder of one profile, and what it may be set to.
#[derive(Clone, Debug, PartialEq)]
pub struct EncoderSetup {
    pub profile: String,
    pub profile_name: String,
    /// The stream of ours that shows this profile.
    pub role: Option<StreamRole>,
    pub encoder: VideoEncoder,
    /// By codec; empty where the device does not list them.
    pub options: Vec<EncoderOption>,
}

/// What is to change; the rest stays.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EncoderOrder {
    pub codec: Option<VideoCodec>,
    pub size: Option<Size>,
    pub frame_rate: Option<f32>,
    pub bitrate_kbps: Option<u32>,
    pub gop_length: Option<u32>,
    pub quality: Option<f32>,
    pub is_constant_bitrate: Option<bool>,
    pub fit: Fit,
}

/// What becomes of a wish that the device does not list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fit {
    /// It is refused, with what the device lists.
    #[default]
    Exact,
    /// The nearest that it lists is taken.
    Nearest,
}

/// From one key frame to the next, where nothing is known: motion JPEG has no such length.
const USUAL_GOP_SECONDS: f32 = 2.0;

impl Control {
    /// # Errors
    /// Of the device.
    pub async fn encoders(&self, camera: CameraId) -> Result<Vec<EncoderSetup>, Problem> {
        let reached = self.ground.reach(camera).await?;
        let mut setups = Vec::new();
        for profile in reached.profiles().await? {
            let role = role_of(&reached, &profile.token);
            setups.extend(setup(reached.client(), profile).await.map(|setup| EncoderSetup { role, ..setup }));
        }
        Ok(setups)
    }

    /// Changes one profile's encoder; how it is set then, which may differ from what was asked: devices round.
    ///
    /// # Errors
    /// `profile_unknown`; `request_invalid` for what the device does not list; and of the device.
    pub async fn set_encoder(
        &self,
        camera: CameraId,
        profile: &str,
        order: EncoderOrder,
    ) -> Result<EncoderSetup, Problem> {
        let reached = self.ground.reach(camera).await?;
        let setup = set_encoder_of(reached.client(), profile, order).await?;
        Ok(EncoderSetup { role: role_of(&reached, profile), ..setup })
    }
}

/// The same for a device that is not stored.
pub(in crate::cameras) async fn set_encoder_of(
    client: &Client,
    profile: &str,
    order: EncoderOrder,
) -> Result<EncoderSetup, Problem> {
    let before = find(client, profile).await?;
    let encoder = change(&before.encoder, &before.options, order)?;
    write(client, &encoder).await?;
    find(client, profile).await
}

async fn find(client: &Client, token: &str) -> Result<EncoderSetup, Problem> {
    let unknown = || Problem::new(ErrorCode::ProfileUnknown).with("profile", token);
    let profiles = client.profiles().await.map_err(refused)?;
    let profile = profiles.into_iter().find(|profile| profile.token == token).ok_or_else(unknown)?;
    setup(client, profile).await.ok_or_else(unknown)
}

fn role_of(reached: &Reached, profile: &str) -> Option<StreamRole> {
    let stream = reached.camera.streams.iter().find(|stream| stream.profile.as_deref() == Some(profile));
    stream.map(|stream| stream.role)
}

/// `None` for a profile without an encoder.
async fn setup(client: &Client, profile: Profile) -> Option<EncoderSetup> {
    let encoder = profile.video?;
    let (configuration, of_profile) = (Some(encoder.token.clone()), Some(profile.token.clone()));
    let options = if client.services().has(&Service::Media2) {
        client.call(&GetEncoderOptions2 { configuration, profile: of_profile }).await
    } else {
        client.call(&GetVideoEncoderConfigurationOptions { configuration, profile: of_profile }).await
    };
    Some(EncoderSetup {
        role: None,
        profile: profile.token,
        profile_name: profile.name,
        encoder,
        options: options.unwrap_or_default(),
    })
}

/// H.265 can be set in the newer service alone.
async fn write(client: &Client, encoder: &VideoEncoder) -> Result<(), Problem> {
    let done: Result<(), OnvifError> = if client.services().has(&Service::Media2) {
        client.call(&SetVideoEncoder2(encoder.clone())).await
    } else {
        client.call(&SetVideoEncoderConfiguration(encoder.clone())).await
    };
    done.map_err(refused)
}

/// The configuration to send, whole. A new codec takes the nearest of everything that it allows.
fn change(encoder: &VideoEncoder, options: &[EncoderOption], order: EncoderOrder) -> Result<VideoEncoder, Problem> {
    let mut next = encoder.clone();
    let is_other_codec = order.codec.is_some() && order.codec != encoder.codec;
    next.codec = order.codec.or(next.codec);
    let of_codec = options.iter().find(|option| Some(&option.codec) == next.codec.as_ref());
    if is_other_codec && !options.is_empty() && of_codec.is_none() {
        let names: Vec<_> = options.iter().map(|option| option.codec.as_str()).collect();
        return Err(out_of_range("codec", &names.join(", ")));
    }
    if let Some(size) = order.size {
        let allowed = of_codec.map(|option| option.sizes.as_slice()).unwrap_or_default();
        if !allowed.is_empty() && !allowed.contains(&size) {
            let names: Vec<_> = allowed.iter().map(|size| format!("{}x{}", size.width, size.height)).collect();
            return Err(out_of_range("size", &names.join(", ")));
        }
        next.size = Some(size);
    }
    let rates = of_codec.and_then(|option| option.frame_rates);
    let bitrates = of_codec.and_then(|option| option.bitrate_kbps);
    let gops = of_codec.and_then(|option| option.gop_length);
    let qualities = of_codec.and_then(|option| option.quality);
    next.frame_rate = within("frame_rate", order.frame_rate, rates, order.fit)?.or(next.frame_rate);
    next.bitrate_kbps = within("bitrate_kbps", order.bitrate_kbps, bitrates, order.fit)?.or(next.bitrate_kbps);
    next.gop_length = within("gop_length", order.gop_length, gops, order.fit)?.or(next.gop_length);
    next.quality = within("quality", order.quality, qualities, order.fit)?.or(next.quality);
    next.is_constant_bitrate = order.is_constant_bitrate.or(next.is_constant_bitrate);
    if is_other_codec {
        // A profile of the old codec means nothing to the new one.
        next.profile = of_codec.and_then(|option| option.profiles.first().cloned());
        if encoder.codec == Some(VideoCodec::Mjpeg) && order.gop_length.is_none() {
            next.gop_length = Some((next.frame_rate.unwrap_or(25.0) * USUAL_GOP_SECONDS).round().max(1.0) as u32);
        }
        if order.size.is_none() {
            next.size = next.size.map(|size| nearest_size(size, of_codec));
        }
        next.frame_rate = next.frame_rate.map(|rate| nearest(rate, rates));
        next.bitrate_kbps = next.bitrate_kbps.map(|rate| nearest(rate, bitrates));
        next.gop_length = next.gop_length.map(|length| nearest(length, gops));
        next.quality = next.quality.map(|quality| nearest(quality, qualities));
    }
    Ok(next)
}

fn within<T: PartialOrd + Copy + std::fmt::Display>(
    field: &str,
    asked: Option<T>,
    span: Option<Span<T>>,
    fit: Fit,
) -> Result<Option<T>, Problem> {
    match (asked, span) {
        (Some(asked), Some(span)) if fit == Fit::Exact && !(span.min <= asked && asked <= span.max) => {
            Err(out_of_range(field, &format!("{} to {}", span.min, span.max)))
        }
        (Some(asked), span) => Ok(Some(nearest(asked, span))),
        (None, _) => Ok(None),
    }
}

fn nearest<T: PartialOrd + Copy>(wanted: T, span: Option<Span<T>>) -> T {
    match span {
        // Some devices write a span upside down, or one of nothing.
        Some(span) if span.min > span.max => wanted,
        Some(span) if wanted < span.min => span.min,
        Some(span) if wanted > span.max => span.max,
        _ => wanted,
    }
}

/// The largest that is no larger, else the smallest there is.
fn nearest_size(wanted: Size, option: Option<&EncoderOption>) -> Size {
    let area = |size: &Size| u64::from(size.width) * u64::from(size.height);
    let allowed = option.map(|option| option.sizes.as_slice()).unwrap_or_default();
    let smaller = allowed.iter().filter(|size| area(size) <= area(&wanted)).max_by_key(|size| area(size));
    match allowed.contains(&wanted) {
        true => wanted,
        false => smaller.or_else(|| allowed.iter().min_by_key(|size| area(size))).copied().unwrap_or(wanted),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn option(codec: VideoCodec) -> EncoderOption {
        EncoderOption {
            codec,
            sizes: vec![Size { width: 1920, height: 1080 }, Size { width: 1280, height: 720 }],
            quality: None,
            frame_rates: Some(Span { min: 1.0, max: 25.0 }),
            frame_rate_list: Vec::new(),
            bitrate_kbps: Some(Span { min: 64, max: 8_192 }),
            gop_length: Some(Span { min: 1, max: 250 }),
            encoding_interval: None,
            profiles: vec!["Main".into(), "High".into()],
        }
    }

    fn encoder() -> VideoEncoder {
        VideoEncoder {
            codec: Some(VideoCodec::H264),
            size: Some(Size { width: 1920, height: 1080 }),
            frame_rate: Some(25.0),
            gop_length: Some(50),
            profile: Some("High".into()),
            ..VideoEncoder::default()
        }
    }

    #[test]
    fn only_what_was_asked_changes() {
        let order = EncoderOrder { gop_length: Some(25), ..EncoderOrder::default() };
        let next = change(&encoder(), &[option(VideoCodec::H264)], order).unwrap();
        assert_eq!(next, VideoEncoder { gop_length: Some(25), ..encoder() });
    }

    #[test]
    fn what_the_device_does_not_list_is_refused() {
        let options = [option(VideoCodec::H264)];
        let check = |order: EncoderOrder, field: &str| {
            let refused = change(&encoder(), &options, order).unwrap_err();
            assert_eq!(refused.params.get("field").map(String::as_str), Some(field));
        };
        check(EncoderOrder { frame_rate: Some(60.0), ..EncoderOrder::default() }, "frame_rate");
        check(EncoderOrder { gop_length: Some(0), ..EncoderOrder::default() }, "gop_length");
        check(EncoderOrder { codec: Some(VideoCodec::H265), ..EncoderOrder::default() }, "codec");
        let size = Some(Size { width: 100, height: 100 });
        check(EncoderOrder { size, ..EncoderOrder::default() }, "size");
        // Without a list the device decides.
        let order = EncoderOrder { frame_rate: Some(60.0), ..EncoderOrder::default() };
        assert_eq!(change(&encoder(), &[], order).unwrap().frame_rate, Some(60.0));
    }

    #[test]
    fn another_codec_takes_a_profile_of_its_own() {
        let h265 = EncoderOption { profiles: vec!["Main".into()], ..option(VideoCodec::H265) };
        let order = EncoderOrder { codec: Some(VideoCodec::H265), ..EncoderOrder::default() };
        let next = change(&encoder(), &[option(VideoCodec::H264), h265], order).unwrap();
        assert_eq!((next.codec, next.profile.as_deref()), (Some(VideoCodec::H265), Some("Main")));
    }

    #[test]
    fn a_new_codec_takes_the_nearest_of_everything() {
        let h264 = EncoderOption {
            frame_rates: Some(Span { min: 1.0, max: 15.0 }),
            bitrate_kbps: Some(Span { min: 256, max: 1_024 }),
            gop_length: Some(Span { min: 5, max: 25 }),
            ..option(VideoCodec::H264)
        };
        let jpeg = VideoEncoder {
            codec: Some(VideoCodec::Mjpeg),
            size: Some(Size { width: 1600, height: 900 }),
            bitrate_kbps: Some(16_000),
            gop_length: Some(1),
            ..encoder()
        };
        let order = EncoderOrder { codec: Some(VideoCodec::H264), ..EncoderOrder::default() };
        let next = change(&jpeg, &[h264], order).unwrap();
        assert_eq!((next.size, next.frame_rate), (Some(Size { width: 1280, height: 720 }), Some(15.0)));
        assert_eq!((next.bitrate_kbps, next.gop_length), (Some(1_024), Some(25)));
    }

    #[test]
    fn what_fits_about_is_brought_into_the_span() {
        let options = [EncoderOption { gop_length: Some(Span { min: 10, max: 30 }), ..option(VideoCodec::H264) }];
        let check = |wish: u32, expect: u32| {
            let order = EncoderOrder { gop_length: Some(wish), fit: Fit::Nearest, ..EncoderOrder::default() };
            assert_eq!(change(&encoder(), &options, order).unwrap().gop_length, Some(expect));
        };
        check(50, 30);
        check(1, 10);
        check(20, 20);
        assert_eq!(nearest(5, Some(Span { min: 9, max: 0 })), 5);
    }
}
