//! From the site's nouns to wire types and back. Pure.

mod access;
mod camera;
mod layout;
mod recording;
mod status;

pub use access::{audit_view, right_name, role_of, session_view, user_view};
pub use camera::{camera_view, edit_of, engine_of, group_view, new_camera, probe_view, transport_of, word};
pub use layout::{grid_of, layout_view};
pub use recording::{folder_view, gap_word, plan_view, track_view, volume_view};
pub use status::{Plans, camera_status, last_fragment_at, phase_word, recording_word, stream_status};
