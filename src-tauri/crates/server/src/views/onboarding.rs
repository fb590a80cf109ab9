//! Searches and lists of devices on the wire.

use super::device::{channel_view, device_facts_view, step_view};
use crate::{error::details, extract::invalid, net::RequestId};
use base64::Engine;
use std::collections::BTreeMap;
use watchwall_api::{
    DiscoveredView, DiscoveryView, NewOnboarding, OnboardingProgress, OnboardingRetryRow, OnboardingRow,
    OnboardingRowView, ProblemDetails,
};
use watchwall_model::{Camera, CameraId, Credentials, GroupId, Problem};
use watchwall_site::cameras::{
    discovery::{DiscoveredDevice, DiscoveryJob, Known},
    onboarding::{Job, NewRow, ReportLine, RowPatch, RowSnapshot, TableRows, read_table},
};

pub fn discovery_view(job: &DiscoveryJob) -> DiscoveryView {
    DiscoveryView {
        id: job.id.0,
        state: job.state().as_str().to_owned(),
        started_at: job.started_at.0,
        ended_at: job.ended_at().map(|at| at.0),
        devices: job.found().iter().map(discovered_view).collect(),
    }
}

pub fn discovered_view(found: &DiscoveredDevice) -> DiscoveredView {
    let (known, device_id) = match found.known {
        Known::New => ("new", None),
        Known::Known(id) => ("known", Some(id.0)),
        Known::Moved(id) => ("moved", Some(id.0)),
    };
    DiscoveredView {
        endpoint: found.endpoint.clone(),
        host: found.at.host.clone(),
        port: found.at.port,
        url: found.at.url(),
        addresses: found.addresses.clone(),
        name: found.name.clone(),
        hardware: found.hardware.clone(),
        location: found.location.clone(),
        mac: found.mac.clone(),
        serial: found.serial.clone(),
        vendor: found.vendor.clone(),
        known: known.to_owned(),
        device_id,
    }
}

/// Rows of a request: a list and a table may come together; rows of the list are numbered from 1.
///
/// # Errors
/// Those of the table, or `request_invalid` for base64 that is none.
pub fn new_rows(new: &NewOnboarding) -> Result<TableRows, Problem> {
    let mut rows: TableRows = (1..).zip(new.rows.iter().map(|row| Ok(new_row(row)))).collect();
    if let Some(text) = &new.csv {
        rows.extend(read_table(text.reveal().as_bytes())?);
    }
    if let Some(text) = &new.csv_base64 {
        let bytes = base64::engine::general_purpose::STANDARD.decode(text.reveal().trim());
        rows.extend(read_table(&bytes.map_err(|_| invalid("csv_base64", "not_base64"))?)?);
    }
    Ok(rows)
}

fn new_row(row: &OnboardingRow) -> NewRow {
    NewRow {
        name: row.name.clone(),
        address: row.address.clone(),
        port: row.port,
        username: row.username.clone(),
        password: row.password.clone(),
        group: row.group_id.filter(|id| *id != 0).map(GroupId),
        group_path: row.group.clone(),
        url: row.url.clone(),
        vendor: row.vendor.clone(),
        channels: row.channels.clone(),
    }
}

/// `set` is the one the row names; what is typed wins over it.
pub fn patch_of(row: OnboardingRetryRow, set: Option<Credentials>) -> RowPatch {
    let (username, password) = set.map_or((None, None), |set| (Some(set.username), Some(set.password)));
    RowPatch {
        number: row.row,
        address: row.address,
        port: row.port,
        username: row.username.or(username),
        password: row.password.or(password),
        vendor: row.vendor,
    }
}

pub fn job_progress(job: &Job) -> OnboardingProgress {
    let counts = job.counts();
    let state = match (counts.waiting + counts.running == 0, job.is_cancelled()) {
        (false, _) => "running",
        (true, true) => "cancelled",
        (true, false) => "done",
    };
    OnboardingProgress {
        id: job.id.0,
        state: state.to_owned(),
        dry_run: job.options.is_dry_run,
        record: job.options.records,
        started_at: job.started_at.0,
        total: counts.total,
        waiting: counts.waiting,
        running: counts.running,
        ready: counts.ready,
        added: counts.added,
        failed: counts.failed,
        cancelled: counts.cancelled,
    }
}

pub fn row_view(row: &RowSnapshot, request: &RequestId) -> OnboardingRowView {
    OnboardingRowView {
        row: row.number,
        name: row.name.clone(),
        address: row.address.clone(),
        state: row.state.as_str().to_owned(),
        step: row.step.map(|step| step.as_str().to_owned()),
        attempts: row.attempts,
        took_ms: row.took_ms,
        steps: row.steps.iter().map(step_view).collect(),
        problem: row.problem.as_ref().map(|problem| details(problem, request)),
        device_id: row.device.map(|id| id.0),
        device: row.facts.as_ref().map(device_facts_view),
        camera_ids: row.cameras.iter().map(|id| id.0).collect(),
        channels: row.channels.iter().map(channel_view).collect(),
    }
}

/// Sentences are the catalogue's English ones.
pub fn report_line(row: &RowSnapshot, cameras: &BTreeMap<CameraId, Camera>, request: &RequestId) -> ReportLine {
    let problem: Option<ProblemDetails> = row.problem.as_ref().map(|problem| details(problem, request));
    let own = || row.cameras.iter().filter_map(|id| cameras.get(id));
    let paths: Vec<String> = own().flat_map(|camera| &camera.streams).map(|stream| stream.path.to_string()).collect();
    let facts = row.facts.as_ref();
    let known = |problem: Option<&ProblemDetails>, part: fn(&ProblemDetails) -> Option<String>| {
        problem.and_then(part).unwrap_or_default()
    };
    ReportLine {
        row: row.number,
        name: own().next().map(|camera| camera.name.clone()).or_else(|| row.name.clone()).unwrap_or_default(),
        address: row.address.clone(),
        state: row.state.as_str().to_owned(),
        step: known(problem.as_ref(), |problem| problem.details.step.clone()),
        code: known(problem.as_ref(), |problem| Some(problem.code.clone())),
        message: known(problem.as_ref(), |problem| Some(problem.title.clone())),
        suggestion: known(problem.as_ref(), |problem| problem.details.suggestion.clone()),
        device: facts
            .map(|facts| format!("{} {}", facts.manufacturer, facts.model).trim().to_owned())
            .unwrap_or_default(),
        cameras: row.cameras.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
        paths: paths.join(" "),
        took_ms: row.took_ms,
    }
}
