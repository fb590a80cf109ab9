//! Where a line belongs. Pure.

use watchwall_model::StreamRole;

/// The whole device, a channel of a recorder, or one stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// From 1; `None` where there is but one picture.
    pub channel: Option<u32>,
    /// `None` for what belongs to no stream.
    pub stream: Option<StreamRole>,
}

impl Place {
    pub const DEVICE: Self = Self { channel: None, stream: None };

    pub const fn of_channel(channel: Option<u32>) -> Self {
        Self { channel, stream: None }
    }

    #[must_use]
    pub const fn stream(self, role: StreamRole) -> Self {
        Self { stream: Some(role), ..self }
    }
}
