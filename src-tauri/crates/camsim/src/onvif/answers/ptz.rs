//! Moves, presets, home. The picture does not move; the position that GetStatus tells does.

use super::{ptz_nodes, tokens};
use crate::{
    AccountLevel,
    onvif::{
        Quirk,
        call::{Answer, Call, Refusal, escape},
        dates::{parse_duration_ms, utc_text},
        element::Element,
        motion::Axes,
        state::{Channel, Preset},
    },
};

pub(super) fn answer(call: &Call<'_>) -> Answer {
    match call.operation {
        "GetNodes" | "GetNode" => return ptz_nodes::nodes(call),
        "GetConfigurations" | "GetConfiguration" => return ptz_nodes::configurations(call),
        "GetConfigurationOptions" => return ptz_nodes::options(call),
        _ => {}
    }
    let (channel, _) = tokens::find_profile(call, call.text("ProfileToken")?)?;
    if !matches!(call.operation, "GetStatus" | "GetPresets") {
        call.at_least(AccountLevel::Operator)?;
    }
    match call.operation {
        "GetStatus" => status(call, channel),
        "GetPresets" => presets(call, channel),
        "ContinuousMove" => continuous(call, channel),
        "AbsoluteMove" => with_channel(call, channel, |call, own, now| {
            let position = vector(call, call.body.child("Position"))?;
            let is_outside = |value: &Option<f32>, min: f32| value.is_some_and(|v| !(min..=1.0).contains(&v));
            if is_outside(&position[0], -1.0) || is_outside(&position[1], -1.0) || is_outside(&position[2], 0.0) {
                return Err(Refusal::sender(&["InvalidArgVal", "InvalidPosition"], "The position is out of bounds"));
            }
            own.mount.travel(position, now);
            call.done()
        }),
        "RelativeMove" => with_channel(call, channel, |call, own, now| {
            let way = vector(call, call.body.child("Translation"))?;
            let at = own.mount.position(now);
            own.mount.travel(std::array::from_fn(|axis| way[axis].map(|way| at[axis] + way)), now);
            call.done()
        }),
        "Stop" if call.has(Quirk::PtzNoStop) => Err(Refusal::unsupported()),
        "Stop" => with_channel(call, channel, |call, own, now| {
            // Neither named: both.
            let asked = |name: &str| call.body.text_of(name).is_none_or(|text| text == "true" || text == "1");
            let (pan_tilt, zoom) = (asked("PanTilt"), asked("Zoom"));
            own.mount.stop([pan_tilt, pan_tilt, zoom], now);
            call.done()
        }),
        "SetPreset" => set_preset(call, channel),
        "GotoPreset" => with_channel(call, channel, |call, own, now| {
            let preset = own.presets.get(call.text("PresetToken")?).ok_or_else(no_token)?;
            own.mount.travel(preset.at.map(Some), now);
            call.done()
        }),
        "RemovePreset" => with_channel(call, channel, |call, own, _| {
            own.presets.remove(call.text("PresetToken")?).ok_or_else(no_token)?;
            call.done()
        }),
        "GotoHomePosition" => with_channel(call, channel, |call, own, now| {
            own.mount.travel(own.mount.home.map(Some), now);
            call.done()
        }),
        "SetHomePosition" => with_channel(call, channel, |call, own, now| {
            own.mount.home = own.mount.position(now);
            call.done()
        }),
        "SendAuxiliaryCommand" => {
            let command = escape(call.text("AuxiliaryData")?);
            call.answer(format!("<tptz:AuxiliaryResponse>{command}</tptz:AuxiliaryResponse>"))
        }
        _ => Err(Refusal::unsupported()),
    }
}

fn with_channel(call: &Call<'_>, channel: usize, act: impl FnOnce(&Call<'_>, &mut Channel, u64) -> Answer) -> Answer {
    let now = call.device.uptime_ms();
    let mut state = call.device.state();
    let own = state.channels.get_mut(channel).ok_or_else(Refusal::no_profile)?;
    act(call, own, now)
}

fn no_token() -> Refusal {
    Refusal::sender(&["InvalidArgVal", "NoToken"], "The preset does not exist")
}

/// Pan, tilt and zoom as far as they are given. A device that wants its spaces named says so.
fn vector(call: &Call<'_>, vector: Option<&Element>) -> Result<[Option<f32>; 3], Refusal> {
    let vector = vector.ok_or_else(|| Refusal::sender(&["InvalidArgs"], "The vector is missing"))?;
    let (pan_tilt, zoom) = (vector.child("PanTilt"), vector.child("Zoom"));
    let is_bare = [pan_tilt, zoom].into_iter().flatten().any(|axis| axis.attribute("space").is_none());
    if call.has(Quirk::PtzWantsSpace) && is_bare {
        return Err(Refusal::sender(&["InvalidArgVal", "SpaceNotSupported"], "The space is not supported"));
    }
    let number = |axis: Option<&Element>, name: &str| {
        axis.and_then(|axis| axis.number_in::<f32>(name)).filter(|v| v.is_finite())
    };
    Ok([number(pan_tilt, "x"), number(pan_tilt, "y"), number(zoom, "x")])
}

fn continuous(call: &Call<'_>, channel: usize) -> Answer {
    let timeout = call.body.text_of("Timeout");
    if call.has(Quirk::PtzRefusesTimeout) && timeout.is_some() {
        return Err(Refusal::sender(&["InvalidArgVal", "TimeoutNotSupported"], "A timeout is not supported"));
    }
    let told =
        timeout.map(|text| parse_duration_ms(text).ok_or_else(|| Refusal::invalid("The timeout is no duration")));
    let within_ms = told.transpose()?.unwrap_or(10_000);
    let within_ms = (!call.has(Quirk::PtzIgnoresTimeout)).then_some(within_ms);
    with_channel(call, channel, |call, own, now| {
        let velocity = vector(call, call.body.child("Velocity"))?;
        own.mount.turn(velocity, within_ms, now);
        call.done()
    })
}

fn written([pan, tilt, zoom]: Axes) -> String {
    format!(
        "<tt:PanTilt x=\"{pan}\" y=\"{tilt}\" space=\"http://www.onvif.org/ver10/tptz/PanTiltSpaces/PositionGenericSpace\"/>\
         <tt:Zoom x=\"{zoom}\" space=\"http://www.onvif.org/ver10/tptz/ZoomSpaces/PositionGenericSpace\"/>"
    )
}

fn status(call: &Call<'_>, channel: usize) -> Answer {
    let at = utc_text(call.device.now());
    with_channel(call, channel, |call, own, now| {
        let word = |moves: bool| if moves { "MOVING" } else { "IDLE" };
        let (pan_tilt, zoom) = own.mount.is_moving(now);
        call.answer(format!(
            "<tptz:PTZStatus><tt:Position>{}</tt:Position><tt:MoveStatus><tt:PanTilt>{}</tt:PanTilt><tt:Zoom>{}</tt:Zoom>\
             </tt:MoveStatus><tt:UtcTime>{at}</tt:UtcTime></tptz:PTZStatus>",
            written(own.mount.position(now)),
            word(pan_tilt),
            word(zoom)
        ))
    })
}

fn presets(call: &Call<'_>, channel: usize) -> Answer {
    with_channel(call, channel, |call, own, _| {
        let list = own.presets.iter().map(|(token, preset)| {
            format!(
                "<tptz:Preset token=\"{}\"><tt:Name>{}</tt:Name><tt:PTZPosition>{}</tt:PTZPosition></tptz:Preset>",
                escape(token),
                escape(&preset.name),
                written(preset.at)
            )
        });
        call.answer(list.collect::<String>())
    })
}

fn set_preset(call: &Call<'_>, channel: usize) -> Answer {
    let fresh = call.device.state().fresh();
    with_channel(call, channel, |call, own, now| {
        if own.mount.is_moving(now) != (false, false) {
            return Err(Refusal::receiver(&["Action", "MovingPTZ"], "The unit is moving"));
        }
        let token = call.body.text_of("PresetToken");
        if token.is_some_and(|token| !own.presets.contains_key(token)) {
            return Err(no_token());
        }
        if token.is_none() && own.presets.len() >= ptz_nodes::MOST_PRESETS {
            return Err(Refusal::receiver(&["Action", "TooManyPresets"], "There is no room for more presets"));
        }
        let token = token.map_or_else(|| format!("Preset_{fresh}"), ToOwned::to_owned);
        let name = call.body.text_of("PresetName").unwrap_or(&token).to_owned();
        if own.presets.iter().any(|(other, preset)| *other != token && preset.name == name) {
            return Err(Refusal::sender(&["InvalidArgVal", "PresetExist"], "The name is taken"));
        }
        own.presets.insert(token.clone(), Preset { name, at: own.mount.position(now) });
        call.answer(format!("<tptz:PresetToken>{token}</tptz:PresetToken>"))
    })
}
