//! What devices can be set to, on the wire and back.

use crate::extract::invalid;
use watchwall_api::{
    ClockChange, ClockView, DeviceUserOrder, DeviceUserView, EncoderOptionView, EncoderPatch, EncoderView,
    FocusCommand, FocusView, ImagingOptionsView, ImagingView, InputView, OsdTextView, OsdView, OsdsView, PictureView,
    RangeView, RelayView,
};
use watchwall_model::{Problem, VideoCodec};
use watchwall_site::cameras::control::{
    ClockFacts, ClockOrder, DeviceUser, EncoderOption, EncoderOrder, EncoderSetup, FocusMove, ImagingSettings,
    InputFacts, NewAccount, Osd, OsdOptions, OsdPosition, OsdText, PictureFacts, RelayFacts, RelayMode, Size, Span,
    UserLevel,
};

fn range<T: Into<f64> + Copy>(span: Option<Span<T>>) -> Option<RangeView> {
    span.map(|span| RangeView { min: span.min.into(), max: span.max.into() })
}

pub fn imaging_view(settings: &ImagingSettings) -> ImagingView {
    let settings = settings.clone();
    ImagingView {
        backlight_mode: settings.backlight_mode,
        backlight_level: settings.backlight_level,
        brightness: settings.brightness,
        saturation: settings.saturation,
        contrast: settings.contrast,
        sharpness: settings.sharpness,
        exposure_mode: settings.exposure_mode,
        exposure_time: settings.exposure_time,
        gain: settings.gain,
        iris: settings.iris,
        focus_mode: settings.focus_mode,
        ir_cut_filter: settings.ir_cut_filter,
        wide_dynamic_range_mode: settings.wide_dynamic_range_mode,
        wide_dynamic_range_level: settings.wide_dynamic_range_level,
        white_balance_mode: settings.white_balance_mode,
    }
}

pub fn imaging_of(view: ImagingView) -> ImagingSettings {
    ImagingSettings {
        backlight_mode: view.backlight_mode,
        backlight_level: view.backlight_level,
        brightness: view.brightness,
        saturation: view.saturation,
        contrast: view.contrast,
        exposure_mode: view.exposure_mode,
        exposure_time: view.exposure_time,
        gain: view.gain,
        iris: view.iris,
        focus_mode: view.focus_mode,
        ir_cut_filter: view.ir_cut_filter,
        sharpness: view.sharpness,
        wide_dynamic_range_mode: view.wide_dynamic_range_mode,
        wide_dynamic_range_level: view.wide_dynamic_range_level,
        white_balance_mode: view.white_balance_mode,
    }
}

pub fn picture_view(facts: &PictureFacts) -> PictureView {
    let options = facts.options.clone();
    PictureView {
        settings: imaging_view(&facts.settings),
        options: ImagingOptionsView {
            brightness: range(options.brightness),
            saturation: range(options.saturation),
            contrast: range(options.contrast),
            sharpness: range(options.sharpness),
            exposure_modes: options.exposure_modes,
            ir_cut_filter_modes: options.ir_cut_filter_modes,
            focus_modes: options.focus_modes,
            wide_dynamic_range_modes: options.wide_dynamic_range_modes,
            white_balance_modes: options.white_balance_modes,
        },
        focus: facts.focus.as_ref().map(|(status, options)| FocusView {
            position: status.position,
            moving: status.is_moving,
            absolute: range(options.position),
            relative: range(options.distance),
            continuous: range(options.speed),
        }),
    }
}

/// `None` stops.
pub const fn focus_of(command: FocusCommand) -> Option<FocusMove> {
    match command {
        FocusCommand::Absolute { position } => Some(FocusMove::Absolute { position }),
        FocusCommand::Relative { distance } => Some(FocusMove::Relative { distance }),
        FocusCommand::Continuous { speed } => Some(FocusMove::Continuous { speed }),
        FocusCommand::Stop => None,
    }
}

pub fn osds_view(osds: &[Osd], options: &OsdOptions) -> OsdsView {
    let options = options.clone();
    OsdsView {
        items: osds.iter().map(osd_view).collect(),
        most: options.most,
        positions: options.positions,
        text_kinds: options.text_kinds,
        font_sizes: range(options.font_sizes),
        date_formats: options.date_formats,
        time_formats: options.time_formats,
    }
}

fn osd_view(osd: &Osd) -> OsdView {
    let (position, at) = match &osd.position {
        OsdPosition::UpperLeft => ("upper_left", None),
        OsdPosition::UpperRight => ("upper_right", None),
        OsdPosition::LowerLeft => ("lower_left", None),
        OsdPosition::LowerRight => ("lower_right", None),
        OsdPosition::Custom { x, y } => ("custom", Some((*x, *y))),
        OsdPosition::Other(word) => (word.as_str(), None),
    };
    OsdView {
        token: Some(osd.token.clone()),
        position: position.to_owned(),
        x: at.map(|(x, _)| x),
        y: at.map(|(_, y)| y),
        text: osd.text.as_ref().map(|text| OsdTextView {
            kind: text.kind.clone(),
            plain: text.plain.clone(),
            date_format: text.date_format.clone(),
            time_format: text.time_format.clone(),
            font_size: text.font_size,
        }),
    }
}

/// # Errors
/// `request_invalid` for an overlay without text, or a custom position without coordinates.
pub fn osd_of(view: OsdView) -> Result<Osd, Problem> {
    let position = match view.position.as_str() {
        "upper_left" => OsdPosition::UpperLeft,
        "upper_right" => OsdPosition::UpperRight,
        "lower_left" => OsdPosition::LowerLeft,
        "lower_right" => OsdPosition::LowerRight,
        "custom" => {
            let (Some(x), Some(y)) = (view.x, view.y) else { return Err(invalid("x", "missing")) };
            OsdPosition::Custom { x, y }
        }
        other => OsdPosition::Other(other.to_owned()),
    };
    let text = view.text.ok_or_else(|| invalid("text", "missing"))?;
    Ok(Osd {
        token: view.token.unwrap_or_default(),
        source_configuration: String::new(),
        position,
        text: Some(OsdText {
            kind: text.kind,
            plain: text.plain,
            date_format: text.date_format,
            time_format: text.time_format,
            font_size: text.font_size,
            is_channel_name: false,
        }),
    })
}

pub fn encoder_view(setup: &EncoderSetup) -> EncoderView {
    let encoder = &setup.encoder;
    EncoderView {
        profile: setup.profile.clone(),
        profile_name: setup.profile_name.clone(),
        role: setup.role.map(|role| role.as_str().to_owned()),
        codec: encoder.codec.as_ref().map(|codec| codec.as_str().to_owned()),
        width: encoder.size.map(|size| size.width),
        height: encoder.size.map(|size| size.height),
        frame_rate: encoder.frame_rate,
        bitrate_kbps: encoder.bitrate_kbps,
        constant_bitrate: encoder.is_constant_bitrate,
        gop_length: encoder.gop_length,
        quality: encoder.quality,
        codec_profile: encoder.profile.clone(),
        options: setup.options.iter().map(option_view).collect(),
    }
}

fn option_view(option: &EncoderOption) -> EncoderOptionView {
    EncoderOptionView {
        codec: option.codec.as_str().to_owned(),
        sizes: option.sizes.iter().map(|size| [size.width, size.height]).collect(),
        frame_rates: range(option.frame_rates),
        frame_rate_list: option.frame_rate_list.clone(),
        bitrate_kbps: range(option.bitrate_kbps),
        gop_length: range(option.gop_length),
        quality: range(option.quality),
    }
}

/// The profile's token, and what is to change.
///
/// # Errors
/// `request_invalid` for a width without a height.
pub fn encoder_of(patch: EncoderPatch) -> Result<(String, EncoderOrder), Problem> {
    let size = match (patch.width, patch.height) {
        (Some(width), Some(height)) => Some(Size { width, height }),
        (None, None) => None,
        _ => return Err(invalid("width", "width and height go together")),
    };
    let codec = patch.codec.map(|word| match word.as_str() {
        "h264" => VideoCodec::H264,
        "h265" => VideoCodec::H265,
        "mjpeg" => VideoCodec::Mjpeg,
        _ => VideoCodec::Other(word),
    });
    let order = EncoderOrder {
        codec,
        size,
        frame_rate: patch.frame_rate,
        bitrate_kbps: patch.bitrate_kbps,
        gop_length: patch.gop_length,
        quality: patch.quality,
        is_constant_bitrate: patch.constant_bitrate,
        ..EncoderOrder::default()
    };
    Ok((patch.profile, order))
}

pub fn relay_view(facts: &RelayFacts) -> RelayView {
    let mode = match &facts.relay.mode {
        RelayMode::Monostable => "monostable",
        RelayMode::Bistable => "bistable",
        RelayMode::Other(word) => word,
    };
    RelayView {
        token: facts.relay.token.clone(),
        mode: mode.to_owned(),
        pulse_ms: facts.relay.pulse_ms,
        active: facts.is_active,
    }
}

pub fn input_view(facts: &InputFacts) -> InputView {
    InputView { token: facts.input.token.clone(), idle_state: facts.input.idle_state.clone(), active: facts.is_active }
}

pub fn clock_view(facts: &ClockFacts) -> ClockView {
    ClockView {
        shown: facts.shown.map(|at| at.0),
        offset_ms: facts.offset_ms,
        source: if facts.is_by_ntp { "ntp" } else { "manual" }.to_owned(),
        time_zone: facts.time_zone.clone(),
        zone_minutes: facts.zone_minutes,
        daylight_savings: facts.has_daylight_savings,
        ntp_from_dhcp: facts.ntp.as_ref().map(|ntp| ntp.from_dhcp),
        ntp_servers: facts.ntp.as_ref().map(|ntp| ntp.manual.clone()).unwrap_or_default(),
    }
}

pub fn clock_of(change: ClockChange) -> ClockOrder {
    match change {
        ClockChange::Manual => ClockOrder::Ours,
        ClockChange::Ntp { from_dhcp, servers } => ClockOrder::Ntp { from_dhcp, servers },
    }
}

pub fn device_user_view(user: &DeviceUser, own: Option<&str>) -> DeviceUserView {
    let level = match &user.level {
        UserLevel::Administrator => "administrator",
        UserLevel::Operator => "operator",
        UserLevel::User => "user",
        UserLevel::Anonymous => "anonymous",
        UserLevel::Other(word) => word,
    };
    DeviceUserView { name: user.name.clone(), level: level.to_owned(), own: own == Some(user.name.as_str()) }
}

pub fn account_of(order: DeviceUserOrder) -> NewAccount {
    let level = match order.level.as_str() {
        "administrator" => UserLevel::Administrator,
        "operator" => UserLevel::Operator,
        "user" => UserLevel::User,
        "anonymous" => UserLevel::Anonymous,
        other => UserLevel::Other(other.to_owned()),
    };
    NewAccount { user: DeviceUser { name: order.name, level }, password: order.password }
}
