//! Relays and inputs, of the device service and of DeviceIO. A relay's state is told as an event and nowhere else.

use crate::{
    AccountLevel,
    onvif::{
        call::{Answer, Call, Refusal, Service},
        dates::parse_duration_ms,
        events::{DeviceEvent, EventTopic},
        state::Relay,
    },
};
use std::time::Duration;

pub(super) fn answer(call: &Call<'_>) -> Answer {
    match call.operation {
        "GetRelayOutputs" => {
            let prefix = call.service.prefix();
            let state = call.device.state();
            let list = state.relays.iter().enumerate().map(|(index, relay)| {
                format!(
                    "<{prefix}:RelayOutputs token=\"{}\"><tt:Properties><tt:Mode>{}</tt:Mode><tt:DelayTime>{}</tt:DelayTime>\
                     <tt:IdleState>{}</tt:IdleState></tt:Properties></{prefix}:RelayOutputs>",
                    relay_token(index),
                    if relay.is_monostable { "Monostable" } else { "Bistable" },
                    relay.delay,
                    if relay.is_open_when_idle { "open" } else { "closed" }
                )
            });
            call.answer(list.collect::<String>())
        }
        "SetRelayOutputState" => set_state(call),
        "SetRelayOutputSettings" => set_settings(call),
        "GetRelayOutputOptions" if call.service == Service::DeviceIo => {
            let wanted = call.body.text_of("RelayOutputToken");
            let count = call.device.spec.relays;
            let list = (0..count).map(relay_token).filter(|token| wanted.is_none_or(|wanted| wanted == token)).map(|token| {
                format!(
                    "<tmd:RelayOutputOptions token=\"{token}\"><tmd:Mode>Bistable</tmd:Mode><tmd:Mode>Monostable</tmd:Mode>\
                     <tmd:DelayTimes>1 60</tmd:DelayTimes><tmd:Discrete>false</tmd:Discrete></tmd:RelayOutputOptions>"
                )
            });
            call.answer(list.collect::<String>())
        }
        "GetDigitalInputs" if call.service == Service::DeviceIo => {
            let list = (0..call.device.spec.inputs)
                .map(|index| format!("<tmd:DigitalInputs token=\"{}\" IdleState=\"closed\"/>", input_token(index)));
            call.answer(list.collect::<String>())
        }
        _ => Err(Refusal::unsupported()),
    }
}

pub(in crate::onvif) fn relay_token(index: usize) -> String {
    format!("RelayToken_{}", index + 1)
}

pub(in crate::onvif) fn input_token(index: usize) -> String {
    format!("AlarmIn_{}", index + 1)
}

fn find(call: &Call<'_>) -> Result<usize, Refusal> {
    let wanted = call.text("RelayOutputToken")?;
    (0..call.device.spec.relays)
        .find(|index| relay_token(*index) == wanted)
        .ok_or_else(|| Refusal::sender(&["InvalidArgVal", "RelayToken"], "The relay does not exist"))
}

fn set_state(call: &Call<'_>) -> Answer {
    call.at_least(AccountLevel::Operator)?;
    let index = find(call)?;
    let active = match call.text("LogicalState")? {
        "active" => true,
        "inactive" => false,
        _ => return Err(Refusal::invalid("LogicalState is active or inactive")),
    };
    let pulse_ms = {
        let mut state = call.device.state();
        let relay = &mut state.relays[index];
        relay.is_active = active;
        (active && relay.is_monostable).then(|| parse_duration_ms(&relay.delay).unwrap_or(1000))
    };
    call.device.tell(&tell(index, active));
    if let Some(ms) = pulse_ms {
        let (house, number) = (call.house.clone(), call.device.number);
        call.house.tasks.spawn(async move {
            tokio::select! {
                () = house.stop.cancelled() => return,
                () = tokio::time::sleep(Duration::from_millis(ms)) => {}
            }
            if let Some(device) = house.devices.get(number) {
                device.state().relays[index].is_active = false;
                device.tell(&tell(index, false));
            }
        });
    }
    call.done()
}

const fn tell(index: usize, active: bool) -> DeviceEvent {
    DeviceEvent { topic: EventTopic::Relay, index, state: active }
}

fn set_settings(call: &Call<'_>) -> Answer {
    call.at_least(AccountLevel::Administrator)?;
    let index = find(call)?;
    // Media differ in the place of the properties, not in their names.
    let wanted = call.body.find("Properties").ok_or_else(|| Refusal::invalid("Properties is missing"))?;
    let delay = wanted.text_of("DelayTime").unwrap_or("PT1S");
    if parse_duration_ms(delay).is_none() {
        return Err(Refusal::invalid("DelayTime is no duration"));
    }
    let is_active = call.device.state().relays[index].is_active;
    call.device.state().relays[index] = Relay {
        is_monostable: wanted.text_of("Mode") == Some("Monostable"),
        delay: delay.to_owned(),
        is_open_when_idle: wanted.text_of("IdleState") == Some("open"),
        is_active,
    };
    call.done()
}
