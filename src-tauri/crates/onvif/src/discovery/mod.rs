//! Finds devices by WS-Discovery: asks by multicast on every interface, or each address of a range by itself.
//!
//! [`Discovery::start`] opens one socket per interface address and spawns one reader per socket and one sender. Readers
//! hand datagrams over by a channel of 4096 (when it is full, datagrams are dropped: the next round asks again); the
//! receiver of [`Discovery::next`] reads, joins what belongs together and hands each device out once. All tasks end with
//! the last round's wait, or when the [`Discovery`] is dropped.
//!
//! Several rounds and two questions: devices answer only to the type they know, and UDP loses things. Answers are read
//! as a tree, and by a scan for tags when they are no XML.

mod answer;
mod probe;
mod range;
mod sockets;

pub use answer::{FoundDevice, read_answers};
pub use probe::{Types, probe_text};
pub use range::AddressRange;

use crate::OnvifError;
use sockets::Open;
use std::{
    collections::HashSet,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
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
/// Datagrams waiting to be read.
const WAITING: usize = 4096;
/// Devices of one discovery; more are a flood.
const MOST_DEVICES: usize = 10_000;
/// Single addresses asked in a row before the sender rests a moment.
const BURST: usize = 32;

/// A discovery under way. Dropping it ends it.
#[derive(Debug)]
pub struct Discovery {
    datagrams: mpsc::Receiver<(Vec<u8>, IpAddr)>,
    seen: HashSet<(String, IpAddr)>,
    ready: Vec<FoundDevice>,
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
        let mut tasks = JoinSet::new();
        let open: Vec<_> = open.into_iter().map(Arc::new).collect();
        for socket in &open {
            tasks.spawn(read(Arc::clone(socket), sender.clone()));
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
        Ok(Self { datagrams, seen: HashSet::new(), ready: Vec::new(), ends, _tasks: tasks })
    }

    /// The next device; `None` when the time is over. A device is told once per address it answers from.
    pub async fn next(&mut self) -> Option<FoundDevice> {
        loop {
            if let Some(device) = self.ready.pop() {
                return Some(device);
            }
            tokio::select! {
                () = sleep_until(self.ends) => return None,
                datagram = self.datagrams.recv() => {
                    let (bytes, sender) = datagram?;
                    self.take(&bytes, sender);
                }
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
        for device in read_answers(bytes, sender) {
            // Two cameras of one batch may share an endpoint reference, so the sender counts too.
            if self.seen.len() < MOST_DEVICES && self.seen.insert((device.endpoint.clone(), sender)) {
                self.ready.push(device);
            }
        }
    }
}

async fn read(open: Arc<Open>, sender: mpsc::Sender<(Vec<u8>, IpAddr)>) {
    let mut buffer = vec![0; 65_536];
    loop {
        match open.socket.recv_from(&mut buffer).await {
            Ok((length, from)) => {
                // Full: the device is asked again next round.
                let _ = sender.try_send((buffer[..length].to_vec(), from.ip()));
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
