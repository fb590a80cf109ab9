//! Overlays, the same in both media services but for the wrapper. They are remembered and told; the picture does not
//! show them.

use super::tokens;
use crate::{
    AccountLevel,
    onvif::{
        call::{Answer, Call, Refusal, escape},
        element::Element,
        state::Overlay,
    },
};

/// Of one channel.
const MOST: usize = 4;

pub(super) fn answer(call: &Call<'_>) -> Answer {
    match call.operation {
        "GetOSDs" | "GetOSD" => list(call),
        "GetOSDOptions" => options(call),
        operation => {
            call.at_least(AccountLevel::Operator)?;
            match operation {
                "CreateOSD" => create(call),
                "SetOSD" => {
                    let wanted = call.body.child("OSD").ok_or_else(|| Refusal::invalid("OSD is missing"))?;
                    let (channel, key) = find(call, wanted.attribute("token").unwrap_or_default())?;
                    let overlay = read(wanted)?;
                    call.device.state().channels[channel].overlays.insert(key, overlay);
                    call.done()
                }
                _ => {
                    let (channel, key) = find(call, call.text("OSDToken")?)?;
                    call.device.state().channels[channel].overlays.remove(&key);
                    call.done()
                }
            }
        }
    }
}

/// Tokens name their channel, so that they differ over the device.
fn token(channel: usize, key: &str) -> String {
    format!("OsdToken_{}_{key}", channel + 1)
}

fn find(call: &Call<'_>, wanted: &str) -> Result<(usize, String), Refusal> {
    let state = call.device.state();
    let all = state.channels.iter().enumerate();
    let mut keys = all.flat_map(|(channel, own)| own.overlays.keys().map(move |key| (channel, key.clone())));
    keys.find(|(channel, key)| token(*channel, key) == wanted)
        .ok_or_else(|| Refusal::sender(&["InvalidArgVal", "NoConfig"], "The overlay does not exist"))
}

fn list(call: &Call<'_>) -> Answer {
    let prefix = call.service.prefix();
    let configuration = call.body.text_of("ConfigurationToken");
    let one = call.body.text_of("OSDToken");
    let element = if one.is_some() { "OSD" } else { "OSDs" };
    let state = call.device.state();
    let mut items = String::new();
    for (channel, own) in state.channels.iter().enumerate() {
        if configuration.is_some_and(|wanted| wanted != tokens::source_configuration(channel)) {
            continue;
        }
        for (key, overlay) in &own.overlays {
            let token = token(channel, key);
            if one.is_none_or(|wanted| wanted == token) {
                items.push_str(&format!(
                    "<{prefix}:{element} token=\"{token}\"><tt:VideoSourceConfigurationToken>{}</tt:VideoSourceConfigurationToken>\
                     <tt:Type>Text</tt:Type>{}</{prefix}:{element}>",
                    tokens::source_configuration(channel),
                    written(overlay)
                ));
            }
        }
    }
    if items.is_empty() && one.is_some() {
        return Err(Refusal::sender(&["InvalidArgVal", "NoConfig"], "The overlay does not exist"));
    }
    call.answer(items)
}

fn written(overlay: &Overlay) -> String {
    let leaf = |name: &str, text: &str| {
        if text.is_empty() { String::new() } else { format!("<tt:{name}>{}</tt:{name}>", escape(text)) }
    };
    let place = overlay
        .place
        .as_ref()
        .map(|(x, y)| format!("<tt:Pos x=\"{}\" y=\"{}\"/>", escape(x), escape(y)))
        .unwrap_or_default();
    format!(
        "<tt:Position>{}{place}</tt:Position><tt:TextString>{}{}{}<tt:FontSize>{}</tt:FontSize>{}</tt:TextString>",
        leaf("Type", &overlay.position),
        leaf("Type", &overlay.kind),
        leaf("DateFormat", &overlay.date_format),
        leaf("TimeFormat", &overlay.time_format),
        overlay.font_size,
        leaf("PlainText", &overlay.plain)
    )
}

fn read(wanted: &Element) -> Result<Overlay, Refusal> {
    let invalid = || Refusal::sender(&["InvalidArgVal", "ConfigModify"], "The overlay makes no sense");
    let text = wanted.child("TextString").ok_or_else(invalid)?;
    let position = wanted.child("Position").ok_or_else(invalid)?;
    let own = |node: &Element, name: &str| node.text_of(name).unwrap_or_default().to_owned();
    let place =
        position.child("Pos").and_then(|pos| Some((pos.attribute("x")?.to_owned(), pos.attribute("y")?.to_owned())));
    let overlay = Overlay {
        position: own(position, "Type"),
        place,
        kind: own(text, "Type"),
        plain: own(text, "PlainText"),
        date_format: own(text, "DateFormat"),
        time_format: own(text, "TimeFormat"),
        font_size: text.number_of("FontSize").unwrap_or(32),
    };
    let is_known = ["Plain", "Date", "Time", "DateAndTime"].contains(&overlay.kind.as_str());
    if is_known { Ok(overlay) } else { Err(invalid()) }
}

fn create(call: &Call<'_>) -> Answer {
    let wanted = call.body.child("OSD").ok_or_else(|| Refusal::invalid("OSD is missing"))?;
    let overlay = read(wanted)?;
    let configuration = wanted.text_of("VideoSourceConfigurationToken").unwrap_or_default();
    let channel = (0..call.channels())
        .find(|channel| tokens::source_configuration(*channel) == configuration)
        .ok_or_else(|| Refusal::sender(&["InvalidArgVal", "NoConfig"], "The configuration does not exist"))?;
    let mut state = call.device.state();
    if state.channels[channel].overlays.len() >= MOST {
        return Err(Refusal::receiver(&["Action", "MaxOSDs"], "There is no room for more overlays"));
    }
    let key = format!("OSD_{}", state.fresh() + 100);
    state.channels[channel].overlays.insert(key.clone(), overlay);
    let prefix = call.service.prefix();
    call.answer(format!("<{prefix}:OSDToken>{}</{prefix}:OSDToken>", token(channel, &key)))
}

fn options(call: &Call<'_>) -> Answer {
    let prefix = call.service.prefix();
    let list = |name: &str, items: &[&str]| {
        items.iter().map(|item| format!("<tt:{name}>{item}</tt:{name}>")).collect::<String>()
    };
    call.answer(format!(
        "<{prefix}:OSDOptions><tt:MaximumNumberOfOSDs Total=\"{MOST}\" PlainText=\"{MOST}\"/><tt:Type>Text</tt:Type>{}\
         <tt:TextOption>{}<tt:FontSizeRange><tt:Min>16</tt:Min><tt:Max>64</tt:Max></tt:FontSizeRange>{}{}</tt:TextOption>\
         </{prefix}:OSDOptions>",
        list("PositionOption", &["UpperLeft", "UpperRight", "LowerLeft", "LowerRight", "Custom"]),
        list("Type", &["Plain", "Date", "Time", "DateAndTime"]),
        list("DateFormat", &["yyyy-MM-dd", "dd/MM/yyyy"]),
        list("TimeFormat", &["HH:mm:ss", "hh:mm:ss tt"])
    ))
}
