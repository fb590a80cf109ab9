//! Finding devices on the network, as a job whose results come in while it runs.
//!
//! Tasks: one per job, which ends with the crate's `Discovery`, when the job is cancelled, or with
//! [`Cameras::stop`](super::Cameras::stop). One `watch` counts the changes of all jobs.

mod finding;

pub use finding::{DiscoveredDevice, DiscoveryJob, DiscoveryState, Known};

use super::{
    Cameras,
    handle::Shared,
    jobs::Kept,
    onboarding::{Identity, JobId, Standing, endpoint_of, standing},
};
use std::sync::Arc;
use tokio::sync::watch;
use watchwall_model::{DeviceFacts, ErrorCode, Problem};
use watchwall_onvif::{AddressRange, DeviceAddress, Discovery, DiscoveryOptions, FoundDevice, Targets, Vendor};

/// Where to look.
#[derive(Clone, Debug, Default)]
pub struct DiscoveryWish {
    /// Addresses to ask one by one: `192.168.1.0/24`, `192.168.1.10-40` or one; empty asks the networks this machine is on.
    pub ranges: Vec<String>,
    /// UDP port; 3702 unless somebody moved it.
    pub port: Option<u16>,
}

/// Ranges of one search.
const MOST_RANGES: usize = 16;

impl DiscoveryWish {
    fn options(&self) -> Result<DiscoveryOptions, Problem> {
        let invalid =
            |reason: &str| Problem::new(ErrorCode::RequestInvalid).with("field", "ranges").with("reason", reason);
        if self.ranges.len() > MOST_RANGES {
            return Err(invalid("too_many"));
        }
        let ranges = self.ranges.iter().map(|text| text.parse::<AddressRange>());
        let ranges: Vec<AddressRange> =
            ranges.collect::<Result<_, _>>().map_err(|error| invalid(&error.to_string()))?;
        let usual = DiscoveryOptions::default();
        let targets = if ranges.is_empty() { Targets::Interfaces } else { Targets::Ranges(ranges) };
        Ok(DiscoveryOptions { targets, port: self.port.unwrap_or(usual.port), ..usual })
    }
}

impl Kept for DiscoveryJob {
    fn number(&self) -> u64 {
        self.id.0
    }

    fn is_over(&self) -> bool {
        self.state() != DiscoveryState::Running
    }

    fn revision(&self) -> u64 {
        Self::revision(self)
    }
}

impl Cameras {
    /// Begins to search.
    ///
    /// # Errors
    /// `request_invalid` for a range that is none, `too_many_jobs`, `discovery_failed` when no interface can be asked on.
    pub fn start_discovery(&self, wish: &DiscoveryWish) -> Result<Arc<DiscoveryJob>, Problem> {
        let options = wish.options()?;
        let cancel = self.cancel.child_token();
        let job = self.shared.discoveries.begin(|number, pulse| DiscoveryJob::new(JobId(number), cancel, pulse))?;
        let discovery = match Discovery::start(options) {
            Ok(discovery) => discovery,
            Err(error) => {
                self.shared.discoveries.forget(job.id.0);
                return Err(Problem::new(ErrorCode::DiscoveryFailed).because(error));
            }
        };
        self.tasks.spawn(search(Arc::clone(&self.shared), Arc::clone(&job), discovery));
        Ok(job)
    }

    /// # Errors
    /// `job_not_found`.
    pub fn discovery(&self, id: JobId) -> Result<Arc<DiscoveryJob>, Problem> {
        self.shared.discoveries.find(id.0)
    }

    /// The last searches, oldest first.
    pub fn discoveries(&self) -> Vec<Arc<DiscoveryJob>> {
        self.shared.discoveries.all()
    }

    /// Rises when a search begins, finds something, ends or is forgotten.
    pub fn discovery_changes(&self) -> watch::Receiver<u64> {
        self.shared.discoveries.changes()
    }

    /// Ends a search; one that is over is forgotten.
    ///
    /// # Errors
    /// `job_not_found`.
    pub fn cancel_discovery(&self, id: JobId) -> Result<Arc<DiscoveryJob>, Problem> {
        let job = self.discovery(id)?;
        match job.state() {
            DiscoveryState::Running => job.cancel.cancel(),
            DiscoveryState::Done | DiscoveryState::Cancelled => self.shared.discoveries.forget(id.0),
        }
        Ok(job)
    }
}

async fn search(shared: Arc<Shared>, job: Arc<DiscoveryJob>, mut discovery: Discovery) {
    loop {
        let found = tokio::select! {
            () = job.cancel.cancelled() => return job.end(DiscoveryState::Cancelled),
            found = discovery.next() => found,
        };
        let Some(found) = found else { return job.end(DiscoveryState::Done) };
        let Some(device) = described(&found) else { continue };
        let known = known(&shared, &device).await;
        job.add(DiscoveredDevice { known, ..device });
    }
}

/// `None` for one whose address leads nowhere.
fn described(found: &FoundDevice) -> Option<DiscoveredDevice> {
    let at = endpoint_of(&DeviceAddress::parse(&found.address).ok()?);
    let name = found.name();
    let mac = found.mac();
    let vendor = [name.as_deref(), found.hardware().as_deref()]
        .into_iter()
        .flatten()
        .filter_map(Vendor::of_name)
        .find(|vendor| !matches!(vendor, Vendor::Other(_)))
        .or_else(|| mac.as_deref().and_then(Vendor::of_mac));
    Some(DiscoveredDevice {
        endpoint: found.endpoint.clone(),
        addresses: vec![at.url()],
        own_hosts: found.hosts().collect(),
        at,
        name,
        hardware: found.hardware(),
        location: found.location(),
        mac,
        serial: found.serial_number(),
        vendor: vendor.map(|vendor| vendor.to_string()),
        known: Known::New,
    })
}

async fn known(shared: &Shared, device: &DiscoveredDevice) -> Known {
    let facts = DeviceFacts {
        serial: device.serial.clone().unwrap_or_default(),
        endpoint: Some(device.endpoint.clone()).filter(|endpoint| !endpoint.is_empty()),
        macs: device.mac.clone().into_iter().collect(),
        ..DeviceFacts::default()
    };
    let devices = match shared.store.devices().alike(&device.at, &facts).await {
        Ok(devices) => devices,
        Err(error) => {
            tracing::warn!(%error, "cannot compare a found device with those of the site");
            return Known::New;
        }
    };
    match standing(&device.at.host, device.at.port, &Identity::of(&facts), &devices) {
        Standing::New => Known::New,
        Standing::Known(id) => Known::Known(id),
        Standing::Moved(id) => Known::Moved(id),
    }
}
