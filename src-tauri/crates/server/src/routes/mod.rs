//! Every route of the API, one file per noun.
//!
//! [`table`] is the one list: router, rights and OpenAPI document are all made from it, so a route without a stated
//! need cannot exist. Handlers are thin: read the request, ask the site, shape the answer, note the act.

mod ai_engine;
mod ai_nodes;
mod ai_results;
mod ai_scenes;
mod ai_tasks;
mod ai_trials;
mod alarm_mutes;
mod alarm_rules;
mod alarms;
mod answer;
mod audit;
mod bookmarks;
mod camera_health;
mod cameras;
mod cases;
mod clip;
mod credential_sets;
mod device_control;
mod devices;
mod discovery;
mod docs;
mod doctor;
mod evidence_locks;
mod exports;
mod gap_fills;
mod groups;
mod health;
mod hls;
mod integrity;
mod layouts;
mod live;
mod login;
mod me;
mod metrics;
mod notify;
mod onboarding;
mod picture;
mod plans;
mod plans_bulk;
mod playback;
mod playback_groups;
mod probe;
mod proofs;
mod ptz;
mod push;
mod reports;
mod sessions;
mod settings;
mod setup;
mod snapshot;
mod system;
mod timeline;
mod triggers;
mod users;
mod volumes;

use crate::{
    access::{Need, guard},
    app::App,
};
use axum::{Router, middleware};
use utoipa::openapi::{OpenApi, extensions::ExtensionsBuilder};
use utoipa_axum::{
    router::{OpenApiRouter, UtoipaMethodRouter},
    routes,
};
use watchwall_model::Right;

pub use alarms::{cameras as alarm_cameras, view as alarm_as_seen};
pub use cameras::audited as audited_camera;
pub use login::{CookieTraits, is_tls, session_cookie};
pub use system::time_zone;

/// One route and what it asks of its caller.
struct Entry {
    need: Need,
    route: UtoipaMethodRouter<App>,
}

/// The table. An entry is one handler; its method and path stand in its annotation.
fn table() -> Vec<Entry> {
    use Need::{LoggedIn, Public};
    const LIVE: Need = Need::Right(Right::Live);
    const PLAYBACK: Need = Need::Right(Right::Playback);
    const PLAYER: Need = Need::RightOrTicket(Right::Playback);
    const PTZ: Need = Need::Right(Right::Ptz);
    const EXPORT: Need = Need::Right(Right::Export);
    const ALARMS: Need = Need::Right(Right::Alarms);
    const CONFIGURE: Need = Need::Right(Right::Configure);
    const USERS: Need = Need::Right(Right::Users);
    let entry = |need, route| Entry { need, route };
    vec![
        entry(Public, routes!(login::session_state)),
        entry(Public, routes!(setup::set_up)),
        entry(Public, routes!(setup::folder)),
        entry(Public, routes!(login::login)),
        entry(Public, routes!(login::token_login)),
        entry(Public, routes!(login::logout)),
        entry(USERS, routes!(login::one_time_token)),
        entry(LoggedIn, routes!(me::change)),
        entry(USERS, routes!(users::list)),
        entry(USERS, routes!(users::create)),
        entry(USERS, routes!(users::read)),
        entry(USERS, routes!(users::change)),
        entry(USERS, routes!(users::remove)),
        // Own sessions; everybody's with the right `users`.
        entry(LoggedIn, routes!(sessions::list)),
        entry(LoggedIn, routes!(sessions::revoke)),
        entry(LIVE, routes!(cameras::list)),
        entry(CONFIGURE, routes!(cameras::create)),
        entry(CONFIGURE, routes!(probe::probe)),
        entry(LIVE, routes!(cameras::read)),
        entry(CONFIGURE, routes!(cameras::change)),
        entry(CONFIGURE, routes!(cameras::remove)),
        entry(CONFIGURE, routes!(devices::choose_profile)),
        entry(CONFIGURE, routes!(devices::list)),
        entry(CONFIGURE, routes!(devices::probe)),
        entry(CONFIGURE, routes!(devices::read)),
        entry(CONFIGURE, routes!(devices::change)),
        entry(CONFIGURE, routes!(devices::remove)),
        entry(CONFIGURE, routes!(devices::refresh)),
        entry(CONFIGURE, routes!(credential_sets::list)),
        entry(CONFIGURE, routes!(credential_sets::create)),
        entry(CONFIGURE, routes!(credential_sets::change)),
        entry(CONFIGURE, routes!(credential_sets::remove)),
        entry(CONFIGURE, routes!(discovery::start)),
        entry(CONFIGURE, routes!(discovery::read)),
        entry(CONFIGURE, routes!(discovery::cancel)),
        entry(CONFIGURE, routes!(onboarding::start)),
        entry(CONFIGURE, routes!(onboarding::read)),
        entry(CONFIGURE, routes!(onboarding::retry)),
        entry(CONFIGURE, routes!(onboarding::cancel)),
        entry(CONFIGURE, routes!(onboarding::report)),
        entry(CONFIGURE, routes!(doctor::start)),
        entry(CONFIGURE, routes!(doctor::read)),
        entry(CONFIGURE, routes!(doctor::cancel)),
        entry(CONFIGURE, routes!(doctor::mend)),
        entry(LIVE, routes!(doctor::last)),
        entry(LIVE, routes!(camera_health::health)),
        entry(CONFIGURE, routes!(camera_health::retry)),
        entry(LIVE, routes!(camera_health::offline_events)),
        entry(PLAYBACK, routes!(camera_health::events)),
        entry(PLAYBACK, routes!(reports::offline)),
        entry(CONFIGURE, routes!(reports::site)),
        entry(PTZ, routes!(ptz::read)),
        entry(PTZ, routes!(ptz::command)),
        entry(PTZ, routes!(ptz::presets)),
        entry(PTZ, routes!(ptz::set_preset)),
        entry(PTZ, routes!(ptz::remove_preset)),
        entry(PTZ, routes!(ptz::patrols)),
        entry(PTZ, routes!(ptz::create_patrol)),
        entry(PTZ, routes!(ptz::replace_patrol)),
        entry(PTZ, routes!(ptz::remove_patrol)),
        entry(PTZ, routes!(ptz::start_patrol)),
        entry(PTZ, routes!(ptz::stop_patrol)),
        entry(CONFIGURE, routes!(picture::imaging)),
        entry(CONFIGURE, routes!(picture::change_imaging)),
        entry(CONFIGURE, routes!(picture::focus)),
        entry(CONFIGURE, routes!(picture::osds)),
        entry(CONFIGURE, routes!(picture::put_osd)),
        entry(CONFIGURE, routes!(picture::remove_osd)),
        entry(CONFIGURE, routes!(picture::encoders)),
        entry(CONFIGURE, routes!(picture::change_encoder)),
        entry(CONFIGURE, routes!(device_control::relays)),
        entry(CONFIGURE, routes!(device_control::switch_relay)),
        entry(CONFIGURE, routes!(device_control::inputs)),
        entry(CONFIGURE, routes!(device_control::clock)),
        entry(CONFIGURE, routes!(device_control::set_clock)),
        entry(CONFIGURE, routes!(device_control::users)),
        entry(CONFIGURE, routes!(device_control::create_user)),
        entry(CONFIGURE, routes!(device_control::change_user)),
        entry(CONFIGURE, routes!(device_control::remove_user)),
        entry(CONFIGURE, routes!(device_control::reboot)),
        entry(LIVE, routes!(groups::list)),
        entry(CONFIGURE, routes!(groups::create)),
        entry(CONFIGURE, routes!(groups::change)),
        entry(CONFIGURE, routes!(groups::remove)),
        // Others' layouts: only their owner and administrators change them.
        entry(LIVE, routes!(layouts::list)),
        entry(LIVE, routes!(layouts::create)),
        entry(LIVE, routes!(layouts::read)),
        entry(LIVE, routes!(layouts::replace)),
        entry(LIVE, routes!(layouts::remove)),
        entry(LIVE, routes!(live::watch)),
        entry(LIVE, routes!(snapshot::snapshot)),
        entry(PLAYBACK, routes!(playback::play)),
        entry(PLAYBACK, routes!(playback_groups::join)),
        entry(PLAYER, routes!(hls::playlist)),
        entry(PLAYER, routes!(hls::file)),
        entry(PLAYER, routes!(hls::file_head)),
        entry(PLAYBACK, routes!(hls::ticket)),
        entry(EXPORT, routes!(clip::clip)),
        entry(EXPORT, routes!(clip::clip_head)),
        entry(PLAYBACK, routes!(playback::frame)),
        entry(PLAYBACK, routes!(playback::thumbnail)),
        entry(PLAYBACK, routes!(timeline::timeline)),
        entry(EXPORT, routes!(integrity::check)),
        entry(PLAYBACK, routes!(evidence_locks::list)),
        entry(EXPORT, routes!(evidence_locks::create)),
        entry(EXPORT, routes!(evidence_locks::end)),
        entry(PLAYBACK, routes!(bookmarks::list)),
        entry(PLAYBACK, routes!(bookmarks::create)),
        entry(PLAYBACK, routes!(bookmarks::replace)),
        entry(PLAYBACK, routes!(bookmarks::remove)),
        entry(EXPORT, routes!(cases::list)),
        entry(EXPORT, routes!(cases::create)),
        entry(EXPORT, routes!(cases::read)),
        entry(EXPORT, routes!(cases::replace)),
        entry(EXPORT, routes!(cases::remove)),
        entry(EXPORT, routes!(exports::list)),
        entry(EXPORT, routes!(exports::start)),
        entry(EXPORT, routes!(exports::folders)),
        entry(EXPORT, routes!(exports::read)),
        entry(EXPORT, routes!(exports::cancel)),
        entry(EXPORT, routes!(exports::remove)),
        entry(EXPORT, routes!(exports::download)),
        entry(EXPORT, routes!(exports::download_head)),
        entry(EXPORT, routes!(proofs::list)),
        entry(EXPORT, routes!(proofs::read)),
        entry(EXPORT, routes!(proofs::download)),
        entry(LoggedIn, routes!(proofs::key)),
        entry(PLAYBACK, routes!(plans::list)),
        entry(CONFIGURE, routes!(plans::put)),
        entry(CONFIGURE, routes!(plans::remove)),
        entry(CONFIGURE, routes!(plans_bulk::change)),
        entry(ALARMS, routes!(triggers::trigger)),
        entry(PLAYBACK, routes!(gap_fills::list)),
        entry(CONFIGURE, routes!(gap_fills::start)),
        entry(PLAYBACK, routes!(gap_fills::read)),
        entry(CONFIGURE, routes!(gap_fills::cancel)),
        entry(ALARMS, routes!(triggers::withdraw)),
        entry(CONFIGURE, routes!(volumes::list)),
        entry(CONFIGURE, routes!(volumes::add)),
        entry(CONFIGURE, routes!(volumes::look)),
        entry(CONFIGURE, routes!(volumes::change)),
        entry(CONFIGURE, routes!(volumes::remove)),
        entry(CONFIGURE, routes!(ai_nodes::list)),
        entry(CONFIGURE, routes!(ai_nodes::create)),
        entry(CONFIGURE, routes!(ai_nodes::change)),
        entry(CONFIGURE, routes!(ai_nodes::renew)),
        entry(CONFIGURE, routes!(ai_nodes::remove)),
        entry(LIVE, routes!(ai_tasks::list)),
        entry(LIVE, routes!(ai_tasks::read)),
        entry(LIVE, routes!(ai_tasks::preview)),
        entry(CONFIGURE, routes!(ai_tasks::create)),
        entry(CONFIGURE, routes!(ai_tasks::replace)),
        entry(CONFIGURE, routes!(ai_tasks::remove)),
        entry(PLAYBACK, routes!(ai_trials::list)),
        entry(ALARMS, routes!(ai_trials::start)),
        entry(PLAYBACK, routes!(ai_trials::read)),
        entry(ALARMS, routes!(ai_trials::cancel)),
        entry(LIVE, routes!(ai_scenes::list)),
        entry(PLAYBACK, routes!(ai_results::list)),
        entry(PLAYBACK, routes!(ai_results::picture)),
        entry(ALARMS, routes!(alarms::list)),
        entry(ALARMS, routes!(alarms::summary)),
        entry(ALARMS, routes!(alarms::statistics)),
        entry(ALARMS, routes!(alarms::read)),
        entry(ALARMS, routes!(alarms::acknowledge)),
        entry(ALARMS, routes!(alarms::take)),
        entry(ALARMS, routes!(alarms::resolve)),
        entry(ALARMS, routes!(alarms::reopen)),
        entry(ALARMS, routes!(alarms::note)),
        entry(ALARMS, routes!(alarms::acknowledge_all)),
        entry(ALARMS, routes!(alarms::resolve_all)),
        entry(ALARMS, routes!(alarms::test)),
        entry(ALARMS, routes!(alarm_mutes::mute)),
        entry(ALARMS, routes!(alarm_mutes::unmute)),
        entry(ALARMS, routes!(alarms::picture)),
        entry(ALARMS, routes!(alarms::clip)),
        entry(ALARMS, routes!(alarm_rules::policy)),
        entry(CONFIGURE, routes!(alarm_rules::replace_policy)),
        entry(ALARMS, routes!(alarm_rules::arming)),
        entry(ALARMS, routes!(alarm_rules::replace_arming)),
        entry(ALARMS, routes!(alarm_rules::list)),
        entry(ALARMS, routes!(alarm_rules::read)),
        entry(CONFIGURE, routes!(alarm_rules::create)),
        entry(CONFIGURE, routes!(alarm_rules::replace)),
        entry(CONFIGURE, routes!(alarm_rules::remove)),
        entry(CONFIGURE, routes!(alarm_rules::try_out)),
        entry(CONFIGURE, routes!(push::list)),
        entry(CONFIGURE, routes!(push::read)),
        entry(CONFIGURE, routes!(push::create)),
        entry(CONFIGURE, routes!(push::change)),
        entry(CONFIGURE, routes!(push::remove)),
        entry(CONFIGURE, routes!(push::test)),
        entry(CONFIGURE, routes!(push::routes)),
        entry(CONFIGURE, routes!(push::replace_routes)),
        entry(CONFIGURE, routes!(push::log)),
        // Nodes have tokens of their own, which are looked at there.
        entry(Public, routes!(ai_engine::connect)),
        entry(LoggedIn, routes!(settings::read)),
        entry(CONFIGURE, routes!(settings::change)),
        entry(LoggedIn, routes!(system::system)),
        entry(USERS, routes!(audit::list)),
        entry(LIVE, routes!(notify::notify)),
        entry(LIVE, routes!(metrics::metrics)),
        entry(Public, routes!(health::alive)),
        entry(Public, routes!(health::ready)),
        entry(Public, routes!(docs::document)),
        entry(Public, routes!(docs::engine_schema)),
        entry(Public, routes!(docs::engine_asyncapi)),
        entry(Public, routes!(docs::page)),
    ]
}

/// A route as tests walk it.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Upper case.
    pub method: String,
    /// With `{names}`.
    pub path: String,
    pub need: Need,
}

/// Every route and its need.
pub fn list() -> Vec<Listed> {
    let mut all = Vec::new();
    for entry in table() {
        for (path, item) in &entry.route.1.paths {
            let methods = [("GET", &item.get), ("PUT", &item.put), ("POST", &item.post), ("PATCH", &item.patch)];
            let more = [("DELETE", &item.delete), ("HEAD", &item.head)];
            for (method, operation) in methods.into_iter().chain(more) {
                if operation.is_some() {
                    all.push(Listed { method: method.to_owned(), path: path.clone(), need: entry.need });
                }
            }
        }
    }
    all
}

/// The router, each route behind the guard with its need.
pub fn router(app: &App) -> Router<App> {
    let mut router = OpenApiRouter::new();
    for Entry { need, route: (schemas, paths, methods) } in table() {
        let guarded = methods.route_layer(middleware::from_fn_with_state((app.clone(), need), guard));
        router = router.routes((schemas, paths, guarded));
    }
    router.split_for_parts().0
}

/// The document of the same table, with each operation's need as `x-need`.
pub fn openapi() -> OpenApi {
    let mut router = OpenApiRouter::with_openapi(docs::frame());
    for Entry { need, route: (schemas, mut paths, methods) } in table() {
        for item in paths.paths.values_mut() {
            let all = [&mut item.get, &mut item.put, &mut item.post, &mut item.patch, &mut item.delete, &mut item.head];
            for operation in all.into_iter().flatten() {
                let extensions = ExtensionsBuilder::new().add("x-need", need_word(need)).build();
                operation.extensions.get_or_insert_default().merge(extensions);
                if need == Need::Public {
                    operation.security = Some(vec![]);
                }
            }
        }
        router = router.routes((schemas, paths, methods));
    }
    router.split_for_parts().1
}

fn need_word(need: Need) -> String {
    match need {
        Need::Public => "public".to_owned(),
        Need::LoggedIn => "logged_in".to_owned(),
        Need::Right(right) | Need::RightOrTicket(right) => crate::views::right_name(right).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_route_stands_once_in_the_table() {
        let all = list();
        let unique: BTreeSet<_> = all.iter().map(|r| (r.method.clone(), r.path.clone())).collect();
        assert_eq!(unique.len(), all.len());
        assert_eq!(all.len(), table().len());
    }

    #[test]
    fn only_what_must_be_is_public() {
        let all = list();
        let mut public: Vec<_> = all.iter().filter(|r| r.need == Need::Public).map(|r| r.path.as_str()).collect();
        public.sort_unstable();
        assert_eq!(
            public,
            [
                "/api/ai-engine.asyncapi.json",
                "/api/ai-engine.schema.json",
                "/api/docs",
                "/api/openapi.json",
                "/api/v1/login",
                "/api/v1/logout",
                "/api/v1/session",
                "/api/v1/setup",
                "/api/v1/setup/folder",
                "/api/v1/token-login",
                "/healthz",
                "/readyz",
                "/ws/ai-engine",
            ]
        );
    }
}
