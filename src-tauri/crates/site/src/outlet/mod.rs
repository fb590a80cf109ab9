//! The site's own RTSP: AI nodes, and later others, pull a stream from its hub, without decoding and without the camera.
//!
//! `rtsp://host:port/<token>/<path>`. What came from the camera goes out as it is: access units of the hub behind RTP
//! headers, with sender reports that tell when each picture was taken. Pictures only; sound is left out, because no
//! engine listens. A token is good while its [`Pass`] is held by whoever told the address; when that is dropped, sessions
//! that were opened with it end.
//!
//! Tasks: one accepts (`door`), one per connection (`connection`) reads requests and sends; both are tracked and joined
//! by [`Outlet::stop`]. No channel but the hub's bounded queue of each session. What is not read is skipped once and then
//! ends the session (`lag`), so that neither the hub nor a neighbour waits. Decisions are pure: `tokens`, `guesses`, `life`,
//! `lag`, `timing`, `place`.
//! What must not live here: cameras, AI tasks, HTTP.

mod coding;
mod connection;
mod description;
mod door;
mod figures;
mod guesses;
mod handle;
mod lag;
mod life;
mod methods;
mod place;
mod session;
mod source;
mod target;
mod timing;
mod tokens;

pub use door::MOST_SESSIONS;
pub use figures::OutletFigures;
pub use handle::{Granted, Outlet};
pub use place::Way;
pub use source::{OutletSource, OutletTap};
pub use tokens::Pass;
