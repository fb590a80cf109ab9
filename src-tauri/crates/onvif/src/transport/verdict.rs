//! What an answer means for the conversation it belongs to.

use super::{
    conversation::{Call, Request},
    exchange::Fetched,
    login::Refusal,
};
use crate::{
    OnvifError,
    soap::{Answer, Fault, FaultKind, NotSoap},
    tree::Tree,
};

/// What came back, judged.
pub(super) enum Verdict {
    Done(Fetched, Option<Tree>),
    Refused(Refusal, Box<OnvifError>),
    Locked(Option<u32>),
    Failed(OnvifError),
}

/// Reads an answer of whatever status: faults come with 200 and web pages with 500.
pub(super) fn judge(host: &str, call: &Call, fetched: Fetched) -> Verdict {
    let host = host.to_owned();
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
            let error = OnvifError::Fault { host, operation: call.operation, fault: Box::new(fault) };
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
                    Verdict::Failed(OnvifError::Fault { host, operation: call.operation, fault: Box::new(fault) })
                }
                _ => Verdict::Failed(OnvifError::not_soap(&host, status, NotSoap::Text(text))),
            }
        }
        Answer::NotSoap(what) => Verdict::Failed(OnvifError::not_soap(&host, status, what)),
    }
}
