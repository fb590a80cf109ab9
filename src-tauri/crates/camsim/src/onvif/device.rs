//! A device while the farm runs.

use super::{
    Quirk, SoapFault,
    events::EventHub,
    quirk::QuirkSet,
    spec::{DevicePlace, DeviceSpec, SoapLogin},
    state::State,
    tally::{DeviceCounters, DeviceTally},
};
use crate::{
    house::{CameraRuntime, House},
    login::LoginDesk,
    stream::StreamRuntime,
};
use md5::{Digest, Md5};
use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, AtomicU64, Ordering::Relaxed},
    },
    time::Instant,
};
use watchwall_model::{StreamRole, UtcMillis};

pub(crate) struct Device {
    pub number: usize,
    pub spec: DeviceSpec,
    /// Where its HTTP is.
    pub address: SocketAddr,
    pub desk: Arc<LoginDesk>,
    pub(super) events: EventHub,
    pub(super) tally: DeviceTally,
    pub(super) serial: String,
    state: Mutex<State>,
    clock_ms: AtomicI64,
    quirks: Mutex<QuirkSet>,
    soap_faults: Mutex<Vec<SoapFault>>,
    nonces: Mutex<VecDeque<String>>,
    /// Nonces of tokens that came.
    seen: Mutex<VecDeque<String>>,
    started: Instant,
    /// Messages of discovery, to be told apart from older ones.
    sequence: AtomicU64,
    boots: AtomicU64,
}

/// Who sets a device's clock, as it was ordered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceTime {
    pub is_by_ntp: bool,
    pub ntp_from_dhcp: bool,
    pub ntp_servers: Vec<String>,
}

/// Nonces that are still good.
const NONCES: usize = 1024;

impl Device {
    pub fn new(number: usize, spec: DeviceSpec, address: SocketAddr, desk: Arc<LoginDesk>, names: &[String]) -> Self {
        let serial = spec.serial.clone().unwrap_or_else(|| {
            let hash = Md5::digest(format!("{} {number}", spec.name).as_bytes());
            format!("CS{}", hex(&hash[..6]).to_uppercase())
        });
        let quirks: QuirkSet = spec.quirks.iter().copied().collect();
        // The year 2000: what a flat battery leaves.
        let unset = UtcMillis(946_684_800_000) - UtcMillis::now();
        let clock_ms = if quirks.has(Quirk::ClockUnset) { unset } else { spec.clock_offset_ms };
        let device = Self {
            number,
            address,
            desk,
            events: EventHub::new(),
            tally: DeviceTally::default(),
            serial,
            state: Mutex::new(State::new(&spec, names)),
            clock_ms: AtomicI64::new(clock_ms),
            quirks: Mutex::new(quirks),
            soap_faults: Mutex::new(spec.soap_faults.clone()),
            nonces: Mutex::default(),
            seen: Mutex::default(),
            started: Instant::now(),
            sequence: AtomicU64::new(0),
            boots: AtomicU64::new(0),
            spec,
        };
        device.tell_beginning();
        device
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// The clock it shows and logs in by.
    pub fn now(&self) -> UtcMillis {
        UtcMillis::now().saturating_add_ms(self.clock_ms.load(Relaxed))
    }

    pub fn clock_offset_ms(&self) -> i64 {
        self.clock_ms.load(Relaxed)
    }

    pub fn set_clock_offset_ms(&self, ms: i64) {
        self.clock_ms.store(ms, Relaxed);
    }

    pub fn time(&self) -> DeviceTime {
        let state = self.state();
        DeviceTime { is_by_ntp: state.is_ntp, ntp_from_dhcp: state.ntp_from_dhcp, ntp_servers: state.ntp.clone() }
    }

    /// Milliseconds since the start, for motors.
    pub(super) fn uptime_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    pub fn quirks(&self) -> QuirkSet {
        *lock(&self.quirks)
    }

    pub fn add_quirk(&self, quirk: Quirk) {
        let mut quirks = lock(&self.quirks);
        *quirks = quirks.with(quirk);
    }

    /// Back to good manners, those of its specification included.
    pub fn clear_quirks(&self) {
        *lock(&self.quirks) = QuirkSet::default();
    }

    pub fn add_soap_fault(&self, fault: SoapFault) {
        lock(&self.soap_faults).push(fault);
    }

    pub fn clear_soap_faults(&self) {
        lock(&self.soap_faults).clear();
    }

    pub fn soap_faults(&self) -> Vec<SoapFault> {
        lock(&self.soap_faults).clone()
    }

    /// The fault that this operation meets, which is then one fewer.
    pub(super) fn take_soap_fault(&self, operation: &str) -> Option<SoapFault> {
        let mut faults = lock(&self.soap_faults);
        let fault = faults.iter_mut().find(|fault| fault.fits(operation))?;
        fault.times = fault.times.map(|times| times - 1);
        Some(fault.clone())
    }

    pub(super) fn fresh_nonce(&self) -> String {
        let nonce = format!("{:032x}", rand::random::<u128>());
        let mut nonces = lock(&self.nonces);
        nonces.push_back(nonce.clone());
        if nonces.len() > NONCES {
            nonces.pop_front();
        }
        nonce
    }

    /// Whether the nonce is one of ours; with [`Quirk::NonceOnce`] it is used up.
    pub(super) fn knows_nonce(&self, nonce: &str) -> bool {
        let is_once = self.quirks().has(Quirk::NonceOnce);
        let mut nonces = lock(&self.nonces);
        let found = nonces.iter().position(|own| own == nonce);
        if let Some(at) = found.filter(|_| is_once) {
            nonces.remove(at);
        }
        found.is_some()
    }

    /// Whether a token with this nonce came before; from now on it has.
    pub(super) fn has_seen(&self, nonce: &str) -> bool {
        let mut seen = lock(&self.seen);
        if seen.iter().any(|own| own == nonce) {
            return true;
        }
        seen.push_back(nonce.to_owned());
        if seen.len() > NONCES {
            seen.pop_front();
        }
        false
    }

    /// Reboots so far.
    pub(super) fn boots(&self) -> u64 {
        self.boots.load(Relaxed)
    }

    /// What each stream's address carries where a restart makes addresses void.
    pub(crate) fn address_mark(&self) -> Option<String> {
        self.quirks().has(Quirk::InvalidAfterReboot).then(|| format!("boot={}", self.boots.load(Relaxed)))
    }

    pub(super) fn count_boot(&self) {
        self.boots.fetch_add(1, Relaxed);
    }

    pub(super) fn next_message(&self) -> u64 {
        self.sequence.fetch_add(1, Relaxed) + 1
    }

    pub fn counters(&self) -> DeviceCounters {
        let password_attempts = self.desk.attempts();
        DeviceCounters {
            password_attempts,
            password_attempts_total: password_attempts.total(),
            is_locked: self.desk.is_locked(),
            subscriptions: self.events.subscriptions(),
            ..self.tally.read()
        }
    }

    pub(super) fn is_open(&self) -> bool {
        self.spec.login == SoapLogin::Open || self.desk.is_open()
    }

    /// Scheme, path prefix and identity.
    pub(super) const fn scheme(&self) -> &'static str {
        if self.spec.tls { "https" } else { "http" }
    }

    pub(super) fn base(&self) -> String {
        match self.spec.place {
            DevicePlace::Shared => format!("/d/{}", self.number),
            DevicePlace::Own { .. } => String::new(),
        }
    }

    /// Path of the device service.
    pub(super) fn device_path(&self) -> String {
        let path = if self.quirks().has(Quirk::OnePath) { "/onvif/service" } else { "/onvif/device_service" };
        self.base() + path
    }

    /// Where its HTTP is at each of its addresses, the first one first.
    pub(super) fn addresses(&self) -> impl Iterator<Item = SocketAddr> {
        let first = self.address;
        let more = self.spec.also_at.iter().map(move |at| {
            let mut at = *at;
            if at.port() == 0 {
                at.set_port(first.port());
            }
            at
        });
        std::iter::once(first).chain(more)
    }

    /// Where a client finds it.
    pub fn url(&self) -> String {
        let address = super::address::reachable(self.address);
        format!("{}://{address}{}", self.scheme(), self.device_path())
    }

    pub(super) fn uuid(&self) -> String {
        let text = if self.quirks().has(Quirk::SharedEndpoint) { "one batch" } else { &self.serial };
        let hash = hex(&Md5::digest(text.as_bytes()));
        format!("{}-{}-{}-{}-{}", &hash[..8], &hash[8..12], &hash[12..16], &hash[16..20], &hash[20..])
    }

    pub(super) fn endpoint(&self) -> String {
        let urn = if self.quirks().has(Quirk::BareUuid) { "" } else { "urn:" };
        format!("{urn}uuid:{}", self.uuid())
    }

    /// Locally administered, from its serial number.
    pub(super) fn mac(&self) -> String {
        let hash = Md5::digest(self.serial.as_bytes());
        let tail: Vec<String> = hash[..5].iter().map(|byte| format!("{byte:02x}")).collect();
        format!("02:{}", tail.join(":"))
    }

    pub(super) fn cameras<'h>(&'h self, house: &'h House) -> impl Iterator<Item = &'h CameraRuntime> {
        self.spec.cameras.iter().filter_map(|number| house.cameras.get(*number))
    }

    /// A stream of a channel, counted from 0, and the camera's number.
    pub(super) fn stream<'h>(
        &self,
        house: &'h House,
        channel: usize,
        role: StreamRole,
    ) -> Option<(usize, &'h Arc<StreamRuntime>)> {
        let camera = *self.spec.cameras.get(channel)?;
        Some((camera, house.stream(camera, role)?))
    }

    /// Nobody answers when all its cameras are offline.
    pub(super) fn is_offline(&self, house: &House) -> bool {
        let mut cameras = self.cameras(house).peekable();
        cameras.peek().is_some() && cameras.all(|camera| camera.streams().all(|stream| stream.faults().offline))
    }

    /// Waits until the device is offline, or is not.
    pub(super) async fn becomes(&self, house: &House, offline: bool) {
        let mut changes = house.changed.subscribe();
        while self.is_offline(house) != offline {
            // The sender lives as long as the house.
            if changes.changed().await.is_err() {
                return std::future::pending().await;
            }
        }
    }

    /// A fault that all its cameras are under.
    pub(super) fn suffers(&self, house: &House, fault: impl Fn(&crate::FaultSet) -> bool) -> bool {
        let mut cameras = self.cameras(house).peekable();
        cameras.peek().is_some() && cameras.all(|camera| fault(&camera.main.faults()))
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
