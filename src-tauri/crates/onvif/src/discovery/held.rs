//! Answers on their way out: most at once, some only after a moment. Pure but for the clock it is told.

use super::FoundDevice;
use std::time::Duration;
use tokio::time::Instant;

/// Devices that answered and were not told yet.
///
/// A device on several addresses is told by the one it is known by first: an answer that leads elsewhere than where it
/// came from, or one over IPv6 of a device that has IPv4 too, waits for a better one of the same endpoint reference.
#[derive(Debug, Default)]
pub(super) struct Held {
    ready: Vec<FoundDevice>,
    /// In the order of their deadlines.
    unsure: Vec<(Instant, FoundDevice)>,
}

/// Both answers of a device leave it within milliseconds; half a second covers a slow network and is not felt.
const PATIENCE: Duration = Duration::from_millis(500);

impl Held {
    pub fn push(&mut self, device: FoundDevice, now: Instant) {
        if !device.is_sure() {
            self.unsure.push((now + PATIENCE, device));
            return;
        }
        let is_same = |other: &FoundDevice| !device.endpoint.is_empty() && other.endpoint == device.endpoint;
        let waiting = std::mem::take(&mut self.unsure).into_iter();
        let (same, others): (Vec<_>, Vec<_>) = waiting.partition(|(_, other)| is_same(other));
        self.unsure = others;
        // Taken from the end: the better one first.
        self.ready.extend(same.into_iter().map(|(_, device)| device));
        self.ready.push(device);
    }

    /// The next to be told.
    pub fn pop(&mut self, now: Instant) -> Option<FoundDevice> {
        if let Some(device) = self.ready.pop() {
            return Some(device);
        }
        let is_due = self.unsure.first().is_some_and(|(deadline, _)| *deadline <= now);
        if is_due { self.pop_any() } else { None }
    }

    /// The next one whether or not its time has come.
    pub fn pop_any(&mut self) -> Option<FoundDevice> {
        self.ready.pop().or_else(|| (!self.unsure.is_empty()).then(|| self.unsure.remove(0).1))
    }

    /// When the next unsure one is told.
    pub fn patience(&self) -> Option<Instant> {
        self.unsure.first().map(|(deadline, _)| *deadline)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::discovery::read_answers;

    fn device(endpoint: &str, sender: &str, xaddrs: &str) -> FoundDevice {
        let text = format!(
            "<Body><ProbeMatch><EndpointReference><Address>urn:uuid:{endpoint}</Address></EndpointReference>\
             <XAddrs>{xaddrs}</XAddrs></ProbeMatch></Body>"
        );
        read_answers(text.as_bytes(), sender.parse().unwrap()).remove(0)
    }

    #[track_caller]
    fn check(devices: &[(&str, &str, &str)], at_once: &[&str], later: &[&str]) {
        let now = Instant::now();
        let mut held = Held::default();
        let told = |held: &mut Held, at| -> Vec<String> {
            std::iter::from_fn(|| held.pop(at)).map(|device| device.address).collect()
        };
        let mut first = Vec::new();
        for (endpoint, sender, xaddrs) in devices {
            held.push(device(endpoint, sender, xaddrs), now);
            first.extend(told(&mut held, now));
        }
        assert_eq!(first, at_once);
        assert_eq!(held.patience(), (!later.is_empty()).then_some(now + PATIENCE));
        assert_eq!(told(&mut held, now + PATIENCE), later);
        assert_eq!(held.pop_any(), None);
    }

    #[test]
    fn the_best_answer_of_a_device_is_told_first() {
        const V4: &str = "http://10.0.0.7/d";
        const BOTH: &str = "http://[fd00::7]/d http://10.0.0.7/d";
        // Only IPv4; only IPv6.
        check(&[("a", "10.0.0.7", V4)], &[V4], &[]);
        check(&[("a", "fd00::7", "http://[fd00::7]/d")], &["http://[fd00::7]/d"], &[]);
        // Both, whichever comes first.
        check(&[("a", "fd00::7", BOTH), ("a", "10.0.0.7", BOTH)], &[V4, "http://[fd00::7]/d"], &[]);
        check(&[("a", "10.0.0.7", BOTH), ("a", "fd00::7", BOTH)], &[V4], &["http://[fd00::7]/d"]);
        // From a link-local address, with one that can be used and without.
        check(&[("a", "fe80::7", "http://[fd00::7]/d")], &[], &["http://[fd00::7]/d"]);
        check(&[("a", "fe80::7", "")], &[], &["http://[fe80::7]/onvif/device_service"]);
        // Another device, and others that tell no reference.
        check(&[("b", "fd00::7", BOTH), ("a", "10.0.0.7", V4)], &[V4], &["http://[fd00::7]/d"]);
        check(&[("", "10.9.0.9", V4), ("", "10.0.0.8", "")], &["http://10.0.0.8/onvif/device_service"], &[V4]);
    }
}
