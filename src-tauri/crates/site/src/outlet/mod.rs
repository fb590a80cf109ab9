//! The site's own RTSP: AI nodes, and later others, pull a stream from its hub, without decoding and without the camera.
//!
//! `rtsp://host:port/<token>/<path>`. What came from the camera goes out as it is: access units of the hub behind RTP
//! headers, with sender reports that tell when each picture was taken. Pictures only; sound is left out, because no
//! engine listens.
//!
//! The other way round an AI node may publish what it sees, with its boxes drawn, for as long as somebody looks
//! (`publish`).
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
mod publish;
mod session;
mod source;
mod target;
mod timing;
mod tokens;

pub use door::MOST_SESSIONS;
pub use figures::OutletFigures;
pub use handle::{Outlet, TOKEN_LIFETIME};
pub use place::Way;
pub use publish::Publication;
pub use source::{OutletSource, OutletTap};
