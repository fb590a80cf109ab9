//! Real servers that alarms reach, as processes of their own: mosquitto, and the mail server of aiosmtpd. Shared with the
//! full-stack tests, which name this file by its path.

pub mod certificates;
pub mod mail_server;
pub mod mosquitto;

use std::time::Duration;
use tokio::time::Instant;

/// Waits for a condition, ten seconds at most.
pub async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let end = Instant::now() + Duration::from_secs(10);
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < end, "{what} did not happen");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
