//! One preview at work: draws, codes and publishes until it is cancelled or the site no longer wants it.

use super::{
    marks::Marks,
    paint::paint,
    plan::PreviewPlan,
    publisher::{Failure, Publisher},
};
use std::{future::pending, io, sync::Arc, time::Duration};
use tokio::{sync::mpsc, time::sleep};
use tokio_util::sync::CancellationToken;
use watchwall_media::pixels::{Drawing, Drawn, Picture, draw};
use watchwall_model::Problem;

/// Before it is tried again when the connection broke.
const AGAIN: Duration = Duration::from_secs(2);

/// A picture, and what is to be drawn onto it.
pub struct Sketch {
    pub picture: Picture,
    pub marks: Marks,
}

/// What it runs on.
pub struct Exhibit {
    pub plan: PreviewPlan,
    pub sketches: mpsc::Receiver<Sketch>,
    pub cancel: CancellationToken,
}

/// Why a try is over.
enum Ended {
    Cancelled,
    Refused {
        status: u16,
    },
    /// The site hung up: it says why in its own time.
    Closed,
    Broken(String),
}

impl Exhibit {
    pub async fn run(mut self) {
        let task = self.plan.task.0;
        loop {
            match self.show().await {
                Ended::Cancelled => return,
                Ended::Refused { status } => {
                    // It says where to when it wants it again.
                    tracing::info!(task, status, "the site does not want the preview there");
                    return;
                }
                Ended::Closed => tracing::debug!(task, "the site ended the connection of a preview"),
                Ended::Broken(why) => tracing::warn!(task, why, "a preview broke off"),
            }
            tokio::select! {
                () = self.cancel.cancelled() => return,
                () = sleep(AGAIN) => {}
            }
        }
    }

    /// One encoder, and one connection once there is something to announce.
    async fn show(&mut self) -> Ended {
        let (mut drawing, mut drawn) = match draw(self.plan.spec).await {
            Ok(begun) => begun,
            Err(problem) => return Ended::Broken(problem.to_string()),
        };
        let mut publisher = None;
        let ended = loop {
            let next = tokio::select! {
                biased;
                () = self.cancel.cancelled() => break Ended::Cancelled,
                failure = ended(publisher.as_ref()) => Err(failure.into()),
                coded = drawn.recv() => self.publish(&mut publisher, coded).await,
                sketch = self.sketches.recv() => match sketch {
                    Some(sketch) => offer(&mut drawing, sketch),
                    None => break Ended::Cancelled,
                },
            };
            if let Err(ended) = next {
                break ended;
            }
        };
        if let Some(publisher) = publisher {
            publisher.close().await;
        }
        drawing.stop().await;
        ended
    }

    /// Sends what was coded. The first is a key frame; so is the first of another kind, which is announced anew.
    async fn publish(
        &self,
        publisher: &mut Option<Publisher>,
        coded: Option<Result<Drawn, Problem>>,
    ) -> Result<(), Ended> {
        let drawn = match coded {
            Some(Ok(drawn)) => drawn,
            Some(Err(problem)) => return Err(Ended::Broken(problem.to_string())),
            None => return Err(Ended::Broken("the encoder ended".to_owned())),
        };
        if let Some(old) = publisher.take_if(|publisher| !publisher.suits(&drawn)) {
            old.close().await;
        }
        let sent = async {
            let publisher = match publisher {
                Some(publisher) => publisher,
                None => {
                    let opened = Publisher::open(&self.plan.address, Arc::clone(&drawn.video)).await?;
                    tracing::info!(task = self.plan.task.0, "a preview is published");
                    publisher.insert(opened)
                }
            };
            publisher.send(&drawn).await
        };
        tokio::select! {
            // Whoever ends it does not wait for a site that is slow.
            () = self.cancel.cancelled() => Err(Ended::Cancelled),
            sent = sent => Ok(sent?),
        }
    }
}

fn offer(drawing: &mut Drawing, sketch: Sketch) -> Result<(), Ended> {
    let Sketch { picture, marks } = sketch;
    // One that the encoder has no time for is left out.
    let offered = drawing.offer(&picture, move |width, height| paint(&marks, width, height));
    offered.map(drop).map_err(|problem| Ended::Broken(problem.to_string()))
}

async fn ended(publisher: Option<&Publisher>) -> Failure {
    match publisher {
        Some(publisher) => publisher.ended().await,
        None => pending().await,
    }
}

impl From<Failure> for Ended {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused { status } => Self::Refused { status },
            Failure::Broken(error) if error.kind() == io::ErrorKind::UnexpectedEof => Self::Closed,
            Failure::Broken(error) => Self::Broken(error.to_string()),
        }
    }
}
