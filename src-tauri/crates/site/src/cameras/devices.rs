//! Stored devices: moved, given another login, asked again, forgotten. Their cameras follow in the same transaction.

use super::{
    CameraSnapshot, Cameras,
    handle::Shared,
    onboarding::{
        StepOutcome, Target, address_of, at_host, endpoint_of, facts_of, problem_of, read_target, services_of,
        stream_failure,
    },
};
use watchwall_model::{
    Camera, CameraId, Credentials, Device, DeviceEndpoint, DeviceFacts, DeviceId, ErrorCode, Phase, Problem, SafeUrl,
    Secret, Stream, StreamFailure, StreamPath, StreamRole, UtcMillis,
};
use watchwall_onvif::{Client, Device as Found, Vendor};

/// Changes to a device; `None` leaves a field as it is.
#[derive(Clone, Debug, Default)]
pub struct DeviceEdit {
    /// Address, name or URL; its cameras and their recordings follow.
    pub address: Option<String>,
    pub port: Option<u16>,
    /// Empty removes the credentials.
    pub username: Option<String>,
    pub password: Option<Secret>,
}

/// A device with its cameras.
#[derive(Clone, Debug)]
pub struct DeviceSnapshot {
    pub device: Device,
    /// By channel.
    pub cameras: Vec<CameraSnapshot>,
}

impl Cameras {
    /// # Errors
    /// `device_not_found`.
    pub async fn device(&self, id: DeviceId) -> Result<DeviceSnapshot, Problem> {
        let device = self.shared.device(id).await?;
        let cameras = self.shared.store.cameras().of_device(id).await?;
        Ok(self.with_cameras(device, cameras))
    }

    /// Moves a device or changes its login, for all its cameras at once. The device itself is not asked.
    ///
    /// # Errors
    /// `device_not_found`, `version_conflict`, `device_exists`, `url_invalid`.
    pub async fn change_device(
        &self,
        id: DeviceId,
        version: Option<i64>,
        edit: DeviceEdit,
    ) -> Result<DeviceSnapshot, Problem> {
        let mut device = self.shared.device(id).await?;
        if version.is_some_and(|version| version != device.version) {
            return Err(Problem::new(ErrorCode::VersionConflict).with("what", "device"));
        }
        let mut cameras = self.shared.store.cameras().of_device(id).await?;
        let _registering = self.shared.onboarding.registering.lock().await;
        let in_address = match wished_place(&device.at, &edit)? {
            Some((at, credentials)) => {
                self.shared.refuse_taken(id, &at).await?;
                for camera in &mut cameras {
                    move_camera(camera, &device.at.host, &at.host)?;
                }
                device.at = at;
                credentials
            }
            None => None,
        };
        let credentials = edited_credentials(device.credentials.clone(), in_address, edit.username, edit.password);
        if credentials != device.credentials {
            device.credentials.clone_from(&credentials);
            cameras.iter_mut().for_each(|camera| camera.credentials.clone_from(&credentials));
        }
        let (device, cameras) = self.shared.store.devices().update(&device, &cameras, &[]).await?;
        self.shared.wake.notify_one();
        self.shared.bump();
        Ok(self.with_cameras(device, cameras))
    }

    /// Asks a device again: who it is, where its streams are. Streams that failed, or moved, are received again.
    ///
    /// # Errors
    /// `device_not_found`, what the device or the way to it says, `version_conflict` when somebody changed it meanwhile.
    pub async fn refresh_device(&self, id: DeviceId) -> Result<(DeviceSnapshot, Vec<StepOutcome>), Problem> {
        let shared = &self.shared;
        let mut device = shared.device(id).await?;
        let mut cameras = shared.store.cameras().of_device(id).await?;
        let options = shared.onboarding.examiner.client_options(device.at.key());
        let vendor = device.facts.vendor.as_deref().and_then(Vendor::of_name);
        let address = address_of(&device.at)?;
        let survey = Found::connect_known(address, device.credentials.clone(), options, vendor).await;
        let refusal =
            survey.first_error().map(|(_, error)| error.problem.clone().suggesting(error.suggestion.as_str()));
        let steps = survey.steps.into_iter().map(StepOutcome::from).collect();
        let Some(found) = survey.device else {
            return Err(refusal.unwrap_or_else(|| Problem::new(ErrorCode::NotOnvif)));
        };
        device.facts = facts_of(&found);
        for camera in &mut cameras {
            shared.refresh_camera(&device, &found, camera).await;
        }
        let (device, cameras) = shared.store.devices().update(&device, &cameras, &[]).await?;
        shared.wake.notify_one();
        shared.bump();
        Ok((self.with_cameras(device, cameras), steps))
    }

    /// Shows another profile in a stream. The profile is received before anything changes.
    ///
    /// # Errors
    /// `camera_not_found`, `operation_unsupported` without ONVIF, `profile_unknown`, `version_conflict`, and what keeps the
    /// profile from being received.
    pub async fn choose_profile(
        &self,
        id: CameraId,
        role: StreamRole,
        token: &str,
        version: Option<i64>,
    ) -> Result<CameraSnapshot, Problem> {
        let shared = &self.shared;
        let mut camera = self.get(id).await?.camera;
        let Some(device) = camera.device else {
            return Err(Problem::new(ErrorCode::OperationUnsupported)
                .with("host", &camera.host)
                .with("operation", "ONVIF"));
        };
        let device = shared.device(device).await?;
        let source = camera.source_token.as_deref().unwrap_or_default();
        let is_own =
            |profile: &&watchwall_model::DeviceProfile| profile.token == token && profile.source_token == source;
        if !device.facts.profiles.iter().any(|profile| is_own(&profile)) {
            return Err(Problem::new(ErrorCode::ProfileUnknown).with("profile", token));
        }
        let client = shared.client(&device)?;
        let uri = client.stream_uri(token).await.map_err(|error| error.problem().at(StreamFailure::STREAM_URIS))?;
        let url = client.address().stream_url(&uri.uri).map_err(|error| error.problem())?;
        let credentials = camera.credentials.clone();
        let report = shared.onboarding.examiner.probe(&url, credentials.as_ref(), &device.at.key()).await;
        let report = report.map_err(|failure| problem_of(&failure))?;
        let stream = stream_of(&mut camera, role, &url);
        stream.url = url;
        stream.profile = Some(token.to_owned());
        stream.is_invalid_after_reboot = uri.is_invalid_after_reboot;
        (stream.failure, stream.facts, stream.engine_in_use) = (None, Some(report.facts), Some(report.engine));
        let expected = version.unwrap_or(camera.version);
        let camera = shared.store.cameras().update(&camera, expected).await?;
        shared.wake.notify_one();
        shared.bump();
        Ok(self.snapshot(camera))
    }

    /// Forgets a device and its cameras. Their recordings stay until retention takes them.
    ///
    /// # Errors
    /// `device_not_found`.
    pub async fn remove_device(&self, id: DeviceId) -> Result<DeviceSnapshot, Problem> {
        let old = self.device(id).await?;
        self.shared.store.devices().delete(id).await?;
        self.shared.wake.notify_one();
        self.shared.bump();
        Ok(old)
    }

    fn with_cameras(&self, device: Device, cameras: Vec<Camera>) -> DeviceSnapshot {
        DeviceSnapshot { device, cameras: cameras.into_iter().map(|camera| self.snapshot(camera)).collect() }
    }
}

impl Shared {
    pub async fn device(&self, id: DeviceId) -> Result<Device, Problem> {
        let device = self.store.devices().get(id).await?;
        device.ok_or_else(|| Problem::new(ErrorCode::DeviceNotFound).with("id", id))
    }

    /// A client of a stored device that knows its services and clock already. It shares login memory and connections with
    /// everything else of the site.
    ///
    /// # Errors
    /// `url_invalid`, which only a damaged row can cause.
    pub fn client(&self, device: &Device) -> Result<Client, Problem> {
        let options = self.onboarding.examiner.client_options(device.at.key());
        let client = Client::new(address_of(&device.at)?, device.credentials.clone(), options);
        client.learn_services(services_of(&device.facts.services));
        if let Some(offset) = device.facts.clock_offset_ms {
            client.note_clock(offset);
        }
        Ok(client)
    }

    /// Asks again where streams are that are wanted and do not come, of devices whose addresses end with a restart.
    ///
    /// # Errors
    /// What the device or the way to it says, and those of the database.
    pub async fn renew_addresses(&self, id: DeviceId, client: &Client) -> Result<(), Problem> {
        let mut is_changed = false;
        for mut camera in self.store.cameras().of_device(id).await? {
            let before = camera.clone();
            for stream in &mut camera.streams {
                let Some(profile) = stream.profile.clone().filter(|_| stream.is_invalid_after_reboot) else { continue };
                if !self.is_missing(&stream.path) {
                    continue;
                }
                let uri = client.stream_uri(&profile).await.map_err(|error| error.problem())?;
                stream.url = client.address().stream_url(&uri.uri).map_err(|error| error.problem())?;
            }
            if camera != before {
                self.store.cameras().update(&camera, camera.version).await?;
                is_changed = true;
            }
        }
        if is_changed {
            self.wake.notify_one();
            self.bump();
        }
        Ok(())
    }

    /// Somebody wants the stream and it does not come.
    fn is_missing(&self, path: &StreamPath) -> bool {
        let phase = self.running.ingest(path).map(|ingest| ingest.snapshot().borrow().phase.clone());
        phase.is_some_and(|phase| matches!(phase, Phase::Waiting { .. } | Phase::NeedsAttention { .. }))
    }

    async fn refuse_taken(&self, id: DeviceId, at: &DeviceEndpoint) -> Result<(), Problem> {
        let others = self.store.devices().alike(at, &DeviceFacts::default()).await?;
        match others.iter().find(|other| other.id != id) {
            Some(other) => {
                let name = other.facts.name.clone().unwrap_or_default();
                let host = format!("{}:{}", at.host, at.port);
                Err(Problem::new(ErrorCode::DeviceExists)
                    .with("host", host)
                    .with("name", name)
                    .with("device_id", other.id))
            }
            None => Ok(()),
        }
    }

    async fn refresh_camera(&self, device: &Device, found: &Found, camera: &mut Camera) {
        let channel = found.channels.iter().find(|channel| Some(&channel.source_token) == camera.source_token.as_ref());
        if let Some(channel) = channel {
            camera.ptz_profile.clone_from(&channel.ptz_profile);
        }
        let credentials = camera.credentials.clone();
        for stream in &mut camera.streams {
            let before = stream.url.clone();
            if let Some(profile) = profile_now(device, channel, stream) {
                stream.profile = Some(profile.clone());
                match uri_now(found, &profile).await {
                    Ok((url, is_invalid_after_reboot)) => {
                        (stream.url, stream.is_invalid_after_reboot) = (url, is_invalid_after_reboot);
                    }
                    Err(failure) => {
                        // An address that worked is better than none.
                        if !stream.has_address() {
                            stream.failure = Some(failure);
                        }
                        continue;
                    }
                }
            }
            if stream.url == before && stream.failure.is_none() {
                continue;
            }
            match self.onboarding.examiner.probe(&stream.url, credentials.as_ref(), &device.at.key()).await {
                Ok(report) => {
                    (stream.facts, stream.engine_in_use) = (Some(report.facts), Some(report.engine));
                    stream.failure = None;
                }
                Err(failure) => stream.failure = Some(failure),
            }
        }
    }
}

/// The stream's profile while the device has it, else the channel's for its role.
fn profile_now(device: &Device, channel: Option<&watchwall_onvif::Channel>, stream: &Stream) -> Option<String> {
    let own = stream.profile.as_ref()?;
    if device.facts.profiles.iter().any(|profile| profile.token == *own) {
        return Some(own.clone());
    }
    let channel = channel?;
    match stream.role {
        StreamRole::Main => channel.main.clone(),
        StreamRole::Sub => channel.sub.clone(),
    }
}

async fn uri_now(found: &Found, profile: &str) -> Result<(SafeUrl, bool), StreamFailure> {
    let asked = found.streams.iter().find(|stream| stream.profile == profile);
    if let Some(stream) = asked
        && let Ok(url) = &stream.url
    {
        return Ok((url.clone(), stream.is_invalid_after_reboot));
    }
    let uri = found.client.stream_uri(profile).await;
    let url = uri.and_then(|uri| Ok((found.client.address().stream_url(&uri.uri)?, uri.is_invalid_after_reboot)));
    url.map_err(|error| StreamFailure {
        step: StreamFailure::STREAM_URIS.to_owned(),
        at: UtcMillis::now(),
        ..stream_failure(&error.problem())
    })
}

/// Where the device is to be, and credentials that stood in the address; `None` when it stays.
fn wished_place(
    at: &DeviceEndpoint,
    edit: &DeviceEdit,
) -> Result<Option<(DeviceEndpoint, Option<Credentials>)>, Problem> {
    let wished = match (&edit.address, edit.port) {
        (None, None) => return Ok(None),
        (None, Some(port)) => return Ok(Some((DeviceEndpoint { port, ..at.clone() }, None))),
        (Some(address), port) => read_target(address, port).map_err(|problem| problem.with("field", "address"))?,
    };
    match wished {
        (Target::Device(address), credentials) => {
            let mut wished = endpoint_of(&address);
            let is_bare = edit.address.as_deref().is_some_and(|text| !text.contains("://"));
            if is_bare {
                // Only the host was named: the rest is as it was.
                (wished.is_tls, wished.path) = (at.is_tls, at.path.clone());
                let has_port = edit.port.is_some() || address.port() != 80;
                wished.port = if has_port { wished.port } else { at.port };
            }
            Ok(Some((wished, credentials)))
        }
        (Target::Stream(url), _) => {
            Err(Problem::new(ErrorCode::UrlSchemeUnsupported).with("scheme", url.scheme()).with("field", "address"))
        }
    }
}

/// Streams follow to the new host unless they never were on the old one, as multicast.
fn move_camera(camera: &mut Camera, old: &str, new: &str) -> Result<(), Problem> {
    camera.host = new.to_owned();
    for stream in &mut camera.streams {
        if stream.url.host().eq_ignore_ascii_case(old) {
            stream.url = at_host(&stream.url, new)?;
        }
    }
    Ok(())
}

fn edited_credentials(
    old: Option<Credentials>,
    in_address: Option<Credentials>,
    username: Option<String>,
    password: Option<Secret>,
) -> Option<Credentials> {
    let old = in_address.or(old);
    match (username, password) {
        (None, None) => old,
        (Some(username), None) if username.is_empty() => None,
        (username, password) => Some(Credentials {
            username: username.or_else(|| old.as_ref().map(|old| old.username.clone())).unwrap_or_default(),
            password: password.or_else(|| old.map(|old| old.password)).unwrap_or_default(),
        }),
    }
}

fn stream_of<'c>(camera: &'c mut Camera, role: StreamRole, url: &SafeUrl) -> &'c mut Stream {
    let index = match camera.streams.iter().position(|stream| stream.role == role) {
        Some(index) => index,
        None => {
            let (engine, transport) =
                camera.streams.first().map_or_else(Default::default, |other| (other.engine, other.transport));
            camera.streams.push(Stream {
                path: StreamPath::for_camera(&camera.host, camera.channel, role),
                role,
                url: url.clone(),
                engine,
                transport,
                facts: None,
                engine_in_use: None,
                profile: None,
                failure: None,
                is_invalid_after_reboot: false,
            });
            camera.streams.len() - 1
        }
    };
    &mut camera.streams[index]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_moves_as_far_as_it_was_told() {
        let at = DeviceEndpoint { host: "10.0.0.5".into(), port: 8000, is_tls: false, path: "/onvif/x".into() };
        let check = |address: Option<&str>, port, expect: Option<&str>| {
            let edit = DeviceEdit { address: address.map(Into::into), port, ..DeviceEdit::default() };
            let got = wished_place(&at, &edit).unwrap().map(|(at, _)| at.url());
            assert_eq!(got.as_deref(), expect, "{address:?} {port:?}");
        };
        check(None, None, None);
        check(Some("10.0.0.9"), None, Some("http://10.0.0.9:8000/onvif/x"));
        check(Some("10.0.0.9"), Some(80), Some("http://10.0.0.9:80/onvif/x"));
        check(None, Some(8080), Some("http://10.0.0.5:8080/onvif/x"));
        check(Some("https://cam.lan/onvif/device_service"), None, Some("https://cam.lan:443/onvif/device_service"));
        let stream = DeviceEdit { address: Some("rtsp://10.0.0.9/a".into()), ..DeviceEdit::default() };
        assert_eq!(wished_place(&at, &stream).unwrap_err().code, ErrorCode::UrlSchemeUnsupported);
    }

    #[test]
    fn a_login_is_changed_in_part() {
        let old = || Some(Credentials { username: "anna".into(), password: Secret::new("old") });
        let check = |username: Option<&str>, password: Option<&str>, expect: Option<(&str, &str)>| {
            let got = edited_credentials(old(), None, username.map(Into::into), password.map(Secret::new));
            assert_eq!(got.as_ref().map(|c| (c.username.as_str(), c.password.reveal())), expect);
        };
        check(None, None, Some(("anna", "old")));
        check(Some("bob"), None, Some(("bob", "old")));
        check(None, Some("new"), Some(("anna", "new")));
        check(Some(""), None, None);
        check(Some(""), Some("new"), Some(("", "new")));
    }
}
