//! Waiting for a condition.

use anyhow::{Result, bail};
use std::time::{Duration, Instant};

const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Asks until the answer is there.
///
/// # Errors
/// When `within` has passed; names what was waited for.
pub async fn until<T>(what: &str, within: Duration, mut ask: impl AsyncFnMut() -> Option<T>) -> Result<T> {
    let started = Instant::now();
    loop {
        if let Some(answer) = ask().await {
            return Ok(answer);
        }
        if started.elapsed() > within {
            bail!("waited {within:?} for {what}");
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Bounds a wait that has no end of its own.
///
/// # Errors
/// When `within` has passed.
pub async fn soon<T>(what: &str, within: Duration, work: impl Future<Output = T>) -> Result<T> {
    match tokio::time::timeout(within, work).await {
        Ok(done) => Ok(done),
        Err(_) => bail!("waited {within:?} for {what}"),
    }
}
