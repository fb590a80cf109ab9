//! Settings of the picture and the focus motor.

use super::tokens;
use crate::{
    AccountLevel,
    onvif::{
        call::{Answer, Call, Refusal, escape},
        element::Element,
    },
};

pub(super) fn answer(call: &Call<'_>) -> Answer {
    let channel = tokens::find_source(call, call.text("VideoSourceToken")?)?;
    match call.operation {
        "GetImagingSettings" => settings(call, channel),
        "SetImagingSettings" => set(call, channel),
        "GetOptions" => options(call),
        "GetMoveOptions" => {
            let span = |kind: &str, field: &str, min: i32| {
                format!("<tt:{kind}><tt:{field}><tt:Min>{min}</tt:Min><tt:Max>1</tt:Max></tt:{field}></tt:{kind}>")
            };
            call.answer(format!(
                "<timg:MoveOptions>{}{}{}</timg:MoveOptions>",
                span("Absolute", "Position", 0),
                span("Relative", "Distance", -1),
                span("Continuous", "Speed", -1)
            ))
        }
        "Move" => move_focus(call, channel),
        "Stop" => call.done(),
        "GetStatus" => {
            let focus = call.device.state().channels.get(channel).map_or(0.0, |own| own.focus);
            call.answer(format!(
                "<timg:Status><tt:FocusStatus20><tt:Position>{focus}</tt:Position><tt:MoveStatus>IDLE</tt:MoveStatus>\
                 </tt:FocusStatus20></timg:Status>"
            ))
        }
        _ => Err(Refusal::unsupported()),
    }
}

fn settings(call: &Call<'_>, channel: usize) -> Answer {
    let state = call.device.state();
    let own = state.channels.get(channel).ok_or_else(Refusal::no_profile)?;
    let value = |name: &str| escape(own.picture.get(name).map_or("", String::as_str));
    let leaf = |name: &str| format!("<tt:{name}>{}</tt:{name}>", value(name));
    let content = [
        format!(
            "<tt:BacklightCompensation><tt:Mode>{}</tt:Mode><tt:Level>{}</tt:Level></tt:BacklightCompensation>",
            value("BacklightMode"),
            value("BacklightLevel")
        ),
        leaf("Brightness"),
        leaf("ColorSaturation"),
        leaf("Contrast"),
        format!(
            "<tt:Exposure><tt:Mode>{}</tt:Mode>{}{}</tt:Exposure>",
            value("ExposureMode"),
            leaf("ExposureTime"),
            leaf("Gain")
        ),
        format!("<tt:Focus>{}</tt:Focus>", leaf("AutoFocusMode")),
        leaf("IrCutFilter"),
        leaf("Sharpness"),
        format!("<tt:WideDynamicRange><tt:Mode>{}</tt:Mode></tt:WideDynamicRange>", value("WideDynamicMode")),
        format!("<tt:WhiteBalance><tt:Mode>{}</tt:Mode></tt:WhiteBalance>", value("WhiteBalanceMode")),
    ];
    call.answer(format!("<timg:ImagingSettings>{}</timg:ImagingSettings>", content.concat()))
}

fn set(call: &Call<'_>, channel: usize) -> Answer {
    call.at_least(AccountLevel::Operator)?;
    let wanted = call.body.child("ImagingSettings").ok_or_else(|| Refusal::invalid("ImagingSettings is missing"))?;
    let text = |node: Option<&Element>, name: &str| node.and_then(|node| node.text_of(name)).map(ToOwned::to_owned);
    let part = |name: &str| wanted.child(name);
    let given = [
        ("BacklightMode", text(part("BacklightCompensation"), "Mode")),
        ("BacklightLevel", text(part("BacklightCompensation"), "Level")),
        ("Brightness", text(Some(wanted), "Brightness")),
        ("ColorSaturation", text(Some(wanted), "ColorSaturation")),
        ("Contrast", text(Some(wanted), "Contrast")),
        ("ExposureMode", text(part("Exposure"), "Mode")),
        ("ExposureTime", text(part("Exposure"), "ExposureTime")),
        ("Gain", text(part("Exposure"), "Gain")),
        ("AutoFocusMode", text(part("Focus"), "AutoFocusMode")),
        ("IrCutFilter", text(Some(wanted), "IrCutFilter")),
        ("Sharpness", text(Some(wanted), "Sharpness")),
        ("WideDynamicMode", text(part("WideDynamicRange"), "Mode")),
        ("WhiteBalanceMode", text(part("WhiteBalance"), "Mode")),
    ];
    let is_level = |name: &str| matches!(name, "Brightness" | "ColorSaturation" | "Contrast" | "Sharpness");
    for (name, value) in &given {
        let is_bad =
            value.as_ref().is_some_and(|value| !value.parse::<f32>().is_ok_and(|v| (0.0..=100.0).contains(&v)));
        if is_level(name) && is_bad {
            return Err(Refusal::sender(&["InvalidArgVal", "SettingsInvalid"], format!("{name} goes from 0 to 100")));
        }
    }
    let mut state = call.device.state();
    let own = state.channels.get_mut(channel).ok_or_else(Refusal::no_profile)?;
    own.picture.extend(given.into_iter().filter_map(|(name, value)| Some((name, value?))));
    call.done()
}

fn options(call: &Call<'_>) -> Answer {
    let span = |name: &str, max: u32| format!("<tt:{name}><tt:Min>0</tt:Min><tt:Max>{max}</tt:Max></tt:{name}>");
    let modes = |element: &str, modes: &[&str]| {
        modes.iter().map(|mode| format!("<tt:{element}>{mode}</tt:{element}>")).collect::<String>()
    };
    let content = [
        format!(
            "<tt:BacklightCompensation>{}{}</tt:BacklightCompensation>",
            modes("Mode", &["OFF", "ON"]),
            span("Level", 100)
        ),
        span("Brightness", 100),
        span("ColorSaturation", 100),
        span("Contrast", 100),
        format!(
            "<tt:Exposure>{}{}{}{}</tt:Exposure>",
            modes("Mode", &["AUTO", "MANUAL"]),
            span("MinExposureTime", 1000),
            span("MaxExposureTime", 40_000),
            span("Gain", 100)
        ),
        format!("<tt:Focus>{}</tt:Focus>", modes("AutoFocusModes", &["AUTO", "MANUAL"])),
        modes("IrCutFilterModes", &["ON", "OFF", "AUTO"]),
        span("Sharpness", 100),
        format!("<tt:WideDynamicRange>{}</tt:WideDynamicRange>", modes("Mode", &["OFF", "ON"])),
        format!("<tt:WhiteBalance>{}</tt:WhiteBalance>", modes("Mode", &["AUTO", "MANUAL"])),
    ];
    call.answer(format!("<timg:ImagingOptions>{}</timg:ImagingOptions>", content.concat()))
}

fn move_focus(call: &Call<'_>, channel: usize) -> Answer {
    call.at_least(AccountLevel::Operator)?;
    let number = |kind: &str, field: &str| call.body.find(kind).and_then(|node| node.number_of::<f32>(field));
    let mut state = call.device.state();
    let own = state.channels.get_mut(channel).ok_or_else(Refusal::no_profile)?;
    let to = number("Absolute", "Position")
        .or_else(|| number("Relative", "Distance").map(|way| own.focus + way))
        // A motor that turns is at its end at once.
        .or_else(|| number("Continuous", "Speed").map(|speed| if speed > 0.0 { 1.0 } else { 0.0 }));
    let to = to.ok_or_else(|| Refusal::sender(&["InvalidArgs"], "The move is missing"))?;
    own.focus = to.clamp(0.0, 1.0);
    call.done()
}
