//! Figures for Prometheus: counters that handlers touch, and the page made of them and of the site's own figures.

mod analytics;
mod histogram;
mod live;
mod onboarding;
mod outlet;
mod page;

pub use histogram::Histogram;
pub use page::render;

use live::LiveMetrics;
use onboarding::OnboardingMetrics;

/// Counters of the server. Writers never wait.
#[derive(Default)]
pub struct Metrics {
    pub live: LiveMetrics,
    pub onboarding: OnboardingMetrics,
}
