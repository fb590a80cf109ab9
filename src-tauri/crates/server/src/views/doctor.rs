//! Examinations of cameras on the wire.

use super::{clock_view, encoder_view};
use crate::{app::as_value, error::details, net::RequestId};
use watchwall_api::{
    DoctorCounts, DoctorDeviceView, DoctorLineView, DoctorMendView, DoctorProgress, DoctorView, NewDoctor,
};
use watchwall_model::Credentials;
use watchwall_site::cameras::doctor::{
    DoctorJob, DoctorReport, DoctorWish, ExaminedFacts, Line, LineProblem, Mend, Mended, Verdict,
};

/// `set` is the one the request names; what is typed wins over it.
pub fn doctor_wish(new: NewDoctor, set: Option<Credentials>) -> DoctorWish {
    let typed = new.username.filter(|name| !name.trim().is_empty());
    let (username, password) = match (typed, set) {
        (Some(username), _) => (Some(username), new.password),
        (None, Some(set)) => (Some(set.username), Some(set.password)),
        (None, None) => (None, None),
    };
    DoctorWish { address: new.address, port: new.port, username, password, channel: new.channel }
}

pub fn doctor_job_view(job: &DoctorJob, request: &RequestId) -> DoctorView {
    let lines = job.lines_since(0);
    DoctorView {
        progress: doctor_progress(&job.report()),
        lines: lines.iter().map(|(line, is_looked_at)| line_view(line, *is_looked_at, request)).collect(),
    }
}

pub fn doctor_report_view(report: &DoctorReport, request: &RequestId) -> DoctorView {
    DoctorView {
        progress: doctor_progress(report),
        lines: report.lines.iter().map(|line| line_view(line, false, request)).collect(),
    }
}

pub fn doctor_progress(report: &DoctorReport) -> DoctorProgress {
    DoctorProgress {
        id: report.id.0,
        state: report.state.as_str().to_owned(),
        camera_id: report.camera.map(|id| id.0),
        name: report.name.clone(),
        address: report.address.clone(),
        started_at: report.started_at.0,
        ended_at: report.ended_at.map(|at| at.0),
        counts: DoctorCounts {
            ok: report.count(Verdict::Ok),
            note: report.count(Verdict::Note),
            warning: report.count(Verdict::Warning),
            bad: report.count(Verdict::Bad),
            skipped: report.count(Verdict::Skipped),
        },
        device: report.device.as_ref().map(device_view),
    }
}

fn device_view(facts: &ExaminedFacts) -> DoctorDeviceView {
    DoctorDeviceView {
        manufacturer: facts.manufacturer.clone(),
        model: facts.model.clone(),
        firmware: facts.firmware.clone(),
        serial: facts.serial.clone(),
        mac: facts.mac.clone(),
    }
}

pub fn line_view(line: &Line, is_looked_at: bool, request: &RequestId) -> DoctorLineView {
    DoctorLineView {
        check: line.check.as_str().to_owned(),
        area: line.check.area().as_str().to_owned(),
        channel: line.channel,
        stream: line.stream.map(|role| role.as_str().to_owned()),
        verdict: line.verdict.as_str().to_owned(),
        outcome: line.outcome.clone(),
        text: line.text_key(),
        params: line.params.clone(),
        mend: line.mend.as_ref().map(mend_view),
        problem: line.problem.as_ref().map(|problem| {
            let mut view = details(&LineProblem::problem(problem), request);
            view.details.suggestion_code.clone_from(&line.suggestion);
            view
        }),
        suggestion: line.suggestion.clone(),
        at: line.at.0,
        looking: is_looked_at,
    }
}

fn mend_view(mend: &Mend) -> DoctorMendView {
    DoctorMendView { kind: mend.kind().as_str().to_owned(), params: mend.params() }
}

/// What the audit log keeps of a mend: the action of the control call it stands for, and how it is then.
pub fn audited_mend(mended: &Mended) -> (&'static str, Option<serde_json::Value>) {
    match mended {
        Mended::Clock(facts) => ("device.set_clock", as_value(&clock_view(facts))),
        Mended::Encoder(setup) => {
            let mut view = as_value(&encoder_view(setup));
            if let Some(object) = view.as_mut().and_then(serde_json::Value::as_object_mut) {
                object.remove("options");
            }
            ("camera.set_encoder", view)
        }
    }
}
