//! How recording reaches what cameras keep themselves: the third place, beside `tap` and `sense`, where the two domains
//! meet. No task.

use crate::{
    cameras::{Cameras, health::Health},
    recording::{EdgeRecording, EdgeStorage},
};
use futures::future::{BoxFuture, FutureExt};
use watchwall_media::ingest::{IngestOptions, ReplayDialect, ReplayRequest};
use watchwall_model::{
    Camera, Device, DeviceId, ErrorCode, Problem, Stream, StreamPath, StreamRole, TimeRange, UtcMillis,
};
use watchwall_onvif::{
    Client,
    operations::{
        EndSearch, FindRecordings, FoundRecording, GetRecordingJobs, GetRecordingSearchResults, GetReplayUri,
        RecordingJob, TrackKind,
    },
    soap::Service,
};
use watchwall_store::Store;

/// Portions of search results that are asked for.
const MOST_PORTIONS: usize = 20;
const PORTION: u32 = 100;
/// A device shows whole seconds: an offset below this may be none.
const WHOLE_SECOND_MS: i64 = 1_000;
/// What the reports of a stream say of the clock is believed when both agree so far.
const AGREE_MS: i64 = 2_000;

/// The storage of the site's cameras.
pub struct CameraStorage {
    pub store: Store,
    pub cameras: Cameras,
    pub health: Health,
}

impl EdgeStorage for CameraStorage {
    fn streams(&self) -> BoxFuture<'_, Result<Vec<(StreamPath, DeviceId)>, Problem>> {
        async {
            let devices = self.store.devices().all().await?;
            let offering: Vec<DeviceId> =
                devices.iter().filter(|device| replays(device)).map(|device| device.id).collect();
            if offering.is_empty() {
                return Ok(Vec::new());
            }
            let cameras = self.store.cameras().all().await?;
            let streams = cameras.iter().filter(|camera| camera.enabled).flat_map(|camera| {
                let device = camera.device.filter(|device| offering.contains(device));
                camera.streams.iter().filter_map(move |stream| Some((stream.path.clone(), device?)))
            });
            Ok(streams.collect())
        }
        .boxed()
    }

    fn recording<'a>(&'a self, path: &'a StreamPath) -> BoxFuture<'a, Result<EdgeRecording, Problem>> {
        self.find(path).boxed()
    }

    fn is_clear(&self, path: &StreamPath) -> bool {
        self.cameras.has_session_to_spare(path)
    }

    fn options(&self) -> &IngestOptions {
        self.cameras.ingest_options()
    }
}

impl CameraStorage {
    async fn find(&self, path: &StreamPath) -> Result<EdgeRecording, Problem> {
        let camera = self.store.cameras().by_path(path).await?;
        let camera = camera.ok_or_else(|| Problem::new(ErrorCode::CameraNotFound).with("path", path))?;
        let missing = || Problem::new(ErrorCode::OnvifMissing).with("name", &camera.name);
        let id = camera.device.ok_or_else(missing)?;
        let device = self.store.devices().get(id).await?.ok_or_else(missing)?;
        if !camera.enabled {
            return Err(Problem::new(ErrorCode::CameraDisabled).with("name", &camera.name));
        }
        let stream = camera.streams.iter().find(|stream| stream.path == *path).ok_or_else(missing)?;
        let link = self
            .health
            .link_soon(id)
            .await
            .ok_or_else(|| Problem::new(ErrorCode::Internal).at("gap_fill").because("no link to the device"))?;
        let client = link.client();
        let ingest =
            self.cameras.ingest(path).map(|ingest| ingest.snapshot().borrow().clock_skew_ms).unwrap_or_default();
        let clock_offset_ms = clock_offset(client.clock_offset_ms().or(device.facts.clock_offset_ms), ingest);
        let clock_offset_ms = clock_offset_ms.ok_or_else(|| {
            let problem = Problem::new(ErrorCode::AnswerInvalid).at("clock").with("host", &device.at.host);
            problem.because("nobody knows what time the device takes it for")
        })?;
        let jobs = client.call(&GetRecordingJobs).await.unwrap_or_default();
        let found = search(client).await?;
        let cameras_of_device = self.store.cameras().of_device(id).await?.len();
        let nothing = || Problem::new(ErrorCode::NoRecording).with("path", path);
        let ours = choose(&found, &jobs, Subject { camera: &camera, stream, cameras_of_device }).ok_or_else(nothing)?;
        let range = held(ours).and_then(|range| {
            let ours = |at: UtcMillis| at.saturating_add_ms(-clock_offset_ms);
            TimeRange::new(ours(range.start), ours(range.end))
        });
        let range = range.ok_or_else(nothing)?;
        let uri =
            client.call(&GetReplayUri { recording: ours.token.clone() }).await.map_err(|error| error.problem())?;
        let url = client.address().stream_url(&uri).map_err(|error| error.problem())?;
        let request = ReplayRequest {
            path: path.clone(),
            url,
            credentials: camera.credentials.clone(),
            device_key: Some(device.at.key()),
            range,
            clock_offset_ms,
            dialect: ReplayDialect::Onvif,
        };
        Ok(EdgeRecording { range, request })
    }
}

/// Whether a device says that it can be searched and replayed.
fn replays(device: &Device) -> bool {
    let has = |wanted: Service| {
        device.facts.services.iter().any(|service| Service::of_namespace(&service.namespace) == wanted)
    };
    has(Service::Search) && has(Service::Replay)
}

/// All recordings of the device.
async fn search(client: &Client) -> Result<Vec<FoundRecording>, Problem> {
    let token = client.call(&FindRecordings::default()).await.map_err(|error| error.problem())?;
    let results = GetRecordingSearchResults { token: token.clone(), most: PORTION };
    let mut found = Vec::new();
    let mut outcome = Ok(());
    for _ in 0..MOST_PORTIONS {
        match client.call(&results).await {
            Ok(portion) => {
                found.extend(portion.recordings);
                if portion.is_complete {
                    break;
                }
            }
            Err(error) => {
                outcome = Err(error.problem());
                break;
            }
        }
    }
    // A device that keeps it longer loses nothing but a token.
    let _ = client.call(&EndSearch { token }).await;
    outcome.map(|()| found)
}

/// Whose recording is looked for.
#[derive(Clone, Copy)]
struct Subject<'a> {
    camera: &'a Camera,
    stream: &'a Stream,
    cameras_of_device: usize,
}

/// The stream's recording: by the job that records its profile, by the picture source, or because there is no other.
/// Without such a job a sub-stream has none: devices record main streams.
fn choose<'r>(found: &'r [FoundRecording], jobs: &[RecordingJob], subject: Subject<'_>) -> Option<&'r FoundRecording> {
    let Subject { camera, stream, cameras_of_device } = subject;
    let of_profile = |profile: &String| {
        let job = jobs.iter().find(|job| job.sources.contains(profile))?;
        found.iter().find(|recording| recording.token == job.recording)
    };
    if let Some(recording) = stream.profile.as_ref().and_then(of_profile) {
        return Some(recording);
    }
    if stream.role != StreamRole::Main {
        return None;
    }
    let source = camera.source_token.as_deref().filter(|source| !source.is_empty());
    let by_source = source.and_then(|source| found.iter().find(|recording| recording.source.id == source));
    by_source.or(match found {
        [only] if cameras_of_device == 1 => Some(only),
        _ => None,
    })
}

/// What a recording says it holds, by the device's clock: its picture track, else the whole.
fn held(recording: &FoundRecording) -> Option<TimeRange> {
    let track = recording.tracks.iter().find(|track| track.kind == TrackKind::Video);
    let from = track.and_then(|track| track.from).or(recording.earliest)?;
    let to = track.and_then(|track| track.to).max(recording.latest)?;
    TimeRange::new(from, to)
}

/// How far a device's clock is ahead of ours. SOAP shows whole seconds; the reports of its live stream (RTCP) say it to the
/// millisecond, as how far it is behind.
fn clock_offset(shown_ms: Option<i64>, behind_ms: Option<i64>) -> Option<i64> {
    match (shown_ms, behind_ms.map(|behind| -behind)) {
        (Some(shown), Some(told)) if (shown - told).abs() <= AGREE_MS => Some(told),
        (Some(shown), _) if shown.abs() <= WHOLE_SECOND_MS => Some(0),
        (Some(shown), _) => Some(shown),
        (None, told) => told,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use watchwall_model::{CameraId, IngestEngine, SafeUrl, Transport};
    use watchwall_onvif::operations::{RecordingSource, RecordingTrack};

    #[test]
    fn the_finer_clock_is_believed_where_both_agree() {
        let check = |shown, behind, expect| assert_eq!(clock_offset(shown, behind), expect, "{shown:?} {behind:?}");
        check(None, None, None);
        check(Some(-700), None, Some(0));
        check(Some(-700), Some(12), Some(-12));
        check(Some(3_600_400), None, Some(3_600_400));
        check(Some(3_600_400), Some(-3_599_990), Some(3_599_990));
        // A stream that counts from 1970 says nothing of the clock that recordings go by.
        check(Some(400), Some(1_700_000_000_000), Some(0));
        check(None, Some(40), Some(-40));
    }

    fn recording(token: &str, source: &str) -> FoundRecording {
        let source = RecordingSource { id: source.into(), ..RecordingSource::default() };
        FoundRecording { token: token.into(), source, ..FoundRecording::default() }
    }

    #[test]
    fn a_recording_says_what_it_holds() {
        let at = |seconds: i64| Some(UtcMillis(seconds * 1000));
        let track = |kind, from, to| RecordingTrack { token: String::new(), kind, from, to };
        let check = |recording: FoundRecording, expect: Option<(i64, i64)>| {
            assert_eq!(held(&recording).map(|range| (range.start.0 / 1000, range.end.0 / 1000)), expect);
        };
        check(FoundRecording { earliest: at(1), latest: at(9), ..recording("a", "") }, Some((1, 9)));
        let tracks = vec![track(TrackKind::Audio, at(0), at(20)), track(TrackKind::Video, at(3), at(8))];
        check(FoundRecording { tracks: tracks.clone(), ..recording("a", "") }, Some((3, 8)));
        // The end of a track that is still being recorded is often old.
        check(FoundRecording { tracks, latest: at(9), ..recording("a", "") }, Some((3, 9)));
        check(recording("a", ""), None);
    }

    fn camera(source: Option<&str>, profile: Option<&str>, role: StreamRole) -> Camera {
        let stream = Stream {
            path: StreamPath::parse("cam").unwrap(),
            role,
            url: SafeUrl::split("rtsp://10.0.0.5/a").unwrap().0,
            engine: IngestEngine::Auto,
            transport: Transport::Auto,
            facts: None,
            engine_in_use: None,
            profile: profile.map(Into::into),
            failure: None,
            is_invalid_after_reboot: false,
        };
        Camera {
            id: CameraId(1),
            name: "Gate".into(),
            host: "10.0.0.5".into(),
            channel: 1,
            group: None,
            enabled: true,
            credentials: None,
            device: None,
            source_token: source.map(Into::into),
            ptz_profile: None,
            streams: vec![stream],
            version: 1,
            created_at: UtcMillis(0),
        }
    }

    #[track_caller]
    fn check(camera: &Camera, found: &[FoundRecording], cameras_of_device: usize, expect: Option<&str>) {
        let job = RecordingJob { recording: "R2".into(), sources: vec!["P2".into()], ..RecordingJob::default() };
        let subject = Subject { camera, stream: &camera.streams[0], cameras_of_device };
        assert_eq!(choose(found, &[job], subject).map(|recording| recording.token.as_str()), expect);
    }

    #[test]
    fn each_stream_finds_its_own_recording() {
        use StreamRole::{Main, Sub};
        let both = [recording("R1", "V1"), recording("R2", "V2")];
        check(&camera(Some("V1"), Some("P2"), Main), &both, 2, Some("R2"));
        check(&camera(Some("V1"), Some("P9"), Main), &both, 2, Some("R1"));
        check(&camera(Some("V9"), None, Main), &both, 2, None);
        check(&camera(None, None, Main), &both[..1], 1, Some("R1"));
        check(&camera(None, None, Main), &both[..1], 2, None);
        check(&camera(Some("V1"), None, Sub), &both, 1, None);
        check(&camera(Some("V1"), Some("P2"), Sub), &both, 1, Some("R2"));
        check(&camera(Some("V1"), None, Main), &[], 1, None);
    }
}
