//! What one search has found so far.

use crate::cameras::{jobs::Pulse, onboarding::JobId};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio_util::sync::CancellationToken;
use watchwall_model::{DeviceEndpoint, DeviceId, UtcMillis};

/// A device that answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiscoveredDevice {
    /// Endpoint reference without `urn:uuid:`; empty when it gives none.
    pub endpoint: String,
    /// Where it can be reached, as it answered first.
    pub at: DeviceEndpoint,
    /// Every address it answered from, as URLs.
    pub addresses: Vec<String>,
    /// Hosts that it says are its own, right or wrong.
    pub own_hosts: Vec<String>,
    pub name: Option<String>,
    pub hardware: Option<String>,
    pub location: Option<String>,
    /// Lower case with colons.
    pub mac: Option<String>,
    pub serial: Option<String>,
    /// Name of its preset file, when it can be guessed.
    pub vendor: Option<String>,
    pub known: Known,
}

/// Whether the site has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    New,
    /// At this address.
    Known(DeviceId),
    /// At another address.
    Moved(DeviceId),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiscoveryState {
    Running,
    Done,
    Cancelled,
}

impl DiscoveryState {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
        }
    }
}

/// One search.
pub struct DiscoveryJob {
    pub id: JobId,
    pub started_at: UtcMillis,
    pub(super) cancel: CancellationToken,
    inner: Mutex<Inner>,
    pulse: Pulse,
}

struct Inner {
    state: DiscoveryState,
    ended_at: Option<UtcMillis>,
    /// Each with the revision that changed it last.
    found: Vec<(u64, DiscoveredDevice)>,
    revision: u64,
}

impl DiscoveryJob {
    pub(super) fn new(id: JobId, cancel: CancellationToken, pulse: Pulse) -> Self {
        let inner = Inner { state: DiscoveryState::Running, ended_at: None, found: Vec::new(), revision: 1 };
        Self { id, started_at: UtcMillis::now(), cancel, inner: Mutex::new(inner), pulse }
    }

    /// Rises with every change.
    pub fn revision(&self) -> u64 {
        self.lock().revision
    }

    pub fn state(&self) -> DiscoveryState {
        self.lock().state
    }

    pub fn ended_at(&self) -> Option<UtcMillis> {
        self.lock().ended_at
    }

    /// In the order they answered.
    pub fn found(&self) -> Vec<DiscoveredDevice> {
        self.found_since(0)
    }

    /// Those that came or changed after a revision.
    pub fn found_since(&self, revision: u64) -> Vec<DiscoveredDevice> {
        let inner = self.lock();
        inner.found.iter().filter(|(at, _)| *at > revision).map(|(_, device)| device.clone()).collect()
    }

    pub fn count(&self) -> usize {
        self.lock().found.len()
    }

    /// A device that answers from a second address is the same when the endpoint reference agrees, which cameras of one
    /// batch may share, and besides the hardware address or the serial number does and neither disagrees, or one answer
    /// names the address of the other as its own.
    pub(super) fn add(&self, device: DiscoveredDevice) {
        self.change(|inner, revision| match inner.found.iter_mut().find(|(_, known)| is_same(known, &device)) {
            Some((at, known)) => {
                *at = revision;
                join(&mut known.addresses, device.addresses);
                join(&mut known.own_hosts, device.own_hosts);
            }
            None => inner.found.push((revision, device)),
        });
    }

    pub(super) fn end(&self, state: DiscoveryState) {
        self.change(|inner, _| (inner.state, inner.ended_at) = (state, Some(UtcMillis::now())));
    }

    fn change(&self, act: impl FnOnce(&mut Inner, u64)) {
        let mut inner = self.lock();
        inner.revision += 1;
        let revision = inner.revision;
        act(&mut inner, revision);
        drop(inner);
        self.pulse.send_modify(|count| *count += 1);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn join(known: &mut Vec<String>, news: Vec<String>) {
    for one in news {
        if !known.contains(&one) {
            known.push(one);
        }
    }
}

fn is_same(known: &DiscoveredDevice, other: &DiscoveredDevice) -> bool {
    if known.at.host == other.at.host && known.at.port == other.at.port {
        return true;
    }
    if known.endpoint.is_empty() || known.endpoint != other.endpoint {
        return false;
    }
    let agree = |own: &Option<String>, theirs: &Option<String>| match (own, theirs) {
        (Some(own), Some(theirs)) => Some(own == theirs),
        _ => None,
    };
    let (macs, serials) = (agree(&known.mac, &other.mac), agree(&known.serial, &other.serial));
    let is_named = || known.own_hosts.contains(&other.at.host) || other.own_hosts.contains(&known.at.host);
    match (macs, serials) {
        (_, Some(false)) => false,
        // Two network cards have two hardware addresses.
        (Some(false), _) | (None, None) => is_named(),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(endpoint: &str, host: &str, mac: Option<&str>) -> DiscoveredDevice {
        let at = DeviceEndpoint { host: host.into(), port: 80, is_tls: false, path: "/onvif".into() };
        DiscoveredDevice {
            endpoint: endpoint.into(),
            addresses: vec![at.url()],
            own_hosts: Vec::new(),
            at,
            name: None,
            hardware: None,
            location: None,
            mac: mac.map(Into::into),
            serial: None,
            vendor: None,
            known: Known::New,
        }
    }

    #[test]
    fn a_device_on_two_networks_names_its_other_address() {
        type Said<'t> = (&'t str, Option<&'t str>, Option<&'t str>, &'t [&'t str]);
        let check = |one: Said<'_>, other: Said<'_>, expect: bool| {
            let of = |(host, mac, serial, own): Said<'_>| DiscoveredDevice {
                serial: serial.map(Into::into),
                own_hosts: own.iter().map(|host| (*host).to_owned()).collect(),
                ..device("a", host, mac)
            };
            assert_eq!(is_same(&of(one), &of(other)), expect, "{one:?} {other:?}");
            assert_eq!(is_same(&of(other), &of(one)), expect, "{other:?} {one:?}");
        };
        let both: &[&str] = &["10.0.0.1", "fd00::1"];
        check(("10.0.0.1", None, None, both), ("fd00::1", None, None, both), true);
        check(("10.0.0.1", None, None, both), ("fd00::1", None, None, &["fd00::1"]), true);
        check(("10.0.0.1", Some("aa"), Some("s"), both), ("fd00::1", Some("bb"), Some("s"), both), true);
        check(("10.0.0.1", Some("aa"), Some("s"), &[]), ("fd00::1", Some("bb"), Some("s"), &[]), false);
        check(("10.0.0.1", None, Some("s"), both), ("fd00::1", None, Some("t"), both), false);
        // Two of one batch, both with the address they left the factory with.
        let stray: &[&str] = &["169.254.33.7"];
        check(("10.0.0.1", None, None, stray), ("10.0.0.2", None, None, stray), false);
    }

    #[test]
    fn nothing_is_found_twice_and_nothing_is_lost() {
        let job = DiscoveryJob::new(JobId(1), CancellationToken::new(), Pulse::new(0));
        for found in [
            device("a", "10.0.0.1", Some("aa")),
            // The same one on its second card, and once more.
            device("a", "10.1.0.1", Some("aa")),
            device("a", "10.0.0.1", Some("aa")),
            // Another that shares its reference, and two that tell nothing else.
            device("a", "10.0.0.2", Some("bb")),
            device("b", "10.0.0.3", None),
            device("b", "10.0.0.4", None),
        ] {
            job.add(found);
        }
        let hosts: Vec<_> = job.found().iter().map(|found| found.at.host.clone()).collect();
        assert_eq!(hosts, ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"]);
        assert_eq!(job.found()[0].addresses.len(), 2);
        let before = job.revision();
        job.add(device("c", "10.0.0.5", None));
        assert_eq!(job.found_since(before).len(), 1);
        job.end(DiscoveryState::Done);
        assert_eq!((job.state(), job.found_since(before).len()), (DiscoveryState::Done, 1));
    }
}
