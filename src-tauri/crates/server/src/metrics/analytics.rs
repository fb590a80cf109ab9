//! AI nodes, tasks and results on the metrics page.

use super::page::Page;
use crate::app::App;
use watchwall_site::analytics::{TaskPicture, tasks::board::TaskPhase};

pub fn write(app: &App, page: &mut Page) {
    let analytics = &app.site.analytics;
    let picture = analytics.picture();
    let count = |is: fn(&TaskPicture) -> bool| picture.tasks.values().filter(|task| is(task)).count();
    let running = count(|task| task.phase == TaskPhase::Running && task.scenes_running() > 0);
    let failed = count(|task| match task.phase {
        TaskPhase::Failed { .. } => true,
        TaskPhase::Running => task.scenes_running() == 0,
        _ => false,
    });
    page.gauge("ai_task_running_count", "AI tasks of which at least one scene runs", running);
    page.gauge("ai_task_error_count", "AI tasks whose start failed, or that lost all of their scenes", failed);
    let supervisor = analytics.supervisor();
    page.gauge("ai_supervisor_failing", "Whether nobody looks after AI tasks now", usize::from(supervisor.is_failing));
    page.counter("ai_supervisor_failures_total", "Times that what looks after AI tasks failed", supervisor.failures);
    page.gauge("ai_engine_online_nodes", "AI nodes connected", picture.nodes.len());
    let figures = analytics.results().figures();
    page.gauge("ai_result_queue_depth", "Results that wait to be stored", figures.waiting);
    for (name, help, value) in [
        ("ai_result_received_total", "Results that came, by scene", figures.received),
        ("ai_result_alarm_total", "Results taken in that are alarms", figures.alarms),
        ("ai_result_refused_total", "Results of scenes that their node does not run", figures.refused),
        ("ai_result_duplicate_total", "Results that had come before", figures.duplicates),
        ("ai_result_sampled_total", "Results not kept, because one was kept just before", figures.sampled),
        ("ai_result_drop_total", "Results not kept, because the queue was full; never an alarm", figures.dropped),
        ("ai_result_stored_total", "Results stored", figures.stored),
        ("ai_result_failed_total", "Results that the disk refused", figures.failed),
        (
            "ai_result_picture_refused_total",
            "Pictures of results left out because they are none",
            figures.pictures_refused,
        ),
    ] {
        page.counter(name, help, value);
    }
    // The last edge stands for all above it.
    let p95 = figures.inserts.quantile_ms(0.95);
    page.gauge(
        "ai_result_insert_p95_milliseconds",
        "Batches of results are stored within, 95 of 100",
        p95.unwrap_or(0),
    );
    let alert = app.site.alert_figures();
    for (name, help, value) in [
        (
            "alarm_late_events_total",
            "Events of cameras that alarms were behind with and read from the list",
            alert.late,
        ),
        ("alarm_missed_events_total", "Events of cameras that alarms never looked at", alert.missed),
    ] {
        page.counter(name, help, value);
    }
    let pushes = app.site.alarms.push().figures();
    page.counter("ai_alarm_push_sent_total", "Messages about alarms that their targets took", pushes.sent);
    page.counter("ai_alarm_push_failed_total", "Messages about alarms that were refused or given up", pushes.failed);
    let ended = pushes.sent + pushes.failed;
    let share = if ended == 0 { 1.0 } else { pushes.sent as f64 / ended as f64 };
    page.gauge("ai_alarm_push_success_rate", "Of messages that ended since the start, the share that was taken", share);
}
