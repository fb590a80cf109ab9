//! Takes a device through all that adding it needs to know.
//!
//! One request at a time, so what adding waits for comes first: [`Device::enter`], [`Device::identity`] and
//! [`Device::find_stream`]. [`Device::details`] is what can follow. [`Device::connect`] does all of it.

use super::step::{Step, StepError, StepReport};
use crate::{
    Client, ClientOptions, DeviceAddress, ErrorKind, LoginSeen, OnvifError, Vendor,
    channels::{Channel, channels},
    operations::{
        DeviceInformation, GetCapabilities, GetDeviceInformation, GetServices, GetSystemDateAndTime, Profile, Services,
        SystemClock,
    },
    soap::Service,
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
        let (value, report) = StepReport::of(step, start, result, self.vendor.as_ref());
        self.steps.push(report);
        value
    }

    fn end(mut self, device: Option<Device>) -> Survey {
        self.steps.sort_by_key(|report| report.step);
        Survey { steps: self.steps, device }
    }

    /// The login was refused: what else helps to say why.
    async fn shut_out(mut self, client: &Client, start: Instant, error: OnvifError) -> Survey {
        if self.vendor.is_none() {
            self.vendor = anonymous_vendor(client).await;
        }
        self.note(Step::Authenticate, start, Err::<(), _>(error));
        if !self.steps.iter().any(|report| report.step == Step::Clock) {
            let start = Instant::now();
            let clock = read_clock(client).await;
            // A clock that is guarded too says nothing new.
            if !matches!(&clock, Err(error) if error.kind() == ErrorKind::Login) {
                self.note(Step::Clock, start, clock);
            }
        }
        self.end(None)
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
        let mut survey = Self::enter(address, credentials, options, vendor).await;
        let Some(device) = &mut survey.device else { return survey };
        let (identity, report) = device.identity().await;
        device.learn_identity(identity);
        survey.steps.push(report);
        let (details, reports) = device.details().await;
        device.learn_details(details);
        survey.steps.extend(reports);
        device.channels = channels(&device.profiles);
        let start = Instant::now();
        for wanted in device.wanted_streams() {
            if let Some(stream) = device.find_stream(&wanted).await {
                device.streams.push(stream);
            }
        }
        survey.steps.extend(StepReport::of_streams(StepReport::since(start), &device.streams));
        survey.steps.sort_by_key(|report| report.step);
        survey
    }

    /// As far as the login and the list of profiles. Who the device is and where its streams are is not asked yet.
    pub async fn enter(
        address: DeviceAddress,
        credentials: Option<Credentials>,
        options: ClientOptions,
        vendor: Option<Vendor>,
    ) -> Survey {
        Self::enter_telling(address, credentials, options, vendor, &|_| ()).await
    }

    /// The same, for who wants to know which step is under way.
    pub async fn enter_telling(
        address: DeviceAddress,
        credentials: Option<Credentials>,
        options: ClientOptions,
        vendor: Option<Vendor>,
        tell: &(dyn Fn(Step) + Send + Sync),
    ) -> Survey {
        let mut walk = Walk { steps: Vec::new(), vendor };
        tell(Step::Reach);
        let start = Instant::now();
        if walk.note(Step::Reach, start, reach(&address, &options).await).is_none() {
            return walk.end(None);
        }
        let client = Client::new(address, credentials, options);
        let mut facts = Facts::default();
        tell(Step::Speak);
        let start = Instant::now();
        let services = match services(&client).await {
            Ok(services) => {
                walk.note(Step::Speak, start, Ok(()));
                walk.note(Step::Capabilities, start, Ok(()));
                services
            }
            Err(error) if error.kind() == ErrorKind::Login => {
                walk.note(Step::Speak, start, Ok(()));
                return walk.shut_out(&client, start, error).await;
            }
            Err(error) if error.kind() == ErrorKind::Unreachable => {
                walk.note(Step::Speak, start, Err::<(), _>(error));
                return walk.end(None);
            }
            Err(error) => {
                if !speak(&client, &mut walk, &mut facts).await {
                    return walk.end(None);
                }
                walk.note(Step::Capabilities, start, Err::<(), _>(error));
                Services::default()
            }
        };
        client.learn_services(services.clone());
        // Profiles are guarded by every device, so asking for them is what shows whether the login is right.
        tell(Step::Authenticate);
        let start = Instant::now();
        let asked = match client.first_profiles().await {
            Err(error) if error.kind() == ErrorKind::Login => return walk.shut_out(&client, start, error).await,
            asked => asked,
        };
        walk.note(Step::Authenticate, start, Ok(()));
        let profiles = walk.note(Step::Profiles, start, asked).unwrap_or_default();
        let channels = channels(&profiles);
        if channels.is_empty()
            && let Some(report) = walk.steps.iter_mut().find(|report| report.step == Step::Profiles)
            && report.outcome.is_ok()
        {
            report.outcome = Err(StepError::nothing(Step::Profiles, &client.address().to_string()));
        }
        facts.login = Some(client.login_seen());
        facts.vendor.clone_from(&walk.vendor);
        walk.end(Some(Self { client, facts, services, profiles, channels, streams: Vec::new() }))
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

/// Asks for the clock, which anybody may, where the services did not answer. `false` when what is there does not speak
/// SOAP at all.
async fn speak(client: &Client, walk: &mut Walk, facts: &mut Facts) -> bool {
    let start = Instant::now();
    match read_clock(client).await {
        Ok((clock, offset_ms)) => {
            walk.note(Step::Speak, start, Ok(()));
            walk.note(Step::Clock, start, Ok(()));
            (facts.clock, facts.clock_offset_ms) = (Some(clock), offset_ms);
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

/// The device's clock, and milliseconds it is ahead of ours; the client takes note of them.
///
/// # Errors
/// As [`Client::call`].
pub async fn read_clock(client: &Client) -> Result<(SystemClock, Option<i64>), OnvifError> {
    let asked_at = UtcMillis::now();
    let clock = client.call(&GetSystemDateAndTime).await?;
    let offset_ms = clock.ahead_ms(asked_at, UtcMillis::now(), client.clock_offset_ms());
    if let Some(offset) = offset_ms {
        client.note_clock(offset);
    }
    Ok((clock, offset_ms))
}

fn is_incomplete(error: &OnvifError) -> bool {
    matches!(error, OnvifError::Incomplete { .. })
}

/// What the newer call tells; the older one where that is missing or names no media. The rest is merged by
/// [`Device::details`].
async fn services(client: &Client) -> Result<Services, OnvifError> {
    let new = client.call(&GetServices).await;
    match &new {
        Ok(services) if services.has(&Service::Media) || services.has(&Service::Media2) => return new,
        Err(error) if matches!(error.kind(), ErrorKind::Login | ErrorKind::Unreachable) => return new,
        _ => {}
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
