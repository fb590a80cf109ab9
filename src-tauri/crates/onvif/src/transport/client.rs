//! One device's client as others see it: calls in, typed answers out. What goes to and fro for one call is in
//! `conversation`.

use super::{
    address::DeviceAddress,
    conversation::{Call, Request},
    exchange::Fetched,
    login::{Clock, Login, Plain, Way},
    options::{AuthMode, ClientOptions, PlainPassword},
};
use crate::{
    OnvifError,
    operations::Services,
    soap::{Addressing, Effect, Envelope, Login as Need, Operation, Patience, Service, read_answer},
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
    time::Duration,
};
use tokio::{sync::Semaphore, time::timeout};
use watchwall_model::{Credentials, DeviceKey};

/// A device's client. Clones share its connections, login and turn.
#[derive(Clone, Debug)]
pub struct Client {
    pub(super) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(super) struct Inner {
    pub address: DeviceAddress,
    pub key: DeviceKey,
    pub options: ClientOptions,
    pub credentials: RwLock<Option<Credentials>>,
    pub services: RwLock<Services>,
    /// How SOAP requests are signed.
    pub login: Mutex<Login>,
    /// How pictures are asked for: HTTP knows no tokens.
    pub picture_login: Mutex<Login>,
    /// A request that the device answered only because of its login.
    pub witness: Mutex<Option<(Call, String)>>,
    /// Of the addresses asked for a service, by the first of them, the one that answered.
    pub answering: Mutex<HashMap<String, usize>>,
    pub turn: Semaphore,
}

/// Where a subscription lives, and what it wants back in every request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// As the device gave it.
    pub address: String,
    /// XML elements, to be copied into headers.
    pub reference_parameters: Vec<String>,
}

/// How the device was seen to log us in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LoginSeen {
    /// It has asked for nothing so far.
    Nothing,
    Digest,
    Wsse,
    Both,
    Basic,
}

impl Client {
    pub fn new(address: DeviceAddress, credentials: Option<Credentials>, options: ClientOptions) -> Self {
        let is_plain_allowed = address.is_tls() || options.plain_password == PlainPassword::Allowed;
        let plain = if is_plain_allowed { Plain::Allowed } else { Plain::Refused };
        let key = options.device_key.clone().unwrap_or_else(|| address.key());
        let picture_mode = if options.auth == AuthMode::Open { AuthMode::Open } else { AuthMode::Auto };
        let inner = Inner {
            address,
            key,
            credentials: RwLock::new(credentials),
            services: RwLock::new(Services::default()),
            login: Mutex::new(Login::new(options.auth, plain)),
            picture_login: Mutex::new(Login::new(picture_mode, plain)),
            witness: Mutex::new(None),
            answering: Mutex::new(HashMap::new()),
            turn: Semaphore::new(1),
            options,
        };
        Self { inner: Arc::new(inner) }
    }

    pub fn address(&self) -> &DeviceAddress {
        &self.inner.address
    }

    pub fn options(&self) -> &ClientOptions {
        &self.inner.options
    }

    /// Uses other credentials from the next request on, for example after the password was changed.
    pub fn set_credentials(&self, credentials: Option<Credentials>) {
        *self.inner.credentials.write().unwrap_or_else(PoisonError::into_inner) = credentials;
        for login in [&self.inner.login, &self.inner.picture_login] {
            lock(login).forget_proof();
        }
        *lock(&self.inner.witness) = None;
    }

    /// The services the device has told us of.
    pub fn services(&self) -> Services {
        self.inner.services.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes note of where the device's services are.
    pub fn learn_services(&self, services: Services) {
        *self.inner.services.write().unwrap_or_else(PoisonError::into_inner) = services;
    }

    pub fn login_seen(&self) -> LoginSeen {
        match lock(&self.inner.login).learnt() {
            None | Some(Way::Open) => LoginSeen::Nothing,
            Some(Way::Digest) => LoginSeen::Digest,
            Some(Way::Token) => LoginSeen::Wsse,
            Some(Way::Both) => LoginSeen::Both,
            Some(Way::Basic) => LoginSeen::Basic,
        }
    }

    /// Milliseconds the device's clock is ahead of ours, once it was read.
    pub fn clock_offset_ms(&self) -> Option<i64> {
        match lock(&self.inner.login).clock {
            Clock::Offset { ms } => Some(ms),
            Clock::Unknown | Clock::Lies => None,
        }
    }

    /// Tells the login what the device's clock shows; also to be called after the clock was set.
    pub fn note_clock(&self, offset_ms: i64) {
        let mut login = lock(&self.inner.login);
        if login.clock != Clock::Lies {
            login.clock = Clock::Offset { ms: offset_ms };
        }
    }

    /// Asks one operation of the service it belongs to.
    ///
    /// # Errors
    /// Whatever the device or the way to it does wrong; see [`OnvifError`].
    pub async fn call<O: Operation>(&self, operation: &O) -> Result<O::Answer, OnvifError> {
        let service = operation.service();
        let services = self.services();
        let xaddr = services.address(&service);
        if xaddr.is_none() && services.is_known() && service != Service::Device {
            return Err(OnvifError::Unsupported { host: self.host(), what: format!("{service} service") });
        }
        let urls = self.inner.address.candidates(&service, xaddr, services.address(&Service::Device));
        let mut envelope = Envelope::new(operation);
        if service == Service::Events {
            let to = urls.first().cloned().unwrap_or_default();
            envelope =
                envelope.addressed(Addressing { to, message_id: message_id(), reference_parameters: Vec::new() });
        }
        self.ask(operation, envelope, &urls).await
    }

    /// Asks a subscription.
    ///
    /// # Errors
    /// As [`Client::call`].
    pub async fn call_at<O: Operation>(&self, endpoint: &Endpoint, operation: &O) -> Result<O::Answer, OnvifError> {
        let services = self.services();
        let device = services.address(&Service::Device);
        let urls = self.inner.address.candidates(&Service::Subscription, Some(&endpoint.address), device);
        let envelope = Envelope::new(operation).addressed(Addressing {
            to: endpoint.address.clone(),
            message_id: message_id(),
            reference_parameters: endpoint.reference_parameters.clone(),
        });
        self.ask(operation, envelope, &urls).await
    }

    /// Fetches by plain GET from the first of these addresses, all of this device, that answers.
    pub(crate) async fn fetch(&self, urls: &[String]) -> Result<Fetched, OnvifError> {
        let call = Call {
            operation: "GetPicture",
            need: Need::Needed,
            effect: Effect::Read,
            within: self.inner.options.read_timeout,
            what: Request::Get,
        };
        let _turn = self.turn().await?;
        let (fetched, _) = self.try_all(&call, urls).await?;
        Ok(fetched)
    }

    async fn ask<O: Operation>(
        &self,
        operation: &O,
        envelope: Envelope,
        urls: &[String],
    ) -> Result<O::Answer, OnvifError> {
        let options = &self.inner.options;
        let (within, waits) = match operation.patience() {
            Patience::Usual => (options.read_timeout, false),
            Patience::List => (options.list_timeout, false),
            Patience::Waits { ms } => (Duration::from_millis(u64::from(ms)) + options.pull_margin, true),
        };
        let call =
            Call { operation: O::NAME, need: O::LOGIN, effect: O::EFFECT, within, what: Request::Soap(envelope) };
        // The device holds a pull open for up to a minute; other calls cannot wait for that.
        let _turn = if waits { None } else { Some(self.turn().await?) };
        let (_, tree) = self.try_all(&call, urls).await?;
        let incomplete = |missing| OnvifError::Incomplete { host: self.host(), operation: O::NAME, missing };
        let tree = tree.ok_or_else(|| incomplete("body"))?;
        let answer = read_answer(&tree, O::NAME).ok_or_else(|| incomplete("answer"))?;
        operation.read(answer).map_err(|gap| incomplete(gap.0))
    }

    async fn turn(&self) -> Result<tokio::sync::SemaphorePermit<'_>, OnvifError> {
        let wait = self.inner.options.turn_timeout;
        match timeout(wait, self.inner.turn.acquire()).await {
            Ok(Ok(permit)) => Ok(permit),
            _ => {
                Err(OnvifError::Timeout { host: self.host(), ms: u64::try_from(wait.as_millis()).unwrap_or(u64::MAX) })
            }
        }
    }

    pub(super) fn host(&self) -> String {
        self.inner.address.to_string()
    }
}

fn message_id() -> String {
    format!("urn:uuid:{}", crate::random_uuid())
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
