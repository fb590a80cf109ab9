//! Who a device is, and what else it tells once it is known.

use super::{
    connect::{Device, read_clock},
    step::{Step, StepReport},
};
use crate::{
    Vendor,
    operations::{
        DeviceInformation, GetCapabilities, GetDeviceInformation, GetEndpointReference, GetNetworkInterfaces,
        GetProfiles, GetScopes, Profile, Services, SystemClock, merge_profiles,
    },
    soap::Service,
};
use tokio::time::Instant;

/// What tells one device from another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    pub information: DeviceInformation,
    /// The name a person gave it.
    pub name: Option<String>,
    pub location: Option<String>,
    /// Asked here only where there is no serial number.
    pub endpoint: Option<String>,
}

/// What adding a device need not wait for.
#[derive(Clone, Debug, Default)]
pub struct Details {
    pub endpoint: Option<String>,
    /// Lower case with colons.
    pub macs: Vec<String>,
    pub clock: Option<SystemClock>,
    pub clock_offset_ms: Option<i64>,
    /// Those of the older call.
    pub services: Services,
    /// Those of the older media service.
    pub profiles: Vec<Profile>,
}

impl Device {
    /// Maker, model, serial number and name.
    pub async fn identity(&self) -> (Identity, StepReport) {
        let start = Instant::now();
        let information = self.client.call(&GetDeviceInformation).await;
        let (information, report) = StepReport::of(Step::Identify, start, information, self.facts.vendor.as_ref());
        let information = information.unwrap_or_default();
        let scopes = self.client.call(&GetScopes).await.unwrap_or_default();
        let endpoint = match information.serial_number.is_empty() {
            true => self.endpoint().await,
            false => None,
        };
        let name = scopes.values("name").next();
        let location = scopes.values("location").next();
        (Identity { information, name, location, endpoint }, report)
    }

    pub fn learn_identity(&mut self, identity: Identity) {
        let Identity { information, name, location, endpoint } = identity;
        let facts = &mut self.facts;
        (facts.information, facts.name, facts.location) = (information, name, location);
        facts.endpoint = endpoint.or(facts.endpoint.take());
        self.name_vendor();
    }

    /// Clock, network, and the older lists of services and profiles.
    pub async fn details(&self) -> (Details, Vec<StepReport>) {
        let client = &self.client;
        let mut details = Details { endpoint: self.facts.endpoint.clone(), ..Details::default() };
        let mut reports = Vec::new();
        if self.facts.clock.is_none() {
            let start = Instant::now();
            let (read, report) =
                StepReport::of(Step::Clock, start, read_clock(client).await, self.facts.vendor.as_ref());
            if let Some((clock, offset_ms)) = read {
                (details.clock, details.clock_offset_ms) = (Some(clock), offset_ms);
            }
            reports.push(report);
        }
        if details.endpoint.is_none() {
            details.endpoint = self.endpoint().await;
        }
        // Only administrators may ask this of some.
        let interfaces = client.call(&GetNetworkInterfaces).await.unwrap_or_default();
        details.macs = interfaces.into_iter().map(|interface| interface.mac).filter(|mac| !mac.is_empty()).collect();
        details.services = client.call(&GetCapabilities).await.unwrap_or_default();
        if self.services.has(&Service::Media) && self.services.has(&Service::Media2) {
            details.profiles = client.call(&GetProfiles).await.unwrap_or_default();
        }
        (details, reports)
    }

    pub fn learn_details(&mut self, details: Details) {
        let facts = &mut self.facts;
        facts.endpoint = details.endpoint;
        facts.macs = details.macs;
        if details.clock.is_some() {
            (facts.clock, facts.clock_offset_ms) = (details.clock, details.clock_offset_ms);
        }
        self.services.merge(details.services);
        self.client.learn_services(self.services.clone());
        if !details.profiles.is_empty() {
            self.profiles = merge_profiles(details.profiles, std::mem::take(&mut self.profiles));
        }
        self.facts.login = Some(self.client.login_seen());
        self.name_vendor();
    }

    async fn endpoint(&self) -> Option<String> {
        self.client.call(&GetEndpointReference).await.ok().filter(|endpoint| !endpoint.is_empty())
    }

    /// By the names it gives itself, then by its hardware addresses, then as the installer said.
    fn name_vendor(&mut self) {
        let facts = &self.facts;
        let by_name = [&facts.information.manufacturer, &facts.information.model]
            .into_iter()
            .find_map(|name| Vendor::of_name(name).filter(|vendor| !matches!(vendor, Vendor::Other(_))));
        let by_mac = || facts.macs.iter().find_map(|mac| Vendor::of_mac(mac));
        let named = by_name.or_else(by_mac).or_else(|| Vendor::of_name(&facts.information.manufacturer));
        self.facts.vendor = named.or(self.facts.vendor.take());
    }
}
