//! What goes to and fro for one call: addresses in turn, signatures in turn, the latch's leave for each.

use super::{
    client::{Client, lock},
    exchange::{Bounds, Broken, Fetched, exchange},
    login::{Course, Failure, Have, Login, Next, Proof, Refusal, Way, Witness},
    sign,
    verdict::{Verdict, judge},
};
use crate::{
    OnvifError,
    operations::GetSystemDateAndTime,
    soap::{Answer, Effect, Envelope, Fault, FaultKind, Login as Need, Operation, read_answer},
    tree::Tree,
};
use reqwest::header;
use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio::time::timeout;
use watchwall_model::{Admission, Credentials, Door, UtcMillis};

/// A request as it goes over the wire again and again until it is signed right.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub operation: &'static str,
    pub need: Need,
    pub effect: Effect,
    pub within: Duration,
    pub what: Request,
}

#[derive(Clone, Debug)]
pub(super) enum Request {
    Soap(Envelope),
    Get,
}

impl Client {
    /// Asks at one address after another while nothing of the sort is there.
    pub(super) async fn try_all(&self, call: &Call, urls: &[String]) -> Result<(Fetched, Option<Tree>), OnvifError> {
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
                    fault: Box::new(Fault {
                        subcodes: vec!["OperationProhibited".to_owned()],
                        reason: "this user may not do this".to_owned(),
                        ..Fault::default()
                    }),
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
        let verdict = judge(&self.host(), call, fetched);
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
