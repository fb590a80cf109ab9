//! The metrics page: Prometheus text exposition format 0.0.4.

use super::Histogram;
use crate::app::App;
use std::fmt::{Display, Write};
use watchwall_model::{HealthState, Phase, Problem, UtcMicros};
use watchwall_site::{cameras::OUTAGE_BOUNDS_S, recording::STALL_BOUNDS_MS};

/// Text under construction. Writing to a string cannot fail, so results are dropped.
#[derive(Default)]
pub struct Page(String);

/// One sample: labels as written between braces, and its value.
type Samples = Vec<(String, f64)>;

impl Page {
    pub fn counter(&mut self, name: &str, help: &str, value: u64) {
        self.head(name, help, "counter");
        let _ = writeln!(self.0, "{name} {value}");
    }

    pub fn gauge(&mut self, name: &str, help: &str, value: impl Display) {
        self.head(name, help, "gauge");
        let _ = writeln!(self.0, "{name} {value}");
    }

    pub fn histogram(&mut self, name: &str, help: &str, histogram: &Histogram) {
        self.head(name, help, "histogram");
        histogram.write(&mut self.0, name);
    }

    fn labelled(&mut self, name: &str, help: &str, kind: &str, samples: &Samples) {
        self.head(name, help, kind);
        for (labels, value) in samples {
            let _ = writeln!(self.0, "{name}{{{labels}}} {value}");
        }
    }

    fn head(&mut self, name: &str, help: &str, kind: &str) {
        let _ = writeln!(self.0, "# HELP {name} {help}.\n# TYPE {name} {kind}");
    }
}

/// The whole page.
///
/// # Errors
/// When the database cannot be read.
pub async fn render(app: &App) -> Result<String, Problem> {
    let mut page = Page::default();
    app.metrics.onboarding.write(&mut page);
    app.metrics.live.write(&mut page);
    streams(app, &mut page).await?;
    recording(app, &mut page);
    gap_fill(app, &mut page);
    super::analytics::write(app, &mut page);
    super::outlet::write(app, &mut page);
    page.gauge("live_viewers", "Viewers connected", app.viewers.count());
    page.gauge("live_stale_tiles", "Viewers whose tile is stale", app.viewers.stale());
    page.gauge("stream_transcode_count", "Transcodes running", app.site.transcodes.running());
    page.gauge("open_sockets", "WebSockets open", app.sockets.count());
    Ok(page.0)
}

async fn streams(app: &App, page: &mut Page) -> Result<(), Problem> {
    let cameras = app.site.cameras.all().await?;
    let (mut online, mut offline, mut paths) = (0, 0, 0);
    let [mut age, mut frames, mut bytes, mut reconnects, mut lost] = [(); 5].map(|()| Samples::new());
    let now = UtcMicros::now();
    for camera in &cameras {
        match app.site.health.get(camera.camera.id).state {
            HealthState::Online => online += 1,
            state if state.is_away() => offline += 1,
            _ => {}
        }
        for state in &camera.streams {
            paths += 1;
            let (Some(handle), Some(snapshot)) = (app.site.cameras.ingest(&state.path), &state.ingest) else {
                continue;
            };
            let labels = format!("path=\"{}\"", state.path);
            let statistics = handle.hub().statistics();
            // A stream that nobody wants is not late.
            if let Some(at) = statistics.last_capture_at.filter(|_| snapshot.phase != Phase::Idle) {
                age.push((labels.clone(), (now.0 - at.0) as f64 / 1e6));
            }
            frames.push((labels.clone(), statistics.video_units as f64));
            bytes.push((labels.clone(), statistics.bytes as f64));
            reconnects.push((labels.clone(), snapshot.reconnects as f64));
            lost.push((labels, snapshot.lost_packets as f64));
        }
    }
    page.gauge("camera_online_count", "Cameras that answer and whose wanted streams move", online);
    page.gauge("camera_offline_count", "Cameras that are unreachable, refuse our login or send no picture", offline);
    outages(app, page);
    page.gauge("stream_path_total", "Streams configured", paths);
    page.labelled("stream_live_age_seconds", "Now minus capture time of the newest unit", "gauge", &age);
    page.labelled("stream_frames_total", "Pictures received", "counter", &frames);
    page.labelled("stream_bytes_total", "Bytes received", "counter", &bytes);
    page.labelled("stream_reconnects_total", "Connections after the first", "counter", &reconnects);
    page.labelled("stream_lost_packets_total", "RTP packets missed", "counter", &lost);
    Ok(())
}

fn outages(app: &App, page: &mut Page) {
    let (name, figures) = ("camera_offline_event_duration_seconds", app.site.cameras.outages());
    page.head(name, "How long cameras were away that came back", "histogram");
    let mut total = 0;
    let bounds = OUTAGE_BOUNDS_S.iter().map(ToString::to_string).chain(["+Inf".to_owned()]);
    for (bound, count) in bounds.zip(figures.counts) {
        total += count;
        let _ = writeln!(page.0, "{name}_bucket{{le=\"{bound}\"}} {total}");
    }
    let _ = writeln!(page.0, "{name}_sum {}\n{name}_count {total}", figures.sum.as_secs_f64());
}

fn gap_fill(app: &App, page: &mut Page) {
    let figures = app.site.gap_fill.figures();
    page.gauge("gap_fill_running_count", "Gaps being filled from cameras' own storage", figures.running);
    page.counter("gap_fill_read_bytes_total", "Bytes read from cameras' own storage", figures.read_bytes);
    page.counter("gap_fill_filled_milliseconds_total", "Recording filled from cameras' own storage", figures.filled_ms);
    page.counter("gap_fill_failures_total", "Tries after which something was still missing", figures.failures);
}

fn recording(app: &App, page: &mut Page) {
    let stats = app.site.recording.stats();
    page.gauge("recording_plan_active_count", "Plans that are recording", stats.active_plans);
    page.gauge("recording_plan_silent_count", "Enabled plans that are not recording", stats.silent_plans);
    page.gauge(
        "recording_file_index_lag_seconds",
        "From a fragment's end to its index row",
        stats.index_lag.as_secs_f64(),
    );
    page.counter("recording_lost_milliseconds_total", "Recording lost", stats.lost_ms);
    page.gauge("playback_sessions", "Playback sessions open", stats.playback_sessions);
    page.gauge(
        "storage_volume_full_count",
        "Volumes above their high watermark",
        stats.volumes.iter().filter(|v| v.is_full).count(),
    );
    let of = |value: &dyn Fn(&watchwall_site::recording::VolumeFigures) -> f64| -> Samples {
        stats.volumes.iter().map(|v| (format!("volume=\"{}\"", v.code), value(v))).collect()
    };
    page.labelled("storage_volume_usage_percent", "Disk used", "gauge", &of(&|v| v.used_percent));
    page.labelled("recording_queued_bytes", "Bytes waiting for the disk", "gauge", &of(&|v| v.queued_bytes as f64));
    page.labelled("recording_written_bytes_total", "Bytes written", "counter", &of(&|v| v.bytes as f64));
    page.labelled("recording_fragments_total", "Fragments written", "counter", &of(&|v| v.fragments as f64));
    page.labelled(
        "recording_write_failures_total",
        "Writes the disk refused",
        "counter",
        &of(&|v| v.write_failures as f64),
    );
    page.labelled(
        "recording_overflows_total",
        "Fragments dropped because the disk was slow",
        "counter",
        &of(&|v| v.overflows as f64),
    );
    page.labelled(
        "recording_deleted_files_total",
        "Files retention removed",
        "counter",
        &of(&|v| v.deleted_files as f64),
    );
    page.labelled("recording_sync_seconds_max", "Longest group sync", "gauge", &of(&|v| v.longest_sync.as_secs_f64()));
    page.head("recording_write_stall_seconds", "From hand-over of a fragment until it is in the file", "histogram");
    for volume in &stats.volumes {
        let mut total = 0;
        let code = &volume.code;
        for (bound, count) in STALL_BOUNDS_MS
            .iter()
            .map(|ms| (*ms as f64 / 1e3).to_string())
            .chain(["+Inf".to_owned()])
            .zip(volume.stalls.counts)
        {
            total += count;
            let _ =
                writeln!(page.0, "recording_write_stall_seconds_bucket{{volume=\"{code}\",le=\"{bound}\"}} {total}");
        }
        let _ = writeln!(
            page.0,
            "recording_write_stall_seconds_sum{{volume=\"{code}\"}} {}",
            volume.stalls.sum.as_secs_f64()
        );
        let _ = writeln!(page.0, "recording_write_stall_seconds_count{{volume=\"{code}\"}} {total}");
    }
}
