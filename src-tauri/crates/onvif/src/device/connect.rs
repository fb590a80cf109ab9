//! Takes a device through all that adding it needs to know.

use super::step::{Step, StepError, StepReport};
use crate::{
    Client, ClientOptions, DeviceAddress, ErrorKind, LoginSeen, OnvifError, Vendor,
    channels::{Channel, channels},
    operations::{
        DeviceInformation, GetCapabilities, GetDeviceInformation, GetEndpointReference, GetNetworkInterfaces,
        GetScopes, GetServices, GetSystemDateAndTime, Profile, Scopes, Services, SystemClock,
    },
    soap::FaultKind,
};
use std::io;
use tokio::{
    net::TcpStream,
    time::{Instant, timeout},
};
use watchwall_model::{Credentials, SafeUrl, StreamRole, UtcMillis};

/// A device that was connected to, with what it told.
#[derive(Clone, Debug)]
pub struct Device {
    pub client: Client,
    pub facts: Facts,
    pub services: Services,
    pub profiles: Vec<Profile>,
    pub channels: Vec<Channel>,
    pub streams: Vec<FoundStream>,
}

/// Who a device is. Empty where it does not tell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    pub information: DeviceInformation,
    pub vendor: Option<Vendor>,
    /// The name a person gave it.
    pub name: Option<String>,
    pub location: Option<String>,
    /// Endpoint reference without `urn:uuid:`: the identity that survives another address.
    pub endpoint: Option<String>,
    /// Lower case with colons.
    pub macs: Vec<String>,
    pub clock: Option<SystemClock>,
    /// How far its clock is ahead of ours.
    pub clock_offset_ms: Option<i64>,
    pub login: Option<LoginSeen>,
}

/// Main or sub stream of a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundStream {
    /// Number of the channel.
    pub channel: u32,
    pub role: StreamRole,
    pub profile: String,
    pub url: Result<SafeUrl, StepError>,
    /// To be asked again after the device restarted.
    pub is_invalid_after_reboot: bool,
}

/// How connecting went: every step that was taken, and the device when it let us in.
#[derive(Clone, Debug)]
pub struct Survey {
    pub steps: Vec<StepReport>,
    pub device: Option<Device>,
}

impl Survey {
    /// The first step that failed.
    pub fn first_error(&self) -> Option<(Step, &StepError)> {
        self.steps.iter().find_map(|report| Some((report.step, report.outcome.as_ref().err()?)))
    }

    pub fn step(&self, step: Step) -> Option<&StepReport> {
        self.steps.iter().find(|report| report.step == step)
    }
}

/// Notes steps as they go.
struct Walk {
    steps: Vec<StepReport>,
    vendor: Option<Vendor>,
}

impl Walk {
    fn note<T>(&mut self, step: Step, start: Instant, result: Result<T, OnvifError>) -> Option<T> {
        let took_ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
        let (value, outcome) = match result {
            Ok(value) => (Some(value), Ok(())),
            Err(error) => (None, Err(StepError::new(step, &error, self.vendor.as_ref()))),
        };
        self.steps.push(StepReport { step, took_ms, outcome });
        value
    }

    fn end(mut self, device: Option<Device>) -> Survey {
        self.steps.sort_by_key(|report| report.step);
        Survey { steps: self.steps, device }
    }
}

impl Device {
    /// Connects and asks. Never more than two requests carry a wrong password, and none at all when the shared latch
    /// knows it to be wrong. Steps that fail without need leave the others standing.
    pub async fn connect(address: DeviceAddress, credentials: Option<Credentials>, options: ClientOptions) -> Survey {
        Self::connect_known(address, credentials, options, None).await
    }

    /// The same when discovery or the installer has named the brand, for better suggestions.
    pub async fn connect_known(
        address: DeviceAddress,
        credentials: Option<Credentials>,
        options: ClientOptions,
        vendor: Option<Vendor>,
    ) -> Survey {
        let mut walk = Walk { steps: Vec::new(), vendor };
        let start = Instant::now();
        if walk.note(Step::Reach, start, reach(&address, &options).await).is_none() {
            return walk.end(None);
        }
        let client = Client::new(address, credentials, options);
        let mut facts = Facts::default();
        if !speak(&client, &mut walk, &mut facts).await {
            return walk.end(None);
        }
        let start = Instant::now();
        let services = match services(&client).await {
            Err(error) if error.kind() == ErrorKind::Login => {
                walk.note(Step::Authenticate, start, Err::<(), _>(error));
                return walk.end(None);
            }
            other => walk.note(Step::Capabilities, start, other).unwrap_or_default(),
        };
        client.learn_services(services.clone());
        // Profiles are guarded by every device, so asking for them is what shows whether the login is right.
        let start = Instant::now();
        let asked = client.profiles().await;
        let profiles = match asked {
            Err(error) if error.kind() == ErrorKind::Login => {
                if walk.vendor.is_none() {
                    walk.vendor = anonymous_vendor(&client).await;
                }
                walk.note(Step::Authenticate, start, Err::<(), _>(error));
                return walk.end(None);
            }
            asked => {
                walk.note(Step::Authenticate, start, Ok(()));
                asked
            }
        };
        let identity = Instant::now();
        let information = client.call(&GetDeviceInformation).await;
        if let Some(information) = walk.note(Step::Identify, identity, information) {
            facts.information = information;
        }
        identify(&client, &mut facts).await;
        walk.vendor = facts.vendor.clone().or(walk.vendor);
        let profiles = walk.note(Step::Profiles, start, profiles).unwrap_or_default();
        let channels = channels(&profiles);
        if channels.is_empty()
            && let Some(report) = walk.steps.iter_mut().find(|report| report.step == Step::Profiles)
            && report.outcome.is_ok()
        {
            report.outcome = Err(StepError::nothing(Step::Profiles, &client.address().to_string()));
        }
        let start = Instant::now();
        let streams = streams(&client, &channels, walk.vendor.as_ref()).await;
        if let Some(outcome) = outcome(&streams) {
            let took_ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
            walk.steps.push(StepReport { step: Step::StreamUris, took_ms, outcome });
        }
        facts.login = Some(client.login_seen());
        let device = Self { client, facts, services, profiles, channels, streams };
        walk.end(Some(device))
    }
}

async fn reach(address: &DeviceAddress, options: &ClientOptions) -> Result<(), OnvifError> {
    let host = address.to_string();
    match timeout(options.connect_timeout, TcpStream::connect((address.host(), address.port()))).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(match error.kind() {
            io::ErrorKind::ConnectionRefused => OnvifError::Refused { host },
            // What the resolver says has no kind of its own.
            _ if error.raw_os_error().is_none() => OnvifError::HostUnknown { host },
            _ => OnvifError::Unreachable { host, source: error },
        }),
        Err(_) => Err(OnvifError::Unreachable { host, source: io::ErrorKind::TimedOut.into() }),
    }
}

/// Asks for the clock, which anybody may. `false` when what is there does not speak SOAP at all.
async fn speak(client: &Client, walk: &mut Walk, facts: &mut Facts) -> bool {
    let start = Instant::now();
    let asked_at = UtcMillis::now();
    match client.call(&GetSystemDateAndTime).await {
        Ok(clock) => {
            walk.note(Step::Speak, start, Ok(()));
            let halfway = asked_at.saturating_add_ms((UtcMillis::now() - asked_at) / 2);
            facts.clock_offset_ms = clock.shown().map(|shown| shown - halfway);
            if let Some(offset) = facts.clock_offset_ms {
                client.note_clock(offset);
            }
            facts.clock = Some(clock);
            walk.note(Step::Clock, start, Ok(()));
            true
        }
        // It understood the question.
        Err(error) if error.fault_kind().is_some() || error.kind() == ErrorKind::Login || is_incomplete(&error) => {
            walk.note(Step::Speak, start, Ok(()));
            if error.kind() != ErrorKind::Login {
                walk.note(Step::Clock, start, Err::<(), _>(error));
                return true;
            }
            // The clock is guarded too: whether the login is right was found out just now.
            walk.note(Step::Authenticate, start, Err::<(), _>(error));
            false
        }
        Err(error) => {
            walk.note(Step::Speak, start, Err::<(), _>(error));
            false
        }
    }
}

fn is_incomplete(error: &OnvifError) -> bool {
    matches!(error, OnvifError::Incomplete { .. })
}

/// Both lists, merged; old devices have but one.
async fn services(client: &Client) -> Result<Services, OnvifError> {
    let new = client.call(&GetServices).await;
    if let Err(error) = &new
        && matches!(error.kind(), ErrorKind::Login | ErrorKind::Unreachable)
    {
        return new;
    }
    match (new, client.call(&GetCapabilities).await) {
        (Ok(mut services), Ok(old)) => {
            services.merge(old);
            Ok(services)
        }
        (Ok(services), Err(_)) | (Err(_), Ok(services)) => Ok(services),
        (Err(error), Err(_)) => Err(error),
    }
}

/// Some tell their brand to anybody: it makes the suggestion better.
async fn anonymous_vendor(client: &Client) -> Option<Vendor> {
    let anonymous = Client::new(client.address().clone(), None, client.options().clone());
    let information = anonymous.call(&GetDeviceInformation).await.ok()?;
    Vendor::of_name(&information.manufacturer)
}

async fn identify(client: &Client, facts: &mut Facts) {
    let scopes: Scopes = client.call(&GetScopes).await.unwrap_or_default();
    facts.name = scopes.values("name").next();
    facts.location = scopes.values("location").next();
    facts.endpoint = client.call(&GetEndpointReference).await.ok().filter(|endpoint| !endpoint.is_empty());
    // Only administrators may ask this of some.
    let interfaces = client.call(&GetNetworkInterfaces).await.unwrap_or_default();
    facts.macs = interfaces.into_iter().map(|interface| interface.mac).filter(|mac| !mac.is_empty()).collect();
    let by_name = [&facts.information.manufacturer, &facts.information.model]
        .into_iter()
        .find_map(|name| Vendor::of_name(name).filter(|vendor| !matches!(vendor, Vendor::Other(_))));
    let by_mac = || facts.macs.iter().find_map(|mac| Vendor::of_mac(mac));
    facts.vendor = by_name.or_else(by_mac).or_else(|| Vendor::of_name(&facts.information.manufacturer));
}

async fn streams(client: &Client, channels: &[Channel], vendor: Option<&Vendor>) -> Vec<FoundStream> {
    let mut found = Vec::new();
    for channel in channels {
        let wanted = [(StreamRole::Main, &channel.main), (StreamRole::Sub, &channel.sub)];
        for (role, profile) in wanted.into_iter().filter_map(|(role, profile)| Some((role, profile.as_ref()?))) {
            let uri = client.stream_uri(profile).await;
            if uri.as_ref().err().and_then(OnvifError::fault_kind) == Some(FaultKind::IncompleteConfiguration) {
                // An empty profile is no failure of the device.
                continue;
            }
            let is_invalid_after_reboot = uri.as_ref().is_ok_and(|uri| uri.is_invalid_after_reboot);
            let url = uri.and_then(|uri| client.address().stream_url(&uri.uri));
            let url = url.map_err(|error| StepError::new(Step::StreamUris, &error, vendor));
            found.push(FoundStream {
                channel: channel.number,
                role,
                profile: profile.clone(),
                url,
                is_invalid_after_reboot,
            });
        }
    }
    found
}

/// One stream that has an address is enough; `None` when there was none to ask for.
fn outcome(streams: &[FoundStream]) -> Option<Result<(), StepError>> {
    let first = streams.first()?;
    if streams.iter().any(|stream| stream.url.is_ok()) {
        return Some(Ok(()));
    }
    Some(first.url.as_ref().map(|_| ()).map_err(Clone::clone))
}
