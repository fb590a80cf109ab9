//! Where results that are alarms go.

use futures::future::BoxFuture;
use watchwall_model::{AiResultRow, Problem};

/// Raises alarms. Implemented by the glue to the alarms' domain.
pub trait AlarmSink: Send + Sync {
    /// Returns when they are kept.
    fn raise<'a>(&'a self, rows: &'a [AiResultRow]) -> BoxFuture<'a, Result<(), Problem>>;
}
