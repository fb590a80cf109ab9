//! What an object store refused, in the words of the catalogue.

use object_store::Error;
use std::io;
use watchwall_model::ErrorCode;

/// Of a store's answer, which may be a page of XML, so much is shown.
const MOST_CHARS: usize = 200;

/// Travels inside an [`io::Error`], so that readers of disks and of buckets are one.
#[derive(Debug, thiserror::Error)]
#[error("{detail}")]
struct StoreFault {
    code: ErrorCode,
    detail: String,
}

/// As an error of reading or writing. The kind is `NotFound` for an object, and only for an object, that is not there.
pub fn io_error(error: Error) -> io::Error {
    let text = chain(&error);
    let is_bucket_gone = text.contains("NoSuchBucket");
    let (kind, code) = match &error {
        Error::NotFound { .. } if !is_bucket_gone => (io::ErrorKind::NotFound, ErrorCode::NoRecording),
        _ if is_bucket_gone => (io::ErrorKind::Other, ErrorCode::BucketMissing),
        Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => {
            (io::ErrorKind::PermissionDenied, ErrorCode::ObjectStoreDenied)
        }
        _ => (io::ErrorKind::Other, ErrorCode::ObjectStoreUnreachable),
    };
    io::Error::new(kind, StoreFault { code, detail: text.chars().take(MOST_CHARS).collect() })
}

/// The code of an error that came from an object store.
pub fn fault_of(error: &io::Error) -> Option<ErrorCode> {
    error.get_ref().and_then(|inner| inner.downcast_ref::<StoreFault>()).map(|fault| fault.code)
}

/// The error and what caused it, on one line, each said once.
fn chain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_store_refuses_has_a_name() {
        let check = |error: Error, kind, code| {
            let io = io_error(error);
            assert_eq!((io.kind(), fault_of(&io)), (kind, Some(code)), "{io}");
        };
        let not_found = |text: &str| Error::NotFound { path: "a".into(), source: text.to_owned().into() };
        check(not_found("404"), io::ErrorKind::NotFound, ErrorCode::NoRecording);
        check(not_found("<Code>NoSuchBucket</Code>"), io::ErrorKind::Other, ErrorCode::BucketMissing);
        let denied = Error::PermissionDenied { path: "a".into(), source: "403".into() };
        check(denied, io::ErrorKind::PermissionDenied, ErrorCode::ObjectStoreDenied);
        let other = Error::Generic { store: "S3", source: "x".repeat(9_000).into() };
        check(other, io::ErrorKind::Other, ErrorCode::ObjectStoreUnreachable);
        let long = io_error(Error::Generic { store: "S3", source: "line\n\tx ".repeat(900).into() });
        assert!(long.to_string().chars().count() <= MOST_CHARS && !long.to_string().contains('\n'));
        assert_eq!(fault_of(&io::Error::other("a disk")), None);
    }
}
