//! Who is examined: a camera of the site with what is stored of it, or an address that somebody typed.

use super::place::Place;
use crate::cameras::{
    CameraSnapshot,
    handle::Shared,
    onboarding::{Target, address_of, endpoint_of, read_target},
};
use std::sync::Arc;
use watchwall_media::ingest::{IngestHandle, ProbeRequest, device_at};
use watchwall_model::{
    CameraId, Credentials, DeviceId, DeviceKey, ErrorCode, IngestEngine, Problem, SafeUrl, Secret, Stream, StreamRole,
    Transport,
};
use watchwall_onvif::Vendor;

/// What somebody wants examined.
#[derive(Clone, Debug, Default)]
pub struct DoctorWish {
    /// Address, name, IPv6 or URL of a device, or the URL of a stream.
    pub address: String,
    pub port: Option<u16>,
    pub username: Option<String>,
    pub password: Option<Secret>,
    /// Of a recorder, from 1; `None` examines all of them.
    pub channel: Option<u32>,
}

pub struct Subject {
    /// `None` for an address.
    pub camera: Option<CameraId>,
    /// `None` without ONVIF, and for an address.
    pub device: Option<DeviceId>,
    pub name: String,
    pub target: Target,
    pub credentials: Option<Credentials>,
    pub key: DeviceKey,
    pub vendor: Option<Vendor>,
    pub channels: WantedChannels,
    /// As stored; empty for an address, whose device is asked.
    pub streams: Vec<SubjectStream>,
    /// The site listens to its events already.
    pub is_listened_to: bool,
}

/// Which channels of a device are examined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WantedChannels {
    All,
    /// From 1, in the order the device lists them.
    Numbered(u32),
    /// That of a camera, as the device names it; the first where it is not known.
    Own(Option<String>),
}

/// One stream to be watched.
#[derive(Clone)]
pub struct SubjectStream {
    /// Of a recorder; `None` where there is but one picture.
    pub channel: Option<u32>,
    pub role: StreamRole,
    pub url: SafeUrl,
    pub engine: IngestEngine,
    pub transport: Transport,
    pub profile: Option<String>,
    /// The site's own session, while its camera is enabled.
    pub ingest: Option<IngestHandle>,
}

impl Subject {
    /// # Errors
    /// `url_invalid` and its like, naming what is wrong.
    pub fn of_address(wish: &DoctorWish) -> Result<Self, Problem> {
        if wish.address.trim().is_empty() {
            return Err(Problem::new(ErrorCode::RequestInvalid).with("field", "address").with("reason", "empty"));
        }
        let (target, in_address) =
            read_target(&wish.address, wish.port).map_err(|problem| problem.with("field", "address"))?;
        let typed = wish.username.as_deref().map(str::trim).filter(|name| !name.is_empty());
        let credentials = match typed {
            Some(username) => Some(Credentials {
                username: username.to_owned(),
                password: wish.password.clone().or(in_address.map(|own| own.password)).unwrap_or_default(),
            }),
            None => in_address,
        };
        let (key, streams) = match &target {
            Target::Device(address) => (endpoint_of(address).key(), Vec::new()),
            Target::Stream(url) => (device_at(url, Transport::Auto), vec![SubjectStream::bare(StreamRole::Main, url)]),
        };
        Ok(Self {
            camera: None,
            device: None,
            name: String::new(),
            target,
            credentials,
            key,
            vendor: None,
            channels: wish.channel.map_or(WantedChannels::All, WantedChannels::Numbered),
            streams,
            is_listened_to: false,
        })
    }

    /// # Errors
    /// `camera_disabled`, `no_video` for a camera without any address, `url_invalid` for a damaged row.
    pub(in crate::cameras) async fn of_camera(
        shared: &Arc<Shared>,
        snapshot: CameraSnapshot,
        is_listened_to: bool,
    ) -> Result<Self, Problem> {
        let camera = snapshot.camera;
        if !camera.enabled {
            return Err(Problem::new(ErrorCode::CameraDisabled).with("name", &camera.name));
        }
        let streams: Vec<SubjectStream> = camera
            .streams
            .iter()
            .filter(|stream| stream.has_address())
            .map(|stream| SubjectStream::stored(stream, shared.running.ingest(&stream.path)))
            .collect();
        let base = Self {
            camera: Some(camera.id),
            device: camera.device,
            name: camera.name.clone(),
            target: match streams.first() {
                Some(stream) => Target::Stream(stream.url.clone()),
                None => Target::Stream(SafeUrl::split(&format!("rtsp://{}/", bracketed(&camera.host)))?.0),
            },
            key: streams.first().map_or_else(
                || DeviceKey::new(camera.host.as_str()),
                |stream| device_at(&stream.url, stream.transport),
            ),
            credentials: camera.credentials,
            vendor: None,
            channels: WantedChannels::Own(camera.source_token),
            streams,
            is_listened_to,
        };
        let Some(device) = camera.device else {
            let has_streams = !base.streams.is_empty();
            return has_streams
                .then_some(base)
                .ok_or_else(|| Problem::new(ErrorCode::NoVideo).with("host", camera.host));
        };
        let device = shared.device(device).await?;
        Ok(Self {
            target: Target::Device(address_of(&device.at)?),
            credentials: device.credentials,
            key: device.at.key(),
            vendor: device.facts.vendor.as_deref().and_then(Vendor::of_name),
            ..base
        })
    }

    /// Host and port, or the URL of a stream.
    pub fn address(&self) -> String {
        self.target.key()
    }

    /// How a stream is asked for.
    pub fn request(&self, stream: &SubjectStream) -> ProbeRequest {
        ProbeRequest {
            url: stream.url.clone(),
            credentials: self.credentials.clone(),
            engine: stream.engine,
            transport: stream.transport,
            device_key: Some(self.key.clone()),
        }
    }
}

impl SubjectStream {
    pub fn bare(role: StreamRole, url: &SafeUrl) -> Self {
        let (engine, transport) = (IngestEngine::Auto, Transport::Auto);
        Self { channel: None, role, url: url.clone(), engine, transport, profile: None, ingest: None }
    }

    fn stored(stream: &Stream, ingest: Option<IngestHandle>) -> Self {
        Self {
            channel: None,
            role: stream.role,
            url: stream.url.clone(),
            engine: stream.engine,
            transport: stream.transport,
            profile: stream.profile.clone(),
            ingest,
        }
    }

    pub const fn place(&self) -> Place {
        Place::of_channel(self.channel).stream(self.role)
    }

    /// The site's own session, while it plays.
    pub fn playing(&self) -> Option<&IngestHandle> {
        self.ingest.as_ref().filter(|ingest| ingest.snapshot().borrow().phase.is_live())
    }

    /// Whether its packets can be listened to one by one.
    pub fn is_plain_rtsp(&self) -> bool {
        matches!(self.url.scheme(), "rtsp" | "rtspt")
            && matches!(self.transport, Transport::Auto | Transport::Tcp | Transport::Udp)
    }
}

fn bracketed(host: &str) -> String {
    if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_with_its_login() {
        let check = |wish: DoctorWish, address: &str, login: Option<(&str, &str)>| {
            let subject = Subject::of_address(&wish).unwrap_or_else(|problem| unreachable!("{problem}"));
            let own = subject.credentials.as_ref().map(|own| (own.username.as_str(), own.password.reveal()));
            assert_eq!((subject.address().as_str(), own), (address, login));
        };
        let wish = |address: &str| DoctorWish { address: address.into(), ..DoctorWish::default() };
        let typed = |address: &str| DoctorWish {
            username: Some("anna".into()),
            password: Some(Secret::new("typed")),
            ..wish(address)
        };
        check(wish("10.0.0.5"), "10.0.0.5:80", None);
        check(wish("http://bob:in@10.0.0.5:8080/"), "10.0.0.5:8080", Some(("bob", "in")));
        check(typed("http://bob:in@10.0.0.5/"), "10.0.0.5:80", Some(("anna", "typed")));
        check(typed("rtsp://10.0.0.5/main"), "rtsp://10.0.0.5/main", Some(("anna", "typed")));
        assert!(Subject::of_address(&wish(" ")).is_err());
    }
}
