//! Doors: the shared port, and the ports of cameras that have their own and close them when offline.

use super::connection::Connection;
use crate::{CamsimError, house::House};
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::{net::TcpListener, sync::Semaphore};

/// A bound port and where it is.
pub(crate) struct Door {
    listener: TcpListener,
    pub address: SocketAddr,
}

/// Connections per port.
const MAX_CONNECTIONS: usize = 4096;
/// Before an accept or a bind is tried again.
const REST: Duration = Duration::from_millis(100);

impl Door {
    /// # Errors
    /// The address is taken or not ours.
    pub async fn open(address: SocketAddr) -> Result<Self, CamsimError> {
        let refused = |source| CamsimError::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        Ok(Self { listener, address })
    }

    pub fn into_listener(self) -> TcpListener {
        self.listener
    }
}

/// Serves every camera on one port until the farm stops.
pub(crate) async fn serve_shared_port(house: Arc<House>, door: Door) {
    tokio::select! {
        () = house.stop.cancelled() => {}
        () = accept(&house, &door.listener, None) => {}
    }
}

/// Serves one camera on its own port; the port is closed while the camera is offline.
pub(crate) async fn serve_own_port(house: Arc<House>, camera: usize, door: Door) {
    let address = door.address;
    let mut listener = Some(door.listener);
    let Some(runtime) = house.cameras.get(camera) else { return };
    loop {
        match listener.take() {
            Some(open) => tokio::select! {
                () = house.stop.cancelled() => return,
                () = accept(&house, &open, Some(camera)) => {}
                () = runtime.becomes(true) => {}
            },
            None => tokio::select! {
                () = house.stop.cancelled() => return,
                () = runtime.becomes(false) => match TcpListener::bind(address).await {
                    Ok(open) => listener = Some(open),
                    Err(error) => {
                        tracing::warn!(%error, %address, "the camera's port is not free yet");
                        tokio::time::sleep(REST).await;
                    }
                },
            },
        }
    }
}

async fn accept(house: &Arc<House>, listener: &TcpListener, only: Option<usize>) {
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let Ok(place) = places.clone().acquire_owned().await else { return };
        match listener.accept().await {
            Ok((socket, _)) => match Connection::new(socket, house.clone(), only) {
                Ok(connection) => {
                    house.tasks.spawn(async move {
                        connection.run().await;
                        drop(place);
                    });
                }
                Err(error) => tracing::debug!(%error, "a client left before it was served"),
            },
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(REST).await;
            }
        }
    }
}
