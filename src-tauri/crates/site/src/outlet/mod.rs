//! The site's own RTSP: AI nodes, and later others, pull a stream from its hub, without decoding and without the camera.
//!
//! `rtsp://host:port/<token>/<path>`. What came from the camera goes out as it is: access units of the hub behind RTP
//! headers, with sender reports that tell when each picture was taken. Pictures only; sound is left out, because no
//! engine listens. A token for a stretch of a recording opens that instead: the same packets and reports, by TCP only, as
//! fast as the client reads them; RTCP says goodbye at the end, with a reason when the rest is of another codec, and
//! `<path>/<from>` opens that rest. A token is good while its [`Pass`] is held by whoever told the address; when that is
//! dropped, sessions that were opened with it end.
//!
//! The other way round an AI node may publish what it sees, with its boxes drawn, for as long as somebody looks
//! (`publish`).
//!
//! Tasks: one accepts (`door`), one per connection (`connection`) reads requests and sends, one per recording that is handed
//! on reads it (`reel`); all are tracked and joined by [`Outlet::stop`]. Channels: the hub's bounded queue of each
//! session, and a short one between a recording's reader and its session, where the reader waits. What is live and not
//! read is skipped once and then ends the session (`lag`), so that neither the hub nor a neighbour waits. Decisions are
//! pure: `tokens`, `guesses`, `life`, `lag`, `timing`, `place`.
//! What must not live here: cameras, recordings, AI tasks, HTTP.

mod coding;
mod connection;
mod description;
mod door;
mod feed;
mod figures;
mod guesses;
mod handle;
mod lag;
mod life;
mod methods;
mod place;
mod publish;
mod reel;
mod session;
mod source;
mod target;
mod timing;
mod tokens;

pub use door::MOST_SESSIONS;
pub use figures::OutletFigures;
pub use handle::{Granted, Outlet};
pub use place::Way;
pub use publish::Publication;
pub use source::{Begin, OutletSource, OutletTap, Reel, Stretch};
pub use tokens::{Pass, Scope};
