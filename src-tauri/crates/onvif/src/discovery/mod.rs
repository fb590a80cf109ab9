//! Finds devices by WS-Discovery: asks by multicast on every interface, or each address of a range by itself.
//!
//! [`Discovery::start`] opens one socket per interface address and spawns one reader per socket and one sender. Readers
//! hand datagrams over by a channel of 4096 (when it is full, datagrams are dropped: the next round asks again); the
//! receiver of [`Discovery::next`] reads, joins what belongs together and hands each device out once. All tasks end with
//! the last round's wait, or when the [`Discovery`] is dropped. A flood is cut off by the bytes that wait and by those
//! that were kept.
//!
//! Several rounds and two questions: devices answer only to the type they know, and UDP loses things. Answers are read
//! as a tree, and by a scan for tags when they are no XML.

mod answer;
mod held;
mod probe;
mod range;
mod sockets;

pub use answer::{FoundDevice, read_answers};
pub use probe::{Types, probe_text};
pub use range::AddressRange;

use crate::OnvifError;
use held::Held;
use sockets::Open;
use std::{
    collections::HashSet,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::{
    net::UdpSocket,
    sync::mpsc,
    task::JoinSet,
    time::{Instant, sleep, sleep_until},
};

/// Where and how long to ask.
#[derive(Clone, Debug)]
pub struct DiscoveryOptions {
    pub targets: Targets,
    pub rounds: u32,
    /// From one round to the next.
    pub round_gap: Duration,
    /// After the last round.
    pub last_wait: Duration,
    /// 3702 everywhere but in tests.
    pub port: u16,
}

/// Who is asked.
#[derive(Clone, Debug)]
pub enum Targets {
    /// The multicast groups, on every interface that is up.
    Interfaces,
    /// The multicast groups, on the interfaces with these addresses.
    Only(Vec<IpAddr>),
    /// Each address by itself: other subnets, networks without multicast.
    Ranges(Vec<AddressRange>),
    /// These addresses by themselves.
    Hosts(Vec<IpAddr>),
}

impl Default for DiscoveryOptions {
    fn default() -> Self {
        Self {
            targets: Targets::Interfaces,
            rounds: 3,
            round_gap: Duration::from_millis(700),
            last_wait: Duration::from_millis(2500),
            port: 3702,
        }
    }
}

const GROUP_V4: Ipv4Addr = Ipv4Addr::new(239, 255, 255, 250);
const GROUP_V6: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0x0c);
/// Datagrams waiting to be read, and their bytes together.
const WAITING: usize = 4096;
const WAITING_BYTES: usize = 16 * 1024 * 1024;
/// Devices of one discovery, and the bytes they told together; more are a flood.
const MOST_DEVICES: usize = 10_000;
const MOST_BYTES: usize = 32 * 1024 * 1024;
/// Single addresses asked in a row before the sender rests a moment.
const BURST: usize = 32;

/// A discovery under way. Dropping it ends it.
#[derive(Debug)]
pub struct Discovery {
    datagrams: mpsc::Receiver<(Vec<u8>, IpAddr)>,
    waiting_bytes: Arc<AtomicUsize>,
    kept_bytes: usize,
    seen: HashSet<(String, IpAddr)>,
    held: Held,
    ends: Instant,
    _tasks: JoinSet<()>,
}

impl Discovery {
    /// Begins to ask.
    ///
    /// # Errors
    /// `NoInterface` when no socket can be opened at all.
    pub fn start(options: DiscoveryOptions) -> Result<Self, OnvifError> {
        let open = sockets::open(&options.targets).map_err(|source| OnvifError::NoInterface { source })?;
        let (sender, datagrams) = mpsc::channel(WAITING);
        let waiting_bytes = Arc::new(AtomicUsize::new(0));
        let mut tasks = JoinSet::new();
        let open: Vec<_> = open.into_iter().map(Arc::new).collect();
        for socket in &open {
            tasks.spawn(read(Arc::clone(socket), sender.clone(), Arc::clone(&waiting_bytes)));
        }
        let hosts = match &options.targets {
            Targets::Interfaces | Targets::Only(_) => 0,
            Targets::Ranges(ranges) => ranges.iter().map(AddressRange::count).sum(),
            Targets::Hosts(hosts) => hosts.len(),
        };
        // The rests of the sender between bursts take time too.
        let rests = Duration::from_millis(2 * u64::try_from(2 * hosts / BURST).unwrap_or(0));
        let rounds = options.rounds.max(1);
        let ends = Instant::now() + (options.round_gap + rests) * (rounds - 1) + rests + options.last_wait;
        tasks.spawn(ask(open, options));
        let (seen, held) = (HashSet::new(), Held::default());
        Ok(Self { datagrams, waiting_bytes, kept_bytes: 0, seen, held, ends, _tasks: tasks })
    }

    /// The next device; `None` when the time is over. A device is told once per address it answers from.
    pub async fn next(&mut self) -> Option<FoundDevice> {
        loop {
            if let Some(device) = self.held.pop(Instant::now()) {
                return Some(device);
            }
            let patience = self.held.patience().unwrap_or(self.ends).min(self.ends);
            tokio::select! {
                () = sleep_until(patience) => {
                    if Instant::now() >= self.ends {
                        return self.held.pop_any();
                    }
                }
                // The sender lives in the readers, and those end with their sockets.
                Some((bytes, sender)) = self.datagrams.recv() => self.take(&bytes, sender),
            }
        }
    }

    /// Everything that is found until the time is over.
    pub async fn all(mut self) -> Vec<FoundDevice> {
        let mut found = Vec::new();
        while let Some(device) = self.next().await {
            found.push(device);
        }
        found
    }

    fn take(&mut self, bytes: &[u8], sender: IpAddr) {
        self.waiting_bytes.fetch_sub(bytes.len(), Relaxed);
        if self.kept_bytes >= MOST_BYTES || self.seen.len() >= MOST_DEVICES {
            return;
        }
        let mut has_news = false;
        for device in read_answers(bytes, sender) {
            // Two cameras of one batch may share an endpoint reference, so the sender counts too.
            if self.seen.insert((device.endpoint.clone(), sender)) {
                has_news = true;
                self.held.push(device, Instant::now());
            }
        }
        if has_news {
            self.kept_bytes += bytes.len();
        }
    }
}

async fn read(open: Arc<Open>, sender: mpsc::Sender<(Vec<u8>, IpAddr)>, waiting_bytes: Arc<AtomicUsize>) {
    let mut buffer = vec![0; 65_536];
    loop {
        match open.socket.recv_from(&mut buffer).await {
            // Full: the device is asked again next round.
            Ok((length, _)) if waiting_bytes.load(Relaxed) + length > WAITING_BYTES => {}
            Ok((length, from)) => {
                waiting_bytes.fetch_add(length, Relaxed);
                if sender.try_send((buffer[..length].to_vec(), from.ip())).is_err() {
                    waiting_bytes.fetch_sub(length, Relaxed);
                }
            }
            // Nobody listens there: the system tells so by failing the next read.
            Err(error) if is_nobody(&error) => {}
            Err(error) => {
                tracing::debug!(%error, address = %open.address, "discovery socket failed");
                return;
            }
        }
    }
}

fn is_nobody(error: &std::io::Error) -> bool {
    use std::io::ErrorKind as Kind;
    matches!(
        error.kind(),
        Kind::ConnectionRefused | Kind::ConnectionReset | Kind::HostUnreachable | Kind::NetworkUnreachable
    )
}

async fn ask(open: Vec<Arc<Open>>, options: DiscoveryOptions) {
    for round in 0..options.rounds.max(1) {
        if round > 0 {
            sleep(options.round_gap).await;
        }
        // The last round asks for anything at all: some devices answer to neither type.
        let mut questions = vec![Types::Transmitter, Types::Device];
        if round + 1 == options.rounds.max(1) {
            questions.push(Types::Any);
        }
        for types in questions {
            let text = probe_text(types, &format!("urn:uuid:{}", crate::random_uuid()));
            for socket in &open {
                send(socket, &text, &options).await;
            }
        }
    }
}

async fn send(open: &Open, text: &str, options: &DiscoveryOptions) {
    let single = |address: IpAddr| SocketAddr::new(address, options.port);
    match &options.targets {
        Targets::Interfaces | Targets::Only(_) => {
            let group = match open.address {
                IpAddr::V4(_) => SocketAddr::new(GROUP_V4.into(), options.port),
                IpAddr::V6(_) => std::net::SocketAddrV6::new(GROUP_V6, options.port, 0, open.scope).into(),
            };
            send_one(&open.socket, text, group).await;
        }
        Targets::Ranges(ranges) => {
            let addresses = ranges.iter().flat_map(AddressRange::addresses).map(IpAddr::V4);
            send_many(open, text, addresses.map(single)).await;
        }
        Targets::Hosts(hosts) => {
            let own = hosts.iter().filter(|host| host.is_ipv4() == open.address.is_ipv4());
            send_many(open, text, own.copied().map(single)).await;
        }
    }
}

async fn send_many(open: &Open, text: &str, addresses: impl Iterator<Item = SocketAddr>) {
    for (count, address) in addresses.enumerate() {
        if count % BURST == BURST - 1 {
            // A switch and the neighbour table need time to breathe.
            sleep(Duration::from_millis(2)).await;
        }
        send_one(&open.socket, text, address).await;
    }
}

async fn send_one(socket: &UdpSocket, text: &str, address: SocketAddr) {
    if let Err(error) = socket.send_to(text.as_bytes(), address).await
        && !is_nobody(&error)
    {
        tracing::debug!(%error, %address, "discovery question not sent");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_flood_is_cut_off_by_its_bytes() {
        let targets = Targets::Hosts(vec![Ipv4Addr::LOCALHOST.into()]);
        let silent = DiscoveryOptions { targets, rounds: 1, ..DiscoveryOptions::default() };
        let mut discovery = Discovery::start(silent).unwrap();
        let padding = "x".repeat(60_000);
        let datagrams = (0..2 * MOST_BYTES / padding.len()).map(|number| {
            format!(
                "<Body><ProbeMatch><EndpointReference><Address>urn:uuid:{number}</Address></EndpointReference>\
                 <Scopes>{padding}</Scopes></ProbeMatch></Body>"
            )
        });
        for text in datagrams {
            discovery.waiting_bytes.fetch_add(text.len(), Relaxed);
            discovery.take(text.as_bytes(), Ipv4Addr::LOCALHOST.into());
        }
        let (told, enough) = (discovery.seen.len(), MOST_BYTES / padding.len());
        assert!((enough - 2..=enough + 2).contains(&told), "{told} devices");
        assert_eq!(discovery.waiting_bytes.load(Relaxed), 0);
    }
}
