//! What is known of a device before it is judged. Nouns only.

use watchwall_model::{Credentials, Problem};
use watchwall_onvif::LoginSeen;

/// How the login went, and with what.
#[derive(Clone, Debug)]
pub struct LoginFacts {
    pub credentials: Option<Credentials>,
    pub outcome: Result<LetIn, Problem>,
}

/// How somebody was let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LetIn {
    /// Nothing was asked for.
    Open,
    Digest,
    Token,
    Both,
    Basic,
    /// By the stream's own login.
    Rtsp,
}

impl From<LoginSeen> for LetIn {
    fn from(seen: LoginSeen) -> Self {
        match seen {
            LoginSeen::Nothing => Self::Open,
            LoginSeen::Digest => Self::Digest,
            LoginSeen::Wsse => Self::Token,
            LoginSeen::Both => Self::Both,
            LoginSeen::Basic => Self::Basic,
        }
    }
}

/// A service that the device claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceSeen {
    /// As people write it.
    pub name: String,
    pub answered: bool,
}

/// What the device lists, as far as it concerns one camera.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProfileFacts {
    /// With an encoder, of this camera.
    pub profiles: usize,
    /// Of the device.
    pub channels: usize,
    pub has_sub: bool,
}

/// A picture that was fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SnapshotFacts {
    /// `None` for a format whose size is not read.
    pub size: Option<(u32, u32)>,
    pub bytes: usize,
    pub took_ms: u64,
}

/// Something that may be missing, work or fail.
#[derive(Clone, Debug)]
pub enum Offered<T> {
    Absent,
    Works(T),
    Fails(Problem),
}
