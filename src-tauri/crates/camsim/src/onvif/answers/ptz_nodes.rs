//! PTZ units and their configurations: spaces, limits, timeouts.

use super::tokens;
use crate::onvif::{
    Quirk,
    call::{Answer, Call, Refusal},
};

const PAN_TILT: &str = "http://www.onvif.org/ver10/tptz/PanTiltSpaces";
const ZOOM: &str = "http://www.onvif.org/ver10/tptz/ZoomSpaces";
pub(super) const MOST_PRESETS: usize = 255;

pub(super) fn nodes(call: &Call<'_>) -> Answer {
    let wanted = call.body.text_of("NodeToken");
    let list: String = (0..call.channels())
        .filter(|channel| wanted.is_none_or(|wanted| tokens::ptz_node(*channel) == wanted))
        .map(|channel| {
            format!(
                "<tptz:PTZNode token=\"{}\" FixedHomePosition=\"false\"><tt:Name>PTZ {}</tt:Name><tt:SupportedPTZSpaces>{}\
                 </tt:SupportedPTZSpaces><tt:MaximumNumberOfPresets>{MOST_PRESETS}</tt:MaximumNumberOfPresets>\
                 <tt:HomeSupported>true</tt:HomeSupported><tt:AuxiliaryCommands>tt:Wiper|On</tt:AuxiliaryCommands>\
                 <tt:AuxiliaryCommands>tt:Wiper|Off</tt:AuxiliaryCommands></tptz:PTZNode>",
                tokens::ptz_node(channel),
                channel + 1,
                spaces()
            )
        })
        .collect();
    if list.is_empty() {
        return Err(Refusal::sender(&["InvalidArgVal", "NoEntity"], "The node does not exist"));
    }
    call.answer(list)
}

pub(super) fn configurations(call: &Call<'_>) -> Answer {
    let wanted = call.body.text_of("PTZConfigurationToken");
    let list: String = (0..call.channels())
        .filter(|channel| wanted.is_none_or(|wanted| tokens::ptz(*channel) == wanted))
        .map(|channel| {
            format!(
                "<tptz:PTZConfiguration token=\"{}\">{}</tptz:PTZConfiguration>",
                tokens::ptz(channel),
                configuration_inside(channel)
            )
        })
        .collect();
    if list.is_empty() {
        return Err(Refusal::sender(&["InvalidArgVal", "NoConfig"], "The configuration does not exist"));
    }
    call.answer(list)
}

pub(super) fn configuration_inside(channel: usize) -> String {
    format!(
        "<tt:Name>PTZ {}</tt:Name><tt:UseCount>2</tt:UseCount><tt:NodeToken>{}</tt:NodeToken>\
         <tt:DefaultContinuousPanTiltVelocitySpace>{PAN_TILT}/VelocityGenericSpace</tt:DefaultContinuousPanTiltVelocitySpace>\
         <tt:DefaultContinuousZoomVelocitySpace>{ZOOM}/VelocityGenericSpace</tt:DefaultContinuousZoomVelocitySpace>\
         <tt:DefaultPTZTimeout>PT10S</tt:DefaultPTZTimeout>",
        channel + 1,
        tokens::ptz_node(channel)
    )
}

pub(super) fn options(call: &Call<'_>) -> Answer {
    let (min, max) = if call.has(Quirk::PtzZeroTimeout) { ("PT0S", "PT0S") } else { ("PT1S", "PT60S") };
    call.answer(format!(
        "<tptz:PTZConfigurationOptions><tt:Spaces>{}</tt:Spaces><tt:PTZTimeout><tt:Min>{min}</tt:Min><tt:Max>{max}</tt:Max>\
         </tt:PTZTimeout></tptz:PTZConfigurationOptions>",
        spaces()
    ))
}

fn spaces() -> String {
    let plane = |name: &str, uri: &str| {
        format!(
            "<tt:{name}><tt:URI>{PAN_TILT}/{uri}</tt:URI><tt:XRange><tt:Min>-1</tt:Min><tt:Max>1</tt:Max></tt:XRange>\
             <tt:YRange><tt:Min>-1</tt:Min><tt:Max>1</tt:Max></tt:YRange></tt:{name}>"
        )
    };
    let line = |name: &str, base: &str, uri: &str, min: i32| {
        format!(
            "<tt:{name}><tt:URI>{base}/{uri}</tt:URI><tt:XRange><tt:Min>{min}</tt:Min><tt:Max>1</tt:Max></tt:XRange></tt:{name}>"
        )
    };
    [
        plane("AbsolutePanTiltPositionSpace", "PositionGenericSpace"),
        line("AbsoluteZoomPositionSpace", ZOOM, "PositionGenericSpace", 0),
        plane("RelativePanTiltTranslationSpace", "TranslationGenericSpace"),
        line("RelativeZoomTranslationSpace", ZOOM, "TranslationGenericSpace", -1),
        plane("ContinuousPanTiltVelocitySpace", "VelocityGenericSpace"),
        line("ContinuousZoomVelocitySpace", ZOOM, "VelocityGenericSpace", -1),
        line("PanTiltSpeedSpace", PAN_TILT, "GenericSpeedSpace", 0),
        line("ZoomSpeedSpace", ZOOM, "ZoomGenericSpeedSpace", 0),
    ]
    .concat()
}
