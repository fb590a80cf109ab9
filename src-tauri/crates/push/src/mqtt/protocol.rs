//! Both versions of MQTT without a socket: what to send, and what the broker's answers mean.

use super::Broker;
use crate::verdict::{Fate, Verdict};
use mqtt_protocol_core::mqtt::{
    Connection, Version as Wire,
    common::Cursor,
    connection::{ConnectionOptions, Event, TimerKind},
    packet::{
        ContentType, GenericPacketTrait, Packet, PayloadFormat, PayloadFormatIndicator, Property, Qos, v3_1_1, v5_0,
    },
    result_code::{ConnectReasonCode, ConnectReturnCode, MqttError, PubackReasonCode},
    role::Client,
};
use std::time::Duration;

/// We subscribe to nothing: no packet for us is larger than this.
const PACKET_BYTES: u32 = 64 * 1024;
const KEEP_ALIVE_SECONDS: u16 = 30;
const PING_ANSWER_MS: u64 = 10_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    V3,
    V5,
}

/// What the session has to do, or has heard.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    Send(Vec<u8>),
    /// The broker takes messages now.
    Welcome,
    /// The broker said what it thinks of the login.
    Unwelcome(Verdict),
    Acknowledged {
        id: u16,
        verdict: Verdict,
    },
    /// Start the timer anew, or stop it.
    Timer {
        timer: Timer,
        after: Option<Duration>,
    },
    Close(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timer {
    Ping,
    PingAnswer,
}

pub struct Protocol {
    connection: Connection<Client>,
    version: Version,
}

impl Protocol {
    pub fn new(version: Version) -> Self {
        let wire = match version {
            Version::V3 => Wire::V3_1_1,
            Version::V5 => Wire::V5_0,
        };
        let options = ConnectionOptions::new().maximum_packet_size_recv(PACKET_BYTES);
        let mut connection = Connection::with_options(wire, options);
        connection.set_pingresp_recv_timeout(PING_ANSWER_MS);
        Self { connection, version }
    }

    /// A session that the broker forgets when the connection ends: what it did not acknowledge is sent again anyway.
    pub fn connect(&mut self, broker: &Broker, client_id: &str) -> Result<Vec<Step>, Verdict> {
        let packet = match self.version {
            Version::V3 => connect_v3(broker, client_id),
            Version::V5 => connect_v5(broker, client_id),
        };
        let packet = packet.map_err(|error| refused("the login", error))?;
        Ok(steps(self.connection.send(packet)))
    }

    /// The number that the acknowledgement will carry, and what to do.
    pub fn publish(&mut self, topic: &str, payload: String) -> Result<(u16, Vec<Step>), Verdict> {
        let id = self.connection.acquire_packet_id().map_err(|error| retry("the message", error))?;
        let packet = match self.version {
            Version::V3 => publish_v3(id, topic, payload),
            Version::V5 => publish_v5(id, topic, payload),
        };
        let packet = match packet {
            Ok(packet) => packet,
            Err(error) => {
                let _ = self.connection.release_packet_id(id);
                return Err(refused("the message", error));
            }
        };
        let events = self.connection.send(packet);
        let failure = events.iter().find_map(|event| match event {
            Event::NotifyError(error) => Some(*error),
            _ => None,
        });
        match failure {
            Some(error @ MqttError::PacketTooLarge) => Err(refused("the message", error)),
            Some(error) => Err(retry("the message", error)),
            None => Ok((id, steps(events))),
        }
    }

    pub fn received(&mut self, bytes: &[u8]) -> Vec<Step> {
        let mut cursor = Cursor::new(bytes);
        let mut found = Vec::new();
        // It takes one packet at a time.
        while (cursor.position() as usize) < bytes.len() {
            found.extend(steps(self.connection.recv(&mut cursor)));
            if found.iter().any(|step| matches!(step, Step::Close(_))) {
                break;
            }
        }
        found
    }

    pub fn fired(&mut self, timer: Timer) -> Vec<Step> {
        let kind = match timer {
            Timer::Ping => TimerKind::PingreqSend,
            Timer::PingAnswer => TimerKind::PingrespRecv,
        };
        steps(self.connection.notify_timer_fired(kind))
    }

    pub fn disconnect(&mut self) -> Vec<Step> {
        let packet: Result<Packet, MqttError> = match self.version {
            Version::V3 => v3_1_1::Disconnect::builder().build().map(Into::into),
            Version::V5 => v5_0::Disconnect::builder().build().map(Into::into),
        };
        packet.map(|packet| steps(self.connection.send(packet))).unwrap_or_default()
    }
}

fn connect_v3(broker: &Broker, client_id: &str) -> Result<Packet, MqttError> {
    let mut builder =
        v3_1_1::Connect::builder().client_id(client_id)?.clean_session(true).keep_alive(KEEP_ALIVE_SECONDS);
    if let Some((user, password)) = &broker.login {
        builder = builder.user_name(user.as_str())?;
        if !password.is_empty() {
            builder = builder.password(password.reveal())?;
        }
    }
    builder.build().map(Into::into)
}

fn connect_v5(broker: &Broker, client_id: &str) -> Result<Packet, MqttError> {
    let mut builder = v5_0::Connect::builder().client_id(client_id)?.clean_start(true).keep_alive(KEEP_ALIVE_SECONDS);
    if let Some((user, password)) = &broker.login {
        builder = builder.user_name(user.as_str())?;
        if !password.is_empty() {
            builder = builder.password(password.reveal())?;
        }
    }
    builder.build().map(Into::into)
}

fn publish_v3(id: u16, topic: &str, payload: String) -> Result<Packet, MqttError> {
    let builder = v3_1_1::Publish::builder().topic_name(topic)?.qos(Qos::AtLeastOnce).packet_id(id).payload(payload);
    builder.build().map(Into::into)
}

fn publish_v5(id: u16, topic: &str, payload: String) -> Result<Packet, MqttError> {
    let properties: Vec<Property> =
        vec![PayloadFormatIndicator::new(PayloadFormat::String)?.into(), ContentType::new("application/json")?.into()];
    let builder = v5_0::Publish::builder()
        .topic_name(topic)?
        .qos(Qos::AtLeastOnce)
        .packet_id(id)
        .payload(payload)
        .props(properties);
    builder.build().map(Into::into)
}

fn steps(events: Vec<Event>) -> Vec<Step> {
    events.into_iter().filter_map(step).collect()
}

fn step(event: Event) -> Option<Step> {
    Some(match event {
        Event::RequestSendPacket { packet, .. } => Step::Send(packet.to_continuous_buffer()),
        Event::NotifyPacketReceived(packet) => return heard(&packet),
        Event::RequestTimerReset { kind, duration_ms } => {
            Step::Timer { timer: timer(kind)?, after: Some(Duration::from_millis(duration_ms)) }
        }
        Event::RequestTimerCancel(kind) => Step::Timer { timer: timer(kind)?, after: None },
        Event::NotifyError(error) => Step::Close(format!("the broker broke the protocol: {error:?}")),
        Event::RequestClose => Step::Close("the broker did not answer any more".into()),
        Event::NotifyPacketIdReleased(_) => return None,
    })
}

const fn timer(kind: TimerKind) -> Option<Timer> {
    match kind {
        TimerKind::PingreqSend => Some(Timer::Ping),
        TimerKind::PingrespRecv => Some(Timer::PingAnswer),
        TimerKind::PingreqRecv => None,
    }
}

fn heard(packet: &Packet) -> Option<Step> {
    Some(match packet {
        Packet::V3_1_1Connack(connack) => match connack.return_code() {
            ConnectReturnCode::Accepted => Step::Welcome,
            code => unwelcome(code as u32, code, code == ConnectReturnCode::ServerUnavailable),
        },
        Packet::V5_0Connack(connack) => match connack.reason_code() {
            ConnectReasonCode::Success => Step::Welcome,
            code => unwelcome(code as u32, code, is_passing(code)),
        },
        Packet::V3_1_1Puback(puback) => Step::Acknowledged { id: puback.packet_id(), verdict: taken() },
        Packet::V5_0Puback(puback) => {
            let code = puback.reason_code().unwrap_or(PubackReasonCode::Success);
            Step::Acknowledged { id: puback.packet_id(), verdict: acknowledged(code) }
        }
        Packet::V5_0Disconnect(disconnect) => {
            let why = disconnect.reason_code().map(|code| format!(": {code}")).unwrap_or_default();
            Step::Close(format!("the broker ended the session{why}"))
        }
        _ => return None,
    })
}

fn unwelcome(status: u32, code: impl std::fmt::Display, is_passing: bool) -> Step {
    let text = format!("the broker refused the login: {code}");
    let verdict = if is_passing { Verdict::retry(text) } else { Verdict::refused(text) };
    Step::Unwelcome(verdict.with_status(status))
}

/// What a later try may find changed without anybody correcting a setting.
const fn is_passing(code: ConnectReasonCode) -> bool {
    matches!(
        code,
        ConnectReasonCode::UnspecifiedError
            | ConnectReasonCode::ImplementationSpecificError
            | ConnectReasonCode::ServerUnavailable
            | ConnectReasonCode::ServerBusy
            | ConnectReasonCode::QuotaExceeded
            | ConnectReasonCode::ConnectionRateExceeded
    )
}

fn taken() -> Verdict {
    Verdict::sent("the broker acknowledged it").with_status(0)
}

fn acknowledged(code: PubackReasonCode) -> Verdict {
    let text = format!("the broker answered {code}");
    let verdict = match code {
        PubackReasonCode::Success => return taken(),
        PubackReasonCode::NoMatchingSubscribers => Verdict::sent("the broker acknowledged it; nobody listens"),
        PubackReasonCode::NotAuthorized
        | PubackReasonCode::TopicNameInvalid
        | PubackReasonCode::PayloadFormatInvalid => Verdict::refused(text),
        _ => Verdict::retry(text),
    };
    verdict.with_status(code as u32)
}

fn refused(what: &str, error: MqttError) -> Verdict {
    Verdict { fate: Fate::Refused, ..retry(what, error) }
}

fn retry(what: &str, error: MqttError) -> Verdict {
    Verdict::retry(format!("{what} cannot be put into a packet: {error:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use watchwall_model::Secret;

    fn broker(version: Version) -> Broker {
        let login = Some(("user".into(), Secret::new("pass")));
        Broker { host: "h".into(), port: 1883, has_tls: false, version, login, own: None }
    }

    fn sent(steps: &[Step]) -> Vec<u8> {
        steps
            .iter()
            .filter_map(|step| if let Step::Send(bytes) = step { Some(bytes.clone()) } else { None })
            .flatten()
            .collect()
    }

    fn welcomed(version: Version) -> Protocol {
        let mut protocol = Protocol::new(version);
        protocol.connect(&broker(version), "c").unwrap();
        let connack: &[u8] = match version {
            Version::V3 => &[0x20, 2, 0, 0],
            Version::V5 => &[0x20, 3, 0, 0, 0],
        };
        assert!(protocol.received(connack).contains(&Step::Welcome));
        protocol
    }

    #[test]
    fn bytes_of_3_1_1() {
        // MQTT 3.1.1, section 3.1: name, level 4, flags user, password and clean, keep alive 30.
        let steps = Protocol::new(Version::V3).connect(&broker(Version::V3), "c").unwrap();
        assert_eq!(sent(&steps), b"\x10\x19\0\x04MQTT\x04\xc2\0\x1e\0\x01c\0\x04user\0\x04pass");
        let mut protocol = welcomed(Version::V3);
        let (id, steps) = protocol.publish("a/b", "{}".into()).unwrap();
        // Section 3.3: QoS 1.
        assert_eq!((id, sent(&steps).as_slice()), (1, b"\x32\x09\0\x03a/b\0\x01{}".as_slice()));
        assert!(protocol.received(&[0x40, 2, 0, 1]).contains(&Step::Acknowledged { id: 1, verdict: taken() }));
        assert_eq!(sent(&protocol.disconnect()), [0xe0, 0]);
    }

    #[test]
    fn bytes_of_5() {
        // MQTT 5, section 3.1: the same, level 5, and the largest packet (0x27) as property.
        let steps = Protocol::new(Version::V5).connect(&broker(Version::V5), "c").unwrap();
        assert_eq!(sent(&steps), b"\x10\x1f\0\x04MQTT\x05\xc2\0\x1e\x05\x27\0\x01\0\0\0\x01c\0\x04user\0\x04pass");
        let mut protocol = welcomed(Version::V5);
        let (id, steps) = protocol.publish("a/b", "{}".into()).unwrap();
        // Section 3.3: the payload is text (0x01), its type (0x03).
        assert_eq!(
            (id, sent(&steps).as_slice()),
            (1, b"\x32\x1f\0\x03a/b\0\x01\x15\x01\x01\x03\0\x10application/json{}".as_slice())
        );
        assert!(protocol.received(&[0x40, 2, 0, 1]).contains(&Step::Acknowledged { id: 1, verdict: taken() }));
    }

    #[test]
    fn refused_logins() {
        let check = |version, connack: &[u8], fate, status| {
            let mut protocol = Protocol::new(version);
            protocol.connect(&broker(version), "c").unwrap();
            let steps = protocol.received(connack);
            let verdict =
                steps.iter().find_map(|step| if let Step::Unwelcome(verdict) = step { Some(verdict) } else { None });
            let verdict = verdict.unwrap_or_else(|| panic!("{steps:?}"));
            assert_eq!((verdict.fate, verdict.status), (fate, Some(status)), "{connack:?}");
        };
        check(Version::V3, &[0x20, 2, 0, 4], Fate::Refused, 4);
        check(Version::V3, &[0x20, 2, 0, 5], Fate::Refused, 5);
        check(Version::V3, &[0x20, 2, 0, 3], Fate::Retry, 3);
        check(Version::V5, &[0x20, 3, 0, 0x86, 0], Fate::Refused, 0x86);
        check(Version::V5, &[0x20, 3, 0, 0x89, 0], Fate::Retry, 0x89);
    }

    #[test]
    fn refused_messages() {
        let check = |code: u8, fate| {
            let mut protocol = welcomed(Version::V5);
            let (id, _) = protocol.publish("a", "{}".into()).unwrap();
            let steps = protocol.received(&[0x40, 3, 0, 1, code]);
            let Some(Step::Acknowledged { id: acked, verdict }) =
                steps.into_iter().find(|step| matches!(step, Step::Acknowledged { .. }))
            else {
                panic!("{code}")
            };
            assert_eq!((acked, verdict.fate, verdict.status), (id, fate, Some(code.into())));
        };
        check(0x10, Fate::Sent);
        check(0x87, Fate::Refused);
        check(0x90, Fate::Refused);
        check(0x97, Fate::Retry);
        check(0x80, Fate::Retry);
    }

    #[test]
    fn a_broker_that_talks_nonsense_is_left() {
        let is_left = |bytes: &[u8]| {
            let mut protocol = welcomed(Version::V3);
            protocol.received(bytes).iter().any(|step| matches!(step, Step::Close(_)))
        };
        // `H` looks like an acknowledgement of 84 bytes.
        assert!(is_left(&b"HTTP/1.1 400 Bad Request\r\n".repeat(4)));
        // A packet of 256 MB.
        assert!(is_left(&[0x30, 0xff, 0xff, 0xff, 0x7f]));
        assert!(!is_left(&[0xd0, 0]));
    }

    #[test]
    fn a_silent_connection_is_asked_whether_it_lives() {
        let mut protocol = Protocol::new(Version::V3);
        let mut steps = protocol.connect(&broker(Version::V3), "c").unwrap();
        steps.extend(protocol.received(&[0x20, 2, 0, 0]));
        let after = Some(Duration::from_secs(30));
        assert!(steps.contains(&Step::Timer { timer: Timer::Ping, after }), "{steps:?}");
        let steps = protocol.fired(Timer::Ping);
        assert_eq!(sent(&steps), [0xc0, 0]);
        let after = Some(Duration::from_secs(10));
        assert!(steps.contains(&Step::Timer { timer: Timer::PingAnswer, after }), "{steps:?}");
        assert!(protocol.fired(Timer::PingAnswer).iter().any(|step| matches!(step, Step::Close(_))));
    }
}
