//! Limits of a client, and what a person may decide about its login.

use super::HttpPool;
use std::time::Duration;
use watchwall_model::{DeviceKey, LockoutLatch};

/// How requests are signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum AuthMode {
    /// Whatever the device asks for when it is asked without a login.
    #[default]
    Auto,
    Digest,
    /// WS-UsernameToken.
    Wsse,
    /// Both at once: against the specification, and needed by some.
    Both,
    /// Never log in.
    Open,
}

/// Whether a password may travel readable, as HTTP Basic sends it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum PlainPassword {
    #[default]
    OnlyOverTls,
    /// A person said so for this device.
    Allowed,
}

/// How a client treats its device.
#[derive(Clone, Debug)]
pub struct ClientOptions {
    /// TCP connect, and the first test whether anything is there.
    pub connect_timeout: Duration,
    /// A whole answer of a usual call, from the first byte sent to the last byte read.
    pub read_timeout: Duration,
    /// The same for lists that recorders assemble from all channels.
    pub list_timeout: Duration,
    /// Added to the time the device was told to wait itself.
    pub pull_margin: Duration,
    /// Waiting for other calls of the same device to finish.
    pub turn_timeout: Duration,
    pub size_limit_bytes: usize,
    pub auth: AuthMode,
    pub plain_password: PlainPassword,
    /// Shared by everything that logs in to cameras.
    pub latch: LockoutLatch,
    /// The device's name in the latch. Without one its host, which is right unless several devices share an address.
    pub device_key: Option<DeviceKey>,
    /// Connections; share one pool between the devices of a site.
    pub http: HttpPool,
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(5),
            read_timeout: Duration::from_secs(5),
            list_timeout: Duration::from_secs(30),
            pull_margin: Duration::from_secs(10),
            turn_timeout: Duration::from_secs(60),
            size_limit_bytes: 8 * 1024 * 1024,
            auth: AuthMode::default(),
            plain_password: PlainPassword::default(),
            latch: LockoutLatch::default(),
            device_key: None,
            http: HttpPool::default(),
        }
    }
}
