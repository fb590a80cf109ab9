//! A short pipeline that works through a few units and ends.

use gstreamer::{self as gst, prelude::*};
use std::time::Instant;
use watchwall_model::{ErrorCode, Problem};

pub(super) fn failed(detail: impl std::fmt::Display) -> Problem {
    Problem::new(ErrorCode::SnapshotFailed).at("snapshot").because(detail)
}

/// A pipeline that is stopped when this goes.
pub(super) struct Run {
    pipeline: gst::Pipeline,
}

impl Run {
    pub fn start(elements: &[&gst::Element]) -> Result<Self, Problem> {
        let pipeline = gst::Pipeline::new();
        pipeline.add_many(elements).map_err(failed)?;
        gst::Element::link_many(elements).map_err(failed)?;
        let run = Self { pipeline };
        run.pipeline.set_state(gst::State::Playing).map_err(failed)?;
        Ok(run)
    }

    /// Until everything was decoded, an error or the deadline.
    pub fn wait(&self, until: Instant) -> Result<(), Problem> {
        let Some(bus) = self.pipeline.bus() else { return Err(failed("no bus")) };
        let message = bus.timed_pop_filtered(clock_time(until), &[gst::MessageType::Eos, gst::MessageType::Error]);
        match message.as_ref().map(|message| message.view()) {
            Some(gst::MessageView::Eos(_)) => Ok(()),
            Some(gst::MessageView::Error(error)) => Err(failed(error.error())),
            _ => Err(failed("no picture in time")),
        }
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        // A pipeline that cannot stop is reported by the guard around this work.
        let _ = self.pipeline.set_state(gst::State::Null);
    }
}

pub(super) fn clock_time(until: Instant) -> gst::ClockTime {
    gst::ClockTime::from_mseconds(until.saturating_duration_since(Instant::now()).as_millis() as u64)
}
