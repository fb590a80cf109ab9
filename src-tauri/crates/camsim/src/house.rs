//! What all tasks of a farm share: its cameras, clock, clips, and the token that ends them.

use crate::{
    CameraSpec, CamsimError, Fault,
    content::{ClipLibrary, Packing},
    counters::{CameraCounters, CameraTally},
    fault::{EncoderSettings, FaultSet},
    login::LoginDesk,
    onvif::{Device, DiscoveryDoor},
    stream::{Feed, MediaClock, StreamRuntime, Timeline, VIDEO_HZ, ticks},
};
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::sync::watch;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use watchwall_model::StreamRole;

pub(crate) struct House {
    pub cameras: Vec<CameraRuntime>,
    pub devices: Vec<Device>,
    pub discovery: Option<DiscoveryDoor>,
    pub clock: MediaClock,
    pub library: ClipLibrary,
    pub session_timeout: Duration,
    /// Tells that a fault was entered or has ended.
    pub changed: watch::Sender<()>,
    pub stop: CancellationToken,
    pub tasks: TaskTracker,
}

pub(crate) struct CameraRuntime {
    pub spec: CameraSpec,
    pub tally: CameraTally,
    /// Where it is reached.
    pub address: SocketAddr,
    /// Who may see it: the device's accounts when it belongs to one.
    pub desk: Arc<LoginDesk>,
    pub main: Arc<StreamRuntime>,
    pub sub: Option<Arc<StreamRuntime>>,
}

/// How long a fault that needs other pictures may take until they are on the air.
const CONTENT_WAIT: Duration = Duration::from_secs(60);

impl CameraRuntime {
    pub fn streams(&self) -> impl Iterator<Item = &Arc<StreamRuntime>> {
        [Some(&self.main), self.sub.as_ref()].into_iter().flatten()
    }

    pub fn counters(&self) -> CameraCounters {
        self.tally.read(&self.main.tally, self.sub.as_ref().map(|sub| &sub.tally))
    }

    /// Waits until the whole camera is offline, or is not.
    pub async fn becomes(&self, offline: bool) {
        let mut main = self.main.faults.subscribe();
        let mut sub = self.sub.as_ref().unwrap_or(&self.main).faults.subscribe();
        while self.streams().all(|stream| stream.faults().offline) != offline {
            // The senders live as long as the camera.
            tokio::select! {
                _ = main.changed() => {}
                _ = sub.changed() => {}
            }
        }
    }
}

impl House {
    pub fn camera(&self, camera: usize) -> Result<&CameraRuntime, CamsimError> {
        self.cameras.get(camera).ok_or(CamsimError::UnknownCamera(camera))
    }

    pub fn device(&self, device: usize) -> Result<&Device, CamsimError> {
        self.devices.get(device).ok_or(CamsimError::UnknownDevice(device))
    }

    /// The device that a camera belongs to.
    pub fn device_of(&self, camera: usize) -> Option<&Device> {
        self.devices.iter().find(|device| device.spec.cameras.contains(&camera))
    }

    pub fn stream(&self, camera: usize, role: StreamRole) -> Option<&Arc<StreamRuntime>> {
        let camera = self.cameras.get(camera)?;
        match role {
            StreamRole::Main => Some(&camera.main),
            StreamRole::Sub => camera.sub.as_ref(),
        }
    }

    /// Enters a fault for one stream or all of a camera; returns when it is in force.
    pub async fn fault(&self, camera: usize, role: Option<StreamRole>, fault: Fault) -> Result<(), CamsimError> {
        let reason = |reason: String| CamsimError::BadSpec { camera: camera.to_string(), reason };
        if let Fault::ParameterChange { width, height } = fault
            && (!(32..=8192).contains(&width) || !(32..=8192).contains(&height))
        {
            return Err(reason(format!("a picture of {width}x{height} is not possible")));
        }
        if let Fault::PacketLoss { percent } | Fault::PacketReorder { percent } = fault
            && !(0.0..=100.0).contains(&percent)
        {
            return Err(reason(format!("{percent} percent is not possible")));
        }
        self.change(camera, role, |set, now_us, rtp_now| set.on(fault, now_us, rtp_now)).await?;
        if let Fault::Reboot { ms } = fault {
            self.come_back(camera, role, Duration::from_millis(ms.into()));
        }
        Ok(())
    }

    /// Heals one stream or all of a camera; returns when that is done.
    pub async fn clear(&self, camera: usize, role: Option<StreamRole>) -> Result<(), CamsimError> {
        self.change(camera, role, |set, now_us, _| set.cleared(now_us)).await
    }

    /// Sets a stream's encoder, as its owner does. The new picture comes as soon as it is encoded; a session keeps
    /// running unless the codec is another one.
    pub fn set_encoder(self: &Arc<Self>, stream: &Arc<StreamRuntime>, settings: EncoderSettings) {
        stream.faults.send_modify(|set| {
            let now = set.content.encoder.unwrap_or_else(|| EncoderSettings::of(&stream.spec));
            set.cuts += u32::from(now.codec != settings.codec);
            set.content.encoder = Some(settings);
        });
        let (house, stream, stop) = (self.clone(), stream.clone(), self.stop.clone());
        self.tasks.spawn(async move {
            let made = tokio::select! {
                () = stop.cancelled() => return,
                made = house.produce(&stream) => made,
            };
            if let Err(error) = made {
                tracing::error!(camera = stream.name, %error, "the new settings of an encoder gave no picture");
            }
        });
    }

    /// Puts on the air what the stream's faults want; at the start, its plain content.
    pub async fn produce(&self, stream: &StreamRuntime) -> Result<(), CamsimError> {
        loop {
            let content = stream.faults().content;
            match &stream.feed {
                Feed::Loop(timeline) => {
                    if timeline.borrow().as_ref().is_some_and(|on_air| on_air.content == content) {
                        return Ok(());
                    }
                    let packing = Packing { burst_kbps: content.burst_kbps, variable_rate: content.variable_rate };
                    let clip = self.library.clip(stream.profile(content), packing).await?;
                    let first = timeline.borrow().is_none();
                    let now = ticks(self.clock.now_us(), VIDEO_HZ);
                    // Loops that are shared shall not show their key frames together.
                    let share = i64::from(stream.ordinal.wrapping_mul(2_654_435_769) >> 16);
                    let spread = (clip.track.length * share) >> 16;
                    let start = if first { now - spread } else { now };
                    timeline.send_replace(Some(Timeline { clip, start, content }));
                }
                Feed::Live(live) => {
                    let mut on_air = live.on_air.subscribe();
                    let settled = on_air.wait_for(|now| now.as_ref().is_some_and(|(_, made)| *made == content));
                    let what = || format!("{} {}", stream.name, stream.role.as_str());
                    let late = |_| CamsimError::EncoderTimeout { what: what(), seconds: CONTENT_WAIT.as_secs() };
                    tokio::time::timeout(CONTENT_WAIT, settled)
                        .await
                        .map_err(late)?
                        .map_err(|_| CamsimError::Stopped)?;
                    return Ok(());
                }
            }
        }
    }

    async fn change(
        &self,
        camera: usize,
        role: Option<StreamRole>,
        change: impl Fn(FaultSet, i64, u32) -> FaultSet,
    ) -> Result<(), CamsimError> {
        let streams = self.camera(camera)?.streams().filter(|stream| role.is_none_or(|role| stream.role == role));
        for stream in streams {
            let now_us = self.clock.now_us();
            stream.faults.send_modify(|set| {
                let rtp_now = stream.video_time_now(now_us, set);
                *set = change(*set, now_us, rtp_now);
            });
            self.changed.send_replace(());
            self.produce(stream).await?;
        }
        Ok(())
    }

    fn come_back(&self, camera: usize, role: Option<StreamRole>, after: Duration) {
        let Ok(camera) = self.camera(camera) else { return };
        for stream in camera.streams().filter(|stream| role.is_none_or(|role| stream.role == role)).cloned() {
            let (stop, changed) = (self.stop.clone(), self.changed.clone());
            self.tasks.spawn(async move {
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = tokio::time::sleep(after) => {
                        stream.faults.send_modify(|set| set.offline = false);
                        changed.send_replace(());
                    }
                }
            });
        }
    }
}
