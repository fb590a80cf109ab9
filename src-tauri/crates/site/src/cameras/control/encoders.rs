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
        SetVideoEncoderConfiguration, Size, VideoEncoder,
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
}

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
    next.frame_rate = within("frame_rate", order.frame_rate, rates, next.frame_rate)?;
    next.bitrate_kbps = within("bitrate_kbps", order.bitrate_kbps, bitrates, next.bitrate_kbps)?;
    next.gop_length = within("gop_length", order.gop_length, gops, next.gop_length)?;
    next.quality = within("quality", order.quality, qualities, next.quality)?;
    next.is_constant_bitrate = order.is_constant_bitrate.or(next.is_constant_bitrate);
    if is_other_codec {
        // A profile of the old codec means nothing to the new one.
        next.profile = of_codec.and_then(|option| option.profiles.first().cloned());
    }
    Ok(next)
}

fn within<T: PartialOrd + Copy + std::fmt::Display>(
    field: &str,
    asked: Option<T>,
    span: Option<watchwall_onvif::operations::Span<T>>,
    now: Option<T>,
) -> Result<Option<T>, Problem> {
    match (asked, span) {
        (Some(asked), Some(span)) if !(span.min <= asked && asked <= span.max) => {
            Err(out_of_range(field, &format!("{} to {}", span.min, span.max)))
        }
        (Some(asked), _) => Ok(Some(asked)),
        (None, _) => Ok(now),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use watchwall_onvif::operations::Span;

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
}
