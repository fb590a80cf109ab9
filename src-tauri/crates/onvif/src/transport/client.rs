//! One device's client: turns, logins and addresses around single exchanges.

use super::{
    address::DeviceAddress,
    exchange::{Bounds, Broken, Fetched, exchange},
    login::{Clock, Course, Failure, Have, Login, Next, Plain, Proof, Refusal, Way, Witness},
    options::{AuthMode, ClientOptions, PlainPassword},
    sign,
};
use crate::{
    OnvifError,
    operations::{GetSystemDateAndTime, Services},
    soap::{
        Addressing, Answer, Effect, Envelope, Fault, FaultKind, Login as Need, NotSoap, Operation, Patience, Service,
        read_answer,
    },
    tree::Tree,
};
use reqwest::header;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
    time::Duration,
};
use tokio::{sync::Semaphore, time::timeout};
use watchwall_model::{Admission, Credentials, DeviceKey, Door, UtcMillis};

/// A device's client. Clones share its connections, login and turn.
#[derive(Clone, Debug)]
pub struct Client {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    address: DeviceAddress,
    key: DeviceKey,
    options: ClientOptions,
    credentials: RwLock<Option<Credentials>>,
    services: RwLock<Services>,
    /// How SOAP requests are signed.
    login: Mutex<Login>,
    /// How pictures are asked for: HTTP knows no tokens.
    picture_login: Mutex<Login>,
    /// A request that the device answered only because of its login.
    witness: Mutex<Option<(Call, String)>>,
    /// Of the addresses asked for a service, by the first of them, the one that answered.
    answering: Mutex<HashMap<String, usize>>,
    turn: Semaphore,
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

/// A request as it goes over the wire again and again until it is signed right.
#[derive(Clone, Debug)]
struct Call {
    operation: &'static str,
    need: Need,
    effect: Effect,
    within: Duration,
    what: Request,
}

#[derive(Clone, Debug)]
enum Request {
    Soap(Envelope),
    Get,
}

/// What came back, judged.
enum Verdict {
    Done(Fetched, Option<Tree>),
    Refused(Refusal, Box<OnvifError>),
    Locked(Option<u32>),
    Failed(OnvifError),
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
        self.ask(operation, Envelope::new(operation), &urls).await
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

    /// Asks the event service, whose requests are addressed.
    ///
    /// # Errors
    /// As [`Client::call`].
    pub async fn call_events<O: Operation>(&self, operation: &O) -> Result<O::Answer, OnvifError> {
        let services = self.services();
        let xaddr = services.address(&Service::Events);
        let urls = self.inner.address.candidates(&Service::Events, xaddr, services.address(&Service::Device));
        let to = urls.first().cloned().unwrap_or_default();
        let addressing = Addressing { to, message_id: message_id(), reference_parameters: Vec::new() };
        self.ask(operation, Envelope::new(operation).addressed(addressing), &urls).await
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

    /// Asks at one address after another while nothing of the sort is there.
    async fn try_all(&self, call: &Call, urls: &[String]) -> Result<(Fetched, Option<Tree>), OnvifError> {
        let mut first_error = None;
        let key = urls.first().cloned().unwrap_or_default();
        let known = lock(&self.inner.answering).get(&key).copied().filter(|index| *index < urls.len());
        let others = (0..urls.len()).filter(|index| Some(*index) != known);
        for index in known.into_iter().chain(others) {
            match self.converse(call, &urls[index]).await {
                Ok(done) => {
                    lock(&self.inner.answering).insert(key, index);
                    return Ok(done);
                }
                Err(error) if is_wrong_place(&error) => first_error = first_error.or(Some(error)),
                Err(error) => return Err(first_error.filter(|_| !matters_more(&error)).unwrap_or(error)),
            }
        }
        let nowhere = || OnvifError::Unsupported { host: self.host(), what: call.operation.to_owned() };
        Err(first_error.unwrap_or_else(nowhere))
    }

    /// Sends a request until it is signed as the device wants it, or it is clear that it never will be.
    async fn converse(&self, call: &Call, url: &str) -> Result<(Fetched, Option<Tree>), OnvifError> {
        let credentials = self.inner.credentials.read().unwrap_or_else(PoisonError::into_inner).clone();
        let have = if credentials.is_some() { Have::Credentials } else { Have::Nothing };
        let login = match call.what {
            Request::Soap(_) => &self.inner.login,
            Request::Get => &self.inner.picture_login,
        };
        let mut course = Course::new(call.operation, call.need);
        let mut next = lock(login).first(&course, have);
        let mut refusal_text = None;
        loop {
            let witness = self.witness(call);
            let known = if witness.is_some() { Witness::Known } else { Witness::Unknown };
            match next {
                Next::Send(way) => match self.send_as(call, url, way, credentials.as_ref(), &course).await? {
                    Verdict::Done(fetched, tree) => return Ok((fetched, tree)),
                    Verdict::Refused(refusal, error) => {
                        next = lock(login).after_refusal(&mut course, way, refusal, have, known);
                        refusal_text = Some(error);
                    }
                    Verdict::Locked(attempts_left) => {
                        return Err(OnvifError::Locked { host: self.host(), attempts_left });
                    }
                    Verdict::Failed(error) => return Err(error),
                },
                Next::ReadClock(way) => {
                    let offset = self.read_clock().await;
                    next = lock(login).after_clock(&mut course, way, offset, known);
                }
                Next::AskWitness(way) => {
                    let opened = match &witness {
                        Some((call, url)) => {
                            let verdict = Box::pin(self.send_as(call, url, way, credentials.as_ref(), &course)).await?;
                            if let Verdict::Refused(refusal, _) = &verdict {
                                lock(login).challenge = refusal.offers.digest.clone();
                            }
                            matches!(verdict, Verdict::Done(..))
                        }
                        None => false,
                    };
                    next = lock(login).after_witness(&mut course, way, opened);
                }
                Next::Fail(failure) => return Err(self.failure(failure, refusal_text)),
            }
        }
    }

    fn failure(&self, failure: Failure, refusal: Option<Box<OnvifError>>) -> OnvifError {
        let host = self.host();
        match failure {
            Failure::Missing => OnvifError::CredentialsMissing { host },
            Failure::Wrong => OnvifError::CredentialsWrong { host, is_latched: false },
            Failure::PlainOnly => OnvifError::BasicOnly { host },
            Failure::SchemeUnknown => OnvifError::SchemeUnknown { host },
            Failure::Forbidden => match refusal.map(|error| *error) {
                Some(OnvifError::Fault { host, operation, mut fault }) => {
                    fault.subcodes.insert(0, "OperationProhibited".to_owned());
                    fault.subcodes.retain(|code| code != "NotAuthorized");
                    OnvifError::Fault { host, operation, fault }
                }
                _ => OnvifError::Fault {
                    host,
                    operation: "request",
                    fault: Fault {
                        subcodes: vec!["OperationProhibited".to_owned()],
                        reason: "this user may not do this".to_owned(),
                        ..Fault::default()
                    },
                },
            },
        }
    }

    /// One signed request with the latch's leave, judged; the latch is told.
    async fn send_as(
        &self,
        call: &Call,
        url: &str,
        way: Way,
        credentials: Option<&Credentials>,
        course: &Course,
    ) -> Result<Verdict, OnvifError> {
        let signer = credentials.filter(|_| way != Way::Open);
        let (door, login) = match call.what {
            Request::Soap(_) => (Door::Soap, &self.inner.login),
            Request::Get => (Door::Http, &self.inner.picture_login),
        };
        let admission = match signer {
            Some(credentials) => Some(self.admit(credentials, door, call.within).await?),
            None => None,
        };
        let may_repeat =
            call.effect == Effect::Read && admission.as_ref().is_none_or(|admission| !admission.is_first());
        let mut sent = self.send_once(call, url, way, signer, login).await;
        if may_repeat && matches!(sent, Err(Broken::Unanswered(_))) {
            // It closed an idle connection just when we used it.
            sent = self.send_once(call, url, way, signer, login).await;
        }
        let fetched = match sent {
            Ok(fetched) => fetched,
            Err(broken) => return Ok(Verdict::Failed(broken.into())),
        };
        let verdict = self.judge(call, fetched);
        if let Some(admission) = admission {
            let is_stale = |refusal: &Refusal| refusal.offers.digest.as_ref().is_some_and(|offer| offer.is_stale());
            match &verdict {
                Verdict::Done(..) | Verdict::Failed(OnvifError::Fault { .. }) => {
                    if lock(login).after_success(&Course::new(call.operation, call.need), way) == Proof::Password {
                        admission.accepted();
                        if matches!(verdict, Verdict::Done(..)) {
                            self.remember_witness(call, url);
                        }
                    }
                }
                // The witness showed a moment ago that the password is right.
                Verdict::Refused(..) if course.is_witnessed() => {}
                Verdict::Refused(refusal, _) if is_stale(refusal) || refusal.is_not_understood => {}
                Verdict::Refused(..) => admission.refused(),
                Verdict::Locked(_) => admission.refused_for_good(),
                Verdict::Failed(_) => {}
            }
        }
        Ok(verdict)
    }

    async fn admit(&self, credentials: &Credentials, door: Door, within: Duration) -> Result<Admission, OnvifError> {
        let asking = self.inner.options.latch.admit(&self.inner.key, credentials, door);
        match timeout(within, asking).await {
            Ok(Ok(admission)) => Ok(admission),
            Ok(Err(_)) => Err(OnvifError::CredentialsWrong { host: self.host(), is_latched: true }),
            Err(_) => Err(OnvifError::Timeout {
                host: self.host(),
                ms: u64::try_from(within.as_millis()).unwrap_or(u64::MAX),
            }),
        }
    }

    async fn send_once(
        &self,
        call: &Call,
        url: &str,
        way: Way,
        credentials: Option<&Credentials>,
        login: &Mutex<Login>,
    ) -> Result<Fetched, Broken> {
        let client = self.inner.options.http.client();
        let (mut request, method, body) = match &call.what {
            Request::Get => (client.get(url), "GET", String::new()),
            Request::Soap(envelope) => {
                let token = match (way, credentials) {
                    (Way::Token | Way::Both, Some(credentials)) => {
                        let now = UtcMillis::now().saturating_add_ms(lock(login).offset_ms());
                        sign::username_token(credentials, now)
                    }
                    _ => String::new(),
                };
                (client.post(url).header(header::CONTENT_TYPE, envelope.content_type()), "POST", envelope.text(&token))
            }
        };
        if let Some(credentials) = credentials {
            let authorization = match way {
                Way::Digest | Way::Both => {
                    let signed = sign::Signed { method, uri: path_and_query(url), body: body.as_bytes() };
                    lock(login).challenge.as_mut().and_then(|challenge| sign::digest(challenge, credentials, &signed))
                }
                Way::Basic => Some(sign::basic(credentials)),
                Way::Token | Way::Open => None,
            };
            if let Some(value) = authorization.and_then(|text| header::HeaderValue::from_bytes(text.as_bytes()).ok()) {
                request = request.header(header::AUTHORIZATION, value);
            }
        }
        if method == "POST" {
            request = request.body(body);
        }
        let bounds = Bounds { within: call.within, size_bytes: self.inner.options.size_limit_bytes };
        exchange(self.inner.address.host(), request, bounds).await
    }

    fn judge(&self, call: &Call, fetched: Fetched) -> Verdict {
        let host = self.host();
        let status = fetched.status;
        let refused = |fetched: &Fetched, error| {
            let refusal = Refusal { offers: fetched.offers.clone(), ..Refusal::default() };
            Verdict::Refused(refusal, Box::new(error))
        };
        if matches!(call.what, Request::Get) {
            return match status {
                401 => refused(&fetched, OnvifError::CredentialsMissing { host }),
                200..=299 => Verdict::Done(fetched, None),
                _ => Verdict::Failed(OnvifError::NotSoap { host, status, what: "no picture" }),
            };
        }
        match Answer::read(&fetched.body) {
            Answer::Fault(fault) => {
                let kind = fault.kind();
                let error = OnvifError::Fault { host, operation: call.operation, fault };
                match kind {
                    FaultKind::Locked { attempts_left } => Verdict::Locked(attempts_left),
                    FaultKind::NotAuthorized | FaultKind::SecurityNotUnderstood => {
                        let refusal = Refusal {
                            offers: fetched.offers.clone(),
                            is_fault: true,
                            is_not_understood: kind == FaultKind::SecurityNotUnderstood,
                        };
                        Verdict::Refused(refusal, Box::new(error))
                    }
                    _ if status == 401 => refused(&fetched, error),
                    _ => Verdict::Failed(error),
                }
            }
            Answer::Body(_) | Answer::NotSoap(_) if status == 401 => {
                refused(&fetched, OnvifError::CredentialsMissing { host })
            }
            Answer::Body(tree) => Verdict::Done(fetched, Some(tree)),
            Answer::NotSoap(NotSoap::Text(text)) => {
                let fault = Fault::from_text(&text);
                match fault.kind() {
                    FaultKind::Locked { attempts_left } => Verdict::Locked(attempts_left),
                    FaultKind::Unsupported => {
                        Verdict::Failed(OnvifError::Fault { host, operation: call.operation, fault })
                    }
                    _ => Verdict::Failed(OnvifError::not_soap(&host, status, NotSoap::Text(text))),
                }
            }
            Answer::NotSoap(what) => Verdict::Failed(OnvifError::not_soap(&host, status, what)),
        }
    }

    /// Asks the device's clock without a login. When it is guarded, the clock of its HTTP server must do.
    async fn read_clock(&self) -> Option<i64> {
        let operation = GetSystemDateAndTime;
        let call = Call {
            operation: GetSystemDateAndTime::NAME,
            need: Need::NotNeeded,
            effect: Effect::Read,
            within: self.inner.options.read_timeout,
            what: Request::Soap(Envelope::new(&operation)),
        };
        let url = self.inner.address.device_url();
        let fetched = self.send_once(&call, &url, Way::Open, None, &self.inner.login).await.ok()?;
        let shown = match Answer::read(&fetched.body) {
            Answer::Body(tree) => read_answer(&tree, call.operation)
                .and_then(|answer| operation.read(answer).ok())
                .and_then(|clock| clock.shown()),
            _ => None,
        };
        shown.or(fetched.date).map(|shown| shown - fetched.asked_at)
    }

    /// The request known to be allowed, unless it is this one.
    fn witness(&self, call: &Call) -> Option<(Call, String)> {
        if matches!(call.what, Request::Get) {
            return None;
        }
        lock(&self.inner.witness).clone().filter(|(witness, _)| witness.operation != call.operation)
    }

    fn remember_witness(&self, call: &Call, url: &str) {
        let mut witness = lock(&self.inner.witness);
        if witness.is_none() && call.effect == Effect::Read && matches!(call.what, Request::Soap(_)) {
            *witness = Some((call.clone(), url.to_owned()));
        }
    }

    fn host(&self) -> String {
        self.inner.address.to_string()
    }
}

/// Whether the next address is worth asking.
fn is_wrong_place(error: &OnvifError) -> bool {
    match error {
        OnvifError::Refused { .. } | OnvifError::Unreachable { .. } => true,
        OnvifError::NotSoap { status, .. } => matches!(status, 300..=399 | 404 | 405 | 501),
        _ => false,
    }
}

/// Whether an error at a later address says more than one at the first.
fn matters_more(error: &OnvifError) -> bool {
    !matches!(error, OnvifError::NotSoap { .. } | OnvifError::Timeout { .. } | OnvifError::Closed { .. })
        && error.fault_kind() != Some(FaultKind::Unsupported)
}

fn path_and_query(url: &str) -> &str {
    let start = url.find("://").map_or(0, |at| at + 3);
    url[start..].find('/').map_or("/", |at| &url[start + at..])
}

fn message_id() -> String {
    format!("urn:uuid:{}", crate::random_uuid())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
