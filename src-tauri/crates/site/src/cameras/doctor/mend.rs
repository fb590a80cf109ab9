//! Does what a line offers: through the site's control for its cameras, straight at the device for an address.

use super::{
    job::DoctorJob,
    line::{Line, Mend, MendKind},
    place::Place,
};
use crate::cameras::control::{
    ClockFacts, ClockOrder, Control, EncoderOrder, EncoderSetup, Fit, set_clock_of, set_encoder_of,
};
use watchwall_model::{ErrorCode, Problem};

/// Which mend of a report.
#[derive(Clone, Debug)]
pub struct MendOrder {
    pub kind: MendKind,
    /// Of the line that offers it.
    pub place: Place,
    /// Instead of the servers that the line names.
    pub servers: Option<Vec<String>>,
}

/// How it stands after.
#[derive(Clone, Debug)]
pub enum Mended {
    Clock(ClockFacts),
    Encoder(Box<EncoderSetup>),
}

/// # Errors
/// `request_invalid` when no line offers it, `onvif_missing` without a login that worked, and of the device.
pub async fn mend(control: Option<&Control>, job: &DoctorJob, order: &MendOrder) -> Result<Mended, Problem> {
    let mend = offered(job, order)
        .ok_or_else(|| Problem::new(ErrorCode::RequestInvalid).with("field", "mend").with("reason", "not_offered"))?;
    match mend {
        Mend::SyncClock => set_clock(control, job, ClockOrder::Ours).await,
        Mend::SetNtp { servers } => {
            let servers = order.servers.clone().unwrap_or(servers);
            let order = if servers.is_empty() {
                ClockOrder::Ntp { from_dhcp: true, servers: Some(Vec::new()) }
            } else {
                ClockOrder::Ntp { from_dhcp: false, servers: Some(servers) }
            };
            set_clock(control, job, order).await
        }
        Mend::SetGop { frames, .. } => {
            let change = EncoderOrder { gop_length: Some(frames), fit: Fit::Nearest, ..EncoderOrder::default() };
            set_encoder(control, job, order.place, change).await
        }
        Mend::SetCodec { codec } => {
            let change = EncoderOrder { codec: Some(codec), ..EncoderOrder::default() };
            set_encoder(control, job, order.place, change).await
        }
    }
}

fn offered(job: &DoctorJob, order: &MendOrder) -> Option<Mend> {
    let is_it =
        |line: &Line| line.place() == order.place && line.mend.as_ref().is_some_and(|mend| mend.kind() == order.kind);
    job.line(is_it)?.mend
}

async fn set_clock(control: Option<&Control>, job: &DoctorJob, order: ClockOrder) -> Result<Mended, Problem> {
    let facts = match (control, job.subject.device) {
        (Some(control), Some(device)) => control.set_clock(device, order).await?,
        _ => {
            let client = job.scene().and_then(|scene| scene.client).ok_or_else(|| missing(job))?;
            set_clock_of(&client, order).await?
        }
    };
    Ok(Mended::Clock(facts))
}

async fn set_encoder(
    control: Option<&Control>,
    job: &DoctorJob,
    place: Place,
    order: EncoderOrder,
) -> Result<Mended, Problem> {
    let scene = job.scene().ok_or_else(|| missing(job))?;
    let profile = scene.stream(place).and_then(|stream| stream.profile.clone());
    let profile = profile.ok_or_else(|| missing(job))?;
    let setup = match (control, job.subject.camera) {
        (Some(control), Some(camera)) => control.set_encoder(camera, &profile, order).await?,
        _ => {
            let client = scene.client.ok_or_else(|| missing(job))?;
            set_encoder_of(&client, &profile, order).await?
        }
    };
    Ok(Mended::Encoder(Box::new(setup)))
}

fn missing(job: &DoctorJob) -> Problem {
    Problem::new(ErrorCode::OnvifMissing).with("name", job.subject.address())
}
