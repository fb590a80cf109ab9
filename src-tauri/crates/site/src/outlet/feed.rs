//! What a token has opened: a camera's stream as it comes, or a recording of it.

use super::{
    reel::{Reading, Reeled},
    session::Ending,
    source::OutletTap,
};
use std::{any::Any, sync::Arc, time::Duration};
use watchwall_media::{
    StreamParams,
    hub::{Hub, Received, SubscriberClass, Subscription},
};

/// How long a description waits for a camera that nobody looked at until now, or for a recording that lies far away.
const PARAMS_WITHIN: Duration = Duration::from_secs(8);
const PARAMS_LOOK: Duration = Duration::from_millis(20);
/// Said with the goodbye when the rest of a recording is of another codec.
pub const CODED_OTHERWISE: &str = "coded otherwise";

pub enum Feed {
    /// Holds the stream's interest.
    Live { hub: Arc<Hub>, _interest: Box<dyn Any + Send + Sync> },
    /// Until it plays.
    Recorded(Option<Reading>),
}

/// What a session sends from.
pub enum Flow {
    Live(Subscription),
    Recorded(Reading),
}

impl From<OutletTap> for Feed {
    fn from(tap: OutletTap) -> Self {
        Self::Live { hub: tap.hub, _interest: tap.interest }
    }
}

impl Feed {
    pub const fn is_recorded(&self) -> bool {
        matches!(self, Self::Recorded(_))
    }

    /// As a description and an answer to PLAY say it (RFC 2326 12.29): a recording has a beginning.
    pub const fn range(&self) -> &'static str {
        if self.is_recorded() { "npt=0-" } else { "npt=now-" }
    }

    /// The parameters of a stream with pictures, as soon as they are known.
    ///
    /// # Errors
    /// The status of the answer: 503 when they are not known in time, 404 for a recording without pictures, 500 for one that
    /// cannot be read, 455 for one that plays.
    pub async fn params(&mut self) -> Result<Arc<StreamParams>, u16> {
        let known = async {
            match self {
                Self::Live { hub, .. } => loop {
                    if let Some(params) = hub.current_params().filter(|params| params.video.is_some()) {
                        return Ok(params);
                    }
                    tokio::time::sleep(PARAMS_LOOK).await;
                },
                Self::Recorded(None) => Err(455),
                Self::Recorded(Some(reading)) => match reading.first().await {
                    Reeled::Unit(unit) => Ok(Arc::clone(&unit.params)),
                    Reeled::Over => Err(404),
                    Reeled::Broken => Err(500),
                },
            }
        };
        tokio::time::timeout(PARAMS_WITHIN, known).await.unwrap_or(Err(503))
    }

    /// From the last key frame of what is live, or the first one of a recording, which plays once.
    pub fn begin(&mut self) -> Option<Flow> {
        match self {
            Self::Live { hub, .. } => Some(Flow::Live(hub.subscribe(SubscriberClass::Gateway))),
            Self::Recorded(reading) => reading.take().map(Flow::Recorded),
        }
    }
}

impl Flow {
    /// The next picture. Safe to drop and call again.
    pub async fn next(&mut self) -> Received {
        match self {
            Self::Live(subscription) => subscription.recv().await,
            Self::Recorded(reading) => match reading.next().await {
                Reeled::Unit(unit) => Received::Unit(unit),
                Reeled::Over | Reeled::Broken => Received::Closed,
            },
        }
    }

    /// What is there already.
    pub fn try_next(&mut self) -> Option<Received> {
        match self {
            Self::Live(subscription) => subscription.try_recv(),
            Self::Recorded(_) => None,
        }
    }

    /// The reason to say goodbye with when the session ends so; `None` when the connection is simply closed.
    pub const fn goodbye(&self, ending: Ending) -> Option<&'static str> {
        match (self, ending) {
            (Self::Recorded(_), Ending::StreamChanged) => Some(CODED_OTHERWISE),
            (Self::Recorded(reading), Ending::StreamOver) if reading.is_over() => Some(""),
            _ => None,
        }
    }
}
