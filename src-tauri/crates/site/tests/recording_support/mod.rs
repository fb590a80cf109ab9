//! Streams without cameras: real H.264 pushed into hubs at its own pace, and looks at what came of it.

#![allow(dead_code, reason = "each test binary uses its own part")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "tests")]

pub mod disk;
pub mod inspect;
pub mod rounds;
pub mod victim;

use bytes::Bytes;
use jiff::tz::TimeZone;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};
use tokio::sync::watch;
use watchwall_media::{
    StreamParams, Track, UnitParts, VideoParams,
    hub::{BacklogLimits, Hub},
};
use watchwall_model::{Phase, StreamPath, UtcMicros, UtcMillis, VideoCodec, config::RecordingConfig};
use watchwall_site::recording::{Recording, StreamSource, StreamTap};
use watchwall_store::{DataFolder, Store};

pub const FRAME: Duration = Duration::from_millis(40);
pub const GOP: usize = 50;

/// A short H.264 clip as access units, encoded once per test.
pub struct Footage {
    pub params: Arc<StreamParams>,
    pub frames: Vec<(Bytes, bool)>,
}

impl Footage {
    /// Two GOPs of 2 s at 25 frames per second; `None` (said on the console) without ffmpeg.
    pub fn encode() -> Option<Arc<Self>> {
        Self::encode_as("320x180")
    }

    /// The same in another size, which is another coding.
    pub fn encode_as(size: &str) -> Option<Arc<Self>> {
        let arguments = "-v error -f lavfi -i testsrc=size=SIZE:rate=25 -t 4 -pix_fmt yuv420p -c:v libx264 -threads 1 \
             -preset ultrafast -tune zerolatency -g 50 -keyint_min 50 -sc_threshold 0 -bf 0 -f h264 pipe:1";
        let arguments = arguments.replace("SIZE", size);
        let Some(output) = tool("ffmpeg", &arguments.split_whitespace().collect::<Vec<_>>()) else {
            println!("skipped: ffmpeg is missing");
            return None;
        };
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Some(Arc::new(Self::parse(&output.stdout, size)))
    }

    fn parse(stream: &[u8], size: &str) -> Self {
        let (width, height) = size.split_once('x').map(|(w, h)| (w.parse().unwrap(), h.parse().unwrap())).unwrap();
        let (mut sps, mut pps, mut frames) = (Vec::new(), Vec::new(), Vec::new());
        for nal in nals(stream) {
            match nal[0] & 0x1f {
                7 => sps = nal.to_vec(),
                8 => pps = nal.to_vec(),
                kind @ (1 | 5) => {
                    let mut unit = (nal.len() as u32).to_be_bytes().to_vec();
                    unit.extend_from_slice(nal);
                    frames.push((Bytes::from(unit), kind == 5));
                }
                _ => {}
            }
        }
        assert_eq!(frames.len(), 100);
        let mut config = vec![1, sps[1], sps[2], sps[3], 0xff, 0xe1];
        config.extend_from_slice(&(sps.len() as u16).to_be_bytes());
        config.extend_from_slice(&sps);
        config.push(1);
        config.extend_from_slice(&(pps.len() as u16).to_be_bytes());
        config.extend_from_slice(&pps);
        let video = VideoParams {
            codec: VideoCodec::H264,
            codec_string: format!("avc1.{:02x}{:02x}{:02x}", sps[1], sps[2], sps[3]),
            width,
            height,
            frame_rate: 25.0,
            clock_rate: 90_000,
            config: Bytes::from(config),
            max_reorder_frames: 0,
        };
        Self { params: Arc::new(StreamParams::new(1, Some(video), None)), frames }
    }

    /// The `n`th unit of an endless stream, taken at `at`.
    pub fn unit(&self, n: usize, at: UtcMicros) -> UnitParts {
        let (data, is_key) = self.frames[n % self.frames.len()].clone();
        let ticks = n as i64 * 3_600;
        UnitParts {
            track: Track::Video,
            data,
            is_key,
            is_discontinuity: false,
            pts: ticks,
            dts: ticks,
            duration: 3_600,
            capture_at: at,
            received_at: Instant::now(),
            sequence: 0,
            params: Arc::clone(&self.params),
        }
    }
}

/// The picture and, behind it, a NAL unit of filler (ISO/IEC 14496-10, 7.3.2.7) that decoders pass over.
pub fn with_filler(picture: &Bytes, bytes: usize) -> Bytes {
    let mut unit = picture.to_vec();
    unit.extend_from_slice(&(bytes as u32).to_be_bytes());
    unit.push(12);
    unit.resize(unit.len() + bytes - 2, 0xff);
    unit.push(0x80);
    Bytes::from(unit)
}

fn nals(stream: &[u8]) -> Vec<&[u8]> {
    let mut starts: Vec<usize> =
        (0..stream.len().saturating_sub(3)).filter(|n| stream[*n..n + 3] == [0, 0, 1]).map(|n| n + 3).collect();
    starts.push(stream.len() + 3);
    let cut = |pair: &[usize]| {
        let nal = &stream[pair[0]..pair[1] - 3];
        let trailing = nal.iter().rev().take_while(|byte| **byte == 0).count();
        &nal[..nal.len() - trailing]
    };
    starts.windows(2).map(cut).filter(|nal| !nal.is_empty()).collect()
}

/// Some streams, all fed from the same footage, each at its own phase.
pub struct Farm {
    hubs: BTreeMap<StreamPath, Arc<Hub>>,
    changes: watch::Sender<u64>,
    feeding: watch::Sender<bool>,
    /// Added to the clock that the frames are stamped with.
    pub skew_ms: AtomicI64,
    /// Media ticks between frames; 3600 keep pace with the clock.
    pub ticks: AtomicI64,
    /// Frames pushed into each hub.
    pub pushed: AtomicUsize,
    /// Bytes of filler behind each picture, for streams that weigh something.
    pub filler: AtomicUsize,
}

impl Farm {
    pub fn new(streams: usize) -> Arc<Self> {
        let hubs = (0..streams).map(|n| (path(n), Hub::new(BacklogLimits::default()))).collect();
        Arc::new(Self {
            hubs,
            changes: watch::Sender::new(0),
            feeding: watch::Sender::new(true),
            skew_ms: AtomicI64::new(0),
            ticks: AtomicI64::new(3_600),
            pushed: AtomicUsize::new(0),
            filler: AtomicUsize::new(0),
        })
    }

    pub fn hub(&self, n: usize) -> Arc<Hub> {
        Arc::clone(&self.hubs[&path(n)])
    }

    /// Feeds all hubs in real time until the runtime ends.
    pub fn feed(self: &Arc<Self>, footage: Arc<Footage>) {
        let farm = Arc::clone(self);
        tokio::spawn(async move {
            let mut tick = tokio::time::interval(FRAME);
            let mut media = 0;
            for n in 0_usize.. {
                tick.tick().await;
                media += farm.ticks.load(Relaxed);
                if !*farm.feeding.borrow() {
                    continue;
                }
                let at = UtcMicros(UtcMicros::now().0 + farm.skew_ms.load(Relaxed) * 1000);
                let filler = farm.filler.load(Relaxed);
                for (phase, hub) in farm.hubs.values().enumerate() {
                    let mut unit = footage.unit(n + phase * 7, at);
                    (unit.pts, unit.dts) = (media, media);
                    if filler > 0 {
                        unit.data = with_filler(&unit.data, filler);
                    }
                    hub.push(unit);
                }
                farm.pushed.fetch_add(1, Relaxed);
            }
        });
    }

    pub fn freeze(&self, is_frozen: bool) {
        self.feeding.send_replace(!is_frozen);
    }
}

impl StreamSource for Farm {
    fn stream(&self, path: &StreamPath) -> Option<StreamTap> {
        let hub = Arc::clone(self.hubs.get(path)?);
        Some(StreamTap { hub, phase: Box::new(|| Phase::Live), interest: Box::new(()) })
    }

    fn changed(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }
}

pub fn path(n: usize) -> StreamPath {
    StreamPath::parse(&format!("cam_10_0_0_{n}_ch1_main")).unwrap()
}

/// Recording on a folder of its own.
pub struct Bench {
    pub recording: Recording,
    pub store: Store,
    lock: DataFolder,
}

impl Bench {
    pub async fn start(folder: &Path, farm: &Arc<Farm>) -> Self {
        Self::start_with(folder, farm, &config()).await
    }

    pub async fn start_with(folder: &Path, farm: &Arc<Farm>, config: &RecordingConfig) -> Self {
        let lock = DataFolder::lock(folder).unwrap();
        let (store, _) = Store::open(&lock).await.unwrap();
        let source: Arc<dyn StreamSource> = Arc::clone(farm) as _;
        let recording = Recording::start(store.clone(), config, folder, source).await.unwrap();
        Self { recording, store, lock }
    }

    /// In a zone of its own, for what happens on the half-hour.
    pub async fn start_in(zone: TimeZone, folder: &Path, farm: &Arc<Farm>) -> Self {
        let lock = DataFolder::lock(folder).unwrap();
        let (store, _) = Store::open(&lock).await.unwrap();
        let source: Arc<dyn StreamSource> = Arc::clone(farm) as _;
        let recording = Recording::start_in(zone, store.clone(), &config(), folder, source).await.unwrap();
        Self { recording, store, lock }
    }

    pub async fn stop(self) {
        self.recording.stop().await;
        self.store.close().await;
        drop(self.lock);
    }
}

pub fn config() -> RecordingConfig {
    RecordingConfig { volume_refresh_s: 1, time_zone: Some(zone().into()), ..RecordingConfig::default() }
}

/// A zone whose next cut of files is five minutes away or more, so that a test that counts files begins all of them
/// itself: its plans cut at whole ten minutes of local time, which are five minutes apart in these two zones.
pub fn zone() -> &'static str {
    const MINUTE_MS: i64 = 60_000;
    let is_second_half = UtcMillis::now().0.rem_euclid(10 * MINUTE_MS) >= 5 * MINUTE_MS;
    if is_second_half { "Asia/Kathmandu" } else { "Asia/Shanghai" }
}

/// Asks again until the answer is there; fails the test after `seconds`.
pub async fn until<T, F: Future<Output = Option<T>>>(what: &str, seconds: u64, mut ask: impl FnMut() -> F) -> T {
    let end = Instant::now() + Duration::from_secs(seconds);
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(Instant::now() < end, "{what}: not within {seconds} s");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Runs a tool; `None` when the machine has none of that name.
pub fn tool(name: &str, arguments: &[&str]) -> Option<Output> {
    match Command::new(name).args(arguments).output() {
        Ok(output) => Some(output),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => None,
        Err(e) => panic!("{name}: {e}"),
    }
}

/// Frames a player finds in a file; fails the test when it complains.
pub fn frames_in(file: &Path) -> usize {
    let arguments = [
        "-v",
        "error",
        "-select_streams",
        "v",
        "-count_packets",
        "-show_entries",
        "stream=nb_read_packets",
        "-of",
        "csv=p=0",
    ];
    let output = tool("ffprobe", &[&arguments[..], &[file.to_str().unwrap()]].concat()).unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && complaint.is_empty(), "{}: {complaint}", file.display());
    String::from_utf8_lossy(&output.stdout).trim().trim_end_matches(',').parse().unwrap_or(0)
}

/// All recording files below a folder.
pub fn files_below(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "mp4") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}
