//! Work on files, where it holds nothing else up.

use tokio::task;
use watchwall_model::{ErrorCode, Problem};

/// # Errors
/// Whatever `work` fails with.
pub async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    match task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(Problem::new(ErrorCode::Internal).at("evidence").because(error)),
    }
}
