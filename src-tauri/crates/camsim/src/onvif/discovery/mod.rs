//! WS-Discovery as devices answer it: Probe, Resolve, Hello and Bye, all devices of the farm from one process.
//!
//! One socket per interface hears the multicast group of IPv4, one per link that of IPv6; one per address of a device with
//! some of its own hears what is sent to it alone, and all its answers come from there. One task per socket, and one per
//! answer of a device that takes its time.

mod door;
mod question;

pub(crate) use door::DiscoveryDoor;

use super::{Device, Quirk, address::reachable};
use crate::house::House;
use door::Heard;
use question::{Question, datagram, itself};
use std::{
    net::SocketAddr,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};
use tokio::net::UdpSocket;

/// What a device says unasked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    Hello,
    Bye,
}

/// Serves all sockets, after a Hello of every device.
pub(crate) async fn serve(house: Arc<House>) {
    let Some(door) = &house.discovery else { return };
    for (heard, socket) in &door.groups {
        house.tasks.spawn(listen(house.clone(), socket.clone(), *heard));
    }
    for (at, socket) in &door.own {
        house.tasks.spawn(listen(house.clone(), socket.clone(), Heard::At(*at)));
    }
    for device in &house.devices {
        say(&house, device, Word::Hello).await;
    }
}

/// Every device that is there says that it goes.
pub(crate) async fn farewell(house: &House) {
    for device in house.devices.iter().filter(|device| !device.is_offline(house)) {
        say(house, device, Word::Bye).await;
    }
}

/// Says Hello or Bye to the groups, on every interface the device answers on.
pub(super) async fn say(house: &House, device: &Device, word: Word) {
    let Some(door) = &house.discovery else { return };
    let action = match word {
        Word::Hello => "Hello",
        Word::Bye => "Bye",
    };
    let body = format!("<d:{action}>{}</d:{action}>", itself(device));
    let text = datagram(device, door.instance, action, None, &body);
    for (heard, socket) in door.groups.iter().filter(|(heard, _)| heard.is_for(device)) {
        let mut group = heard.address();
        group.set_port(door.port);
        if let Err(error) = socket.send_to(text.as_bytes(), group).await {
            tracing::debug!(%error, %group, address = %reachable(device.address), "{action} was not sent");
        }
    }
}

async fn listen(house: Arc<House>, socket: Arc<UdpSocket>, heard: Heard) {
    let mut buffer = vec![0; 65_536];
    loop {
        let received = tokio::select! {
            () = house.stop.cancelled() => return,
            received = socket.recv_from(&mut buffer) => received,
        };
        let Ok((length, from)) = received else { continue };
        let Some(question) = Question::read(&String::from_utf8_lossy(&buffer[..length])) else { continue };
        for device in house.devices.iter().filter(|device| heard.is_for(device)) {
            if device.is_offline(&house) || !question.is_for(device) {
                continue;
            }
            let Some(door) = &house.discovery else { return };
            let own = door.own(device, heard, from.ip()).unwrap_or(&socket);
            let answer = Answer {
                text: question.answer(device, door.instance),
                times: if device.quirks().has(Quirk::DuplicateAnswers) { 2 } else { 1 },
                from: own.clone(),
                to: from,
            };
            let wait = device.spec.answers_after;
            if wait.is_zero() {
                answer.send(device).await;
            } else {
                house.tasks.spawn(send_later(house.clone(), device.number, wait, answer));
            }
        }
    }
}

/// An answer on its way.
struct Answer {
    text: String,
    times: u32,
    /// Of the device's own address where it has one.
    from: Arc<UdpSocket>,
    to: SocketAddr,
}

impl Answer {
    async fn send(&self, device: &Device) {
        for _ in 0..self.times {
            match self.from.send_to(self.text.as_bytes(), self.to).await {
                Ok(_) => {
                    device.tally.probes.fetch_add(1, Relaxed);
                }
                Err(error) => tracing::debug!(%error, to = %self.to, "a discovery answer was not sent"),
            }
        }
    }
}

async fn send_later(house: Arc<House>, number: usize, wait: Duration, answer: Answer) {
    tokio::select! {
        () = house.stop.cancelled() => {}
        () = tokio::time::sleep(wait) => {
            if let Some(device) = house.devices.get(number) {
                answer.send(device).await;
            }
        }
    }
}
