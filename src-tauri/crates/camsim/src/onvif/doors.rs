//! The ports of devices: the shared one, and those of devices with an address of their own, which close when offline.

use super::{discovery, serve::talk};
use crate::{CamsimError, Fault, doors::acceptor, house::House, rtsp::Door};
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::timeout,
};
use tokio_rustls::TlsAcceptor;

/// Connections per port.
const MAX_CONNECTIONS: usize = 4096;
/// Before an accept or a bind is tried again.
const REST: Duration = Duration::from_millis(100);
/// A handshake of TLS ends within this time.
const GREETING: Duration = Duration::from_secs(10);

/// A device's own port before it is served.
pub(crate) struct DeviceDoor {
    door: Door,
    tls: Option<TlsAcceptor>,
}

impl DeviceDoor {
    /// # Errors
    /// The address is taken or not ours, or no certificate can be made.
    pub async fn open(address: SocketAddr, tls: bool) -> Result<Self, CamsimError> {
        let door = Door::open(address).await?;
        let tls = if tls { Some(acceptor(&door.address.ip().to_string())?) } else { None };
        Ok(Self { door, tls })
    }

    pub const fn address(&self) -> SocketAddr {
        self.door.address
    }
}

/// Serves all devices of the shared port until the farm stops.
pub(crate) async fn serve_shared(house: Arc<House>, door: Door) {
    let listener = door.into_listener();
    tokio::select! {
        () = house.stop.cancelled() => {}
        () = accept(&house, &listener, None, None) => {}
    }
}

/// Serves one device on its own port; the port is closed while the device is offline.
pub(crate) async fn serve_device(house: Arc<House>, number: usize, door: DeviceDoor) {
    let DeviceDoor { door, tls } = door;
    let address = door.address;
    let mut listener = Some(door.into_listener());
    let Some(device) = house.devices.get(number) else { return };
    loop {
        match listener.take() {
            Some(open) => tokio::select! {
                () = house.stop.cancelled() => return,
                () = accept(&house, &open, Some(number), tls.as_ref()) => {}
                () = device.becomes(&house, true) => {}
            },
            None => tokio::select! {
                () = house.stop.cancelled() => return,
                () = device.becomes(&house, false) => match TcpListener::bind(address).await {
                    Ok(open) => listener = Some(open),
                    Err(error) => {
                        tracing::warn!(%error, %address, "the device's port is not free yet");
                        tokio::time::sleep(REST).await;
                    }
                },
            },
        }
    }
}

/// Takes a device and its streams down and brings them back.
pub(super) async fn reboot(house: Arc<House>, number: usize) {
    let Some(device) = house.devices.get(number) else { return };
    discovery::say(&house, device, discovery::Word::Bye).await;
    device.events.forget_all();
    device.count_boot();
    let ms = u32::try_from(device.spec.reboot.as_millis()).unwrap_or(u32::MAX);
    for camera in &device.spec.cameras {
        if let Err(error) = house.fault(*camera, None, Fault::Reboot { ms }).await {
            tracing::warn!(device = device.spec.name, %error, "a camera did not reboot with its device");
        }
    }
    tokio::select! {
        () = house.stop.cancelled() => {}
        () = device.becomes(&house, false) => discovery::say(&house, device, discovery::Word::Hello).await,
    }
}

async fn accept(house: &Arc<House>, listener: &TcpListener, only: Option<usize>, tls: Option<&TlsAcceptor>) {
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let Ok(place) = places.clone().acquire_owned().await else { return };
        match listener.accept().await {
            Ok((socket, peer)) => {
                let (house, tls) = (house.clone(), tls.cloned());
                let tasks = house.tasks.clone();
                tasks.spawn(async move {
                    if let Err(error) = serve_one(house, only, socket, tls).await {
                        tracing::debug!(%peer, %error, "a connection to a device broke");
                    }
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(REST).await;
            }
        }
    }
}

async fn serve_one(
    house: Arc<House>,
    only: Option<usize>,
    socket: TcpStream,
    tls: Option<TlsAcceptor>,
) -> std::io::Result<()> {
    socket.set_nodelay(true)?;
    match tls {
        Some(tls) => {
            let socket = timeout(GREETING, tls.accept(socket)).await??;
            talk(house, only, socket).await
        }
        None => talk(house, only, socket).await,
    }
}
