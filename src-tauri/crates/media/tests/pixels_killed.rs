//! Pipelines that die in the middle of their work. A program of its own: the tracer sees the pipelines of all tests.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests fail by panicking, as the tests do"
)]

#[path = "fmp4_support/mod.rs"]
mod fmp4_support;

use fmp4_support::encode::{Audio, ClipSpec, Video, clip};
use gstreamer::{self as gst, glib, prelude::*, subclass::prelude::*};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::time::timeout;
use watchwall_media::{
    AccessUnit, UnitParts,
    hub::{BacklogLimits, Hub, Received, SubscriberClass, Subscription},
    pixels::{TranscodePool, VariantSpec, VariantState},
};
use watchwall_model::StreamPath;

/// Reads until a picture satisfies a condition.
async fn follow(subscription: &mut Subscription, is_it: impl Fn(&AccessUnit) -> bool) -> Arc<AccessUnit> {
    loop {
        match timeout(Duration::from_secs(30), subscription.recv()).await.expect("pictures keep coming") {
            Received::Unit(unit) if unit.is_video() && is_it(&unit) => return unit,
            Received::Unit(_) | Received::Lost { .. } => {}
            Received::Closed => panic!("the viewer was closed"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pipeline_that_is_killed_is_replaced_before_the_viewers_eyes() {
    let spec = ClipSpec { width: 320, height: 240, frames: 500, gop: 10, ..ClipSpec::new(Video::H265, Audio::None) };
    let units = match clip(spec) {
        Ok(units) => units,
        Err(why) => {
            println!("skipped: {why}");
            return;
        }
    };
    let Some(witness) = Witness::call() else {
        println!("skipped: this GStreamer has no tracers");
        return;
    };
    let pool = TranscodePool::new(1);
    let hub = Hub::new(BacklogLimits::default());
    let lease = pool
        .acquire(&StreamPath::parse("killed").unwrap(), Arc::clone(&hub), VariantSpec::for_height(240))
        .await
        .unwrap();
    let mut subscription = lease.hub().subscribe(SubscriberClass::Live);
    let player = tokio::spawn(play(Arc::clone(&hub), units));
    let first = follow(&mut subscription, |_| true).await;
    follow(&mut subscription, |unit| unit.capture_at.0 >= first.capture_at.0 + 500_000).await;
    let encoder = pool.stats()[0].encoder.unwrap();
    // An error as a driver reports it; then a pipeline that ends without a word.
    for (n, kill) in [(1, Witness::fault as fn(&Witness, &str) -> bool), (2, Witness::silence)] {
        assert!(kill(&witness, encoder), "no {encoder} was made");
        let restarted = async {
            while pool.stats()[0].restarts < n {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(Duration::from_secs(20), restarted).await.expect("the pipeline is replaced");
        let cut = follow(&mut subscription, |unit| unit.is_discontinuity).await;
        assert!(cut.is_key, "the first picture after the cut can be decoded");
        follow(&mut subscription, |unit| unit.capture_at.0 >= cut.capture_at.0 + 500_000).await;
    }
    assert!(matches!(lease.state(), VariantState::Running(_)));
    player.abort();
    drop(lease);
    pool.stop().await;
}

/// Pushes units at the pace of the camera, arriving now.
async fn play(hub: Arc<Hub>, units: Vec<Arc<AccessUnit>>) {
    let start = tokio::time::Instant::now();
    let first = units[0].capture_at.0;
    for unit in units {
        let offset = u64::try_from(unit.capture_at.0 - first).unwrap_or(0);
        tokio::time::sleep_until(start + Duration::from_micros(offset)).await;
        hub.push(UnitParts { received_at: Instant::now(), ..UnitParts::clone(&unit) });
    }
}

static MADE: Mutex<Vec<glib::WeakRef<gst::Element>>> = Mutex::new(Vec::new());

mod imp {
    use super::*;

    #[derive(Default)]
    pub struct Tracer;

    #[glib::object_subclass]
    impl ObjectSubclass for Tracer {
        const NAME: &'static str = "WatchwallTestTracer";
        type Type = super::Tracer;
        type ParentType = gst::Tracer;
    }

    impl ObjectImpl for Tracer {
        fn constructed(&self) {
            self.parent_constructed();
            self.register_hook(TracerHook::ElementNew);
        }
    }

    impl GstObjectImpl for Tracer {}

    impl TracerImpl for Tracer {
        fn element_new(&self, _: u64, element: &gst::Element) {
            let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
            made.retain(|element| element.upgrade().is_some());
            made.push(element.downgrade());
        }
    }
}

glib::wrapper! {
    pub struct Tracer(ObjectSubclass<imp::Tracer>) @extends gst::Tracer, gst::Object;
}

/// Sees elements from the call on.
pub struct Witness {
    _tracer: Tracer,
}

impl Witness {
    /// `None` where GStreamer was built without tracers.
    pub fn call() -> Option<Self> {
        gst::init().ok()?;
        let witness = Self { _tracer: glib::Object::new() };
        let probe = gst::ElementFactory::make("identity").build().ok()?;
        witness.newest("identity").filter(|seen| *seen == probe)?;
        Some(witness)
    }

    /// The newest element of this factory reports an error, as a driver that was lost would.
    pub fn fault(&self, factory: &str) -> bool {
        let Some(element) = self.newest(factory) else { return false };
        gst::element_error!(element, gst::StreamError::Failed, ("killed by a test"));
        true
    }

    /// The pipeline of the newest element of this factory stops, and says nothing.
    pub fn silence(&self, factory: &str) -> bool {
        let Some(mut top) = self.newest(factory).map(|element| element.upcast::<gst::Object>()) else { return false };
        while let Some(parent) = top.parent() {
            top = parent;
        }
        top.downcast::<gst::Pipeline>().is_ok_and(|pipeline| pipeline.set_state(gst::State::Null).is_ok())
    }

    fn newest(&self, factory: &str) -> Option<gst::Element> {
        let made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
        let mut elements = made.iter().rev().filter_map(glib::WeakRef::upgrade);
        elements.find(|element| element.factory().is_some_and(|its| its.name() == factory))
    }
}
