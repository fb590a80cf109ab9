//! H.264 variants of streams that a viewer cannot decode.
//!
//! [`pool`](TranscodePool): one variant per stream and spec, counted by its leases, bounded for the whole site.
//! `variant`: the task that owns one. `pipeline`: decoder, scaler and encoder. `output`: encoded pictures on their way
//! into the variant's own hub, with the times of the pictures they were made of. `bridge`: what was fed and has not
//! come out. `aim`: what a recording is being sought for.

mod aim;
pub(super) mod bridge;
mod nal;
mod output;
pub(super) mod pipeline;
mod pool;
mod stats;
mod variant;

pub(super) use nal::{has_idr, without_parameter_sets};
pub(super) use output::video_params;
pub use pool::{TranscodePool, VariantLease};
pub use stats::TranscodeStats;
pub use variant::VariantState;

/// What a variant must fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct VariantSpec {
    /// Pictures are scaled down to this, never up.
    pub max_height: u32,
    /// Pictures per second at most; zero for all.
    pub max_fps: u32,
}

impl VariantSpec {
    /// Heights are kept to a few so that tiles of nearly the same size share one.
    pub fn for_height(max_height: u32) -> Self {
        let steps = [180, 240, 360, 480, 540, 720, 1080, 1440, 2160];
        let max_height = steps.into_iter().find(|step| *step >= max_height).unwrap_or(2160);
        Self { max_height, max_fps: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heights_of_about_the_same_size_share_a_variant() {
        let check = |height, expect| assert_eq!(VariantSpec::for_height(height).max_height, expect, "{height}");
        check(0, 180);
        check(355, 360);
        check(361, 480);
        check(720, 720);
        check(9_000, 2160);
    }
}
