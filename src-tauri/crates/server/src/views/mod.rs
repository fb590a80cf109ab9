//! From the site's nouns to wire types and back. Pure.

mod access;
mod alarms;
mod analytics;
mod camera;
mod control;
mod device;
mod doctor;
mod evidence;
mod gap_fill;
mod health;
mod layout;
mod onboarding;
mod plan;
mod ptz;
mod push;
mod recording;
mod status;
mod trials;

pub use access::{audit_view, right_name, role_of, session_view, user_view};
pub use alarms::{
    alarm_history_view, alarm_policy_of, alarm_policy_view, alarm_statistics, alarm_summary, alarm_view, push_log_view,
    push_policy_of, push_policy_view, verdict_of,
};
pub use analytics::{ai_node_view, ai_preview_view, ai_result_view, ai_task_view, ai_task_wish};
pub use camera::{camera_view, edit_of, engine_of, group_view, new_camera, probe_view, transport_of, word};
pub use control::{
    account_of, clock_of, clock_view, device_user_view, encoder_of, encoder_view, focus_of, imaging_of, imaging_view,
    input_view, osd_of, osds_view, picture_view, relay_view,
};
pub use device::{device_view, probe_answer, set_view, step_view};
pub use doctor::{audited_mend, doctor_job_view, doctor_progress, doctor_report_view, doctor_wish, line_view};
pub use evidence::{
    bookmark_mark, bookmark_view, bookmark_wish, case_view, case_wish, export_file, export_folder_view, export_view,
    export_wish, lock_view, lock_wish, proof_detail, proof_view,
};
pub use gap_fill::{gap_fill_view, gap_fill_wish};
pub use health::{
    camera_event_view, device_health_view, health_status, health_view, mark_view, offline_event_view, report_row_view,
};
pub use layout::{grid_of, layout_view};
pub use onboarding::{discovered_view, discovery_view, job_progress, new_rows, patch_of, report_line, row_view};
pub use plan::{asked_of, patched, plan_view, trigger_mark_view, trigger_view};
pub use ptz::{action_of, operator_of, patrol_view, preset_view, ptz_answer, ptz_view, steps_of};
pub use push::{
    alarm_rule_of, alarm_rule_view, arming_of, arming_view, new_channel, patched_channel, push_channel_view,
    push_routes_of, push_routes_view, push_test, rule_match_of, rule_trial_view,
};
pub use recording::{TrackMarks, folder_view, gap_word, object_view, track_view, volume_view};
pub use status::{Standing, camera_status, last_fragment_at, phase_word, recording_word, stream_status};
pub use trials::{ai_trial_report, ai_trial_view};
