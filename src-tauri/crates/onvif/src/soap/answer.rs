//! What came back: an answer, a fault, or something that is no SOAP at all.

use super::Fault;
use crate::tree::{Node, Tree, TreeError, decode};

/// A body, whatever its HTTP status: devices answer faults with 200 and pages with 500.
#[derive(Debug)]
pub enum Answer {
    /// An envelope with a body that is no fault.
    Body(Tree),
    Fault(Fault),
    NotSoap(NotSoap),
}

/// What a body was instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotSoap {
    Empty,
    Html,
    /// Plain words, for example a stack trace.
    Text(String),
    /// XML, but no envelope.
    OtherXml,
    Broken(TreeError),
}

impl Answer {
    /// Reads the bytes of a body.
    pub fn read(bytes: &[u8]) -> Self {
        let text = decode(bytes);
        let start = text.trim_start_matches('\u{feff}').trim_start();
        let head: String = start.chars().take(200).collect::<String>().to_ascii_lowercase();
        if head.starts_with("<!doctype html") || head.starts_with("<html") {
            return Self::NotSoap(NotSoap::Html);
        }
        let tree = match Tree::parse(&text) {
            Ok(tree) => tree,
            Err(TreeError::Empty) => return Self::NotSoap(NotSoap::Empty),
            Err(TreeError::NotXml) if head.contains("<html") => return Self::NotSoap(NotSoap::Html),
            Err(TreeError::NotXml) => return Self::NotSoap(NotSoap::Text(start.chars().take(200).collect())),
            Err(error) => return Self::NotSoap(NotSoap::Broken(error)),
        };
        let root = tree.root();
        if root.name() == "html" {
            return Self::NotSoap(NotSoap::Html);
        }
        if root.name() != "Envelope" {
            return Self::NotSoap(NotSoap::OtherXml);
        }
        let fault = root.child("Body").and_then(|body| body.child("Fault"));
        // Some put the fault beside the body.
        match fault.or_else(|| root.child("Fault")) {
            Some(fault) => Self::Fault(Fault::read(fault)),
            None => Self::Body(tree),
        }
    }
}

/// The element that answers `operation` inside an envelope, whatever its prefix.
///
/// Unknown actions are answered with an empty `XxxResponse` by some, so an element of another name counts only when
/// it is the single one and ends like an answer.
pub fn read_answer<'t>(tree: &'t Tree, operation: &str) -> Option<Node<'t>> {
    let body = tree.root().child("Body")?;
    let expected = format!("{operation}Response");
    body.child(&expected).or_else(|| {
        let mut elements = body.elements().filter(|element| element.name().ends_with("Response"));
        let only = elements.next()?;
        elements.next().is_none().then_some(only)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(body: &str, expect: NotSoap) {
        match Answer::read(body.as_bytes()) {
            Answer::NotSoap(got) => assert_eq!(got, expect),
            got => unreachable!("{got:?}"),
        }
    }

    #[test]
    fn whatever_is_no_soap() {
        check("", NotSoap::Empty);
        check("  \r\n", NotSoap::Empty);
        check("<!DOCTYPE html><html><body>no</body></html>", NotSoap::Html);
        check("<HTML><br>500 Internal Error", NotSoap::Html);
        check("Traceback (most recent call last)", NotSoap::Text("Traceback (most recent call last)".into()));
        check("<config/>", NotSoap::OtherXml);
        check("<s:Envelope><s:Body>", NotSoap::Broken(TreeError::Truncated));
    }

    #[test]
    fn answers_of_any_prefix() {
        let Answer::Body(tree) =
            Answer::read(b"<E:Envelope><E:Body><q:GetXResponse><A>1</A></q:GetXResponse></E:Body></E:Envelope>")
        else {
            unreachable!("an answer")
        };
        // The root is called Envelope under whatever prefix.
        assert_eq!(read_answer(&tree, "GetX").unwrap().text_of("A"), Some("1"));
        assert!(matches!(
            Answer::read(b"<Envelope><Body><Fault><Code><Value>Sender</Value></Code></Fault></Body></Envelope>"),
            Answer::Fault(_)
        ));
    }
}
