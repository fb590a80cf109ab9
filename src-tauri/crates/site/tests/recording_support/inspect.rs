//! What is left of recordings after the recorder died: is every file whole, does the index say the same, what is lost?

use super::{Bench, Farm, Footage, files_below, path, tool};
use std::{
    collections::{BTreeMap, HashMap},
    fmt::Write as _,
    path::Path,
    sync::{Arc, Mutex},
};
use watchwall_model::{Segment, SegmentState, TimeRange, UtcMillis};

/// Neighbouring files of one stream may be this far apart, and a stream may begin this late: a loaded machine's frames
/// come in bursts.
const NEAR_MS: i64 = 1_000;
/// Frames and wall clock of a file may disagree by this much, for the same reason.
const PACE_MS: i64 = 1_000;
/// One frame of the footage.
const FRAME_MS: i64 = 40;

/// One life of a recorder.
#[derive(Clone, Copy, Debug)]
pub struct Life {
    /// When the first frame was pushed.
    pub fed_at: UtcMillis,
    /// When it died.
    pub died_at: UtcMillis,
}

/// What an inspection found.
#[derive(Debug, Default)]
pub struct Findings {
    /// Per stream and life, how much of its end is gone.
    pub lost_ms: Vec<i64>,
    pub checked_files: usize,
    pub decoded_files: usize,
    pub failures: Vec<String>,
}

impl Findings {
    pub fn add(&mut self, other: Self) {
        self.lost_ms.extend(other.lost_ms);
        self.checked_files += other.checked_files;
        self.decoded_files += other.decoded_files;
        self.failures.extend(other.failures);
    }

    pub fn worst_ms(&self) -> i64 {
        self.lost_ms.iter().copied().max().unwrap_or(0)
    }

    /// The loss below which this share of all lay.
    pub fn quantile_ms(&self, share: f64) -> i64 {
        let mut sorted = self.lost_ms.clone();
        sorted.sort_unstable();
        let last = sorted.len().saturating_sub(1);
        sorted.get((last as f64 * share).round() as usize).copied().unwrap_or(0)
    }

    /// One row, and whatever failed below it.
    pub fn table(&self, what: &str) -> String {
        let mut text = format!(
            "{what}: lost ms median {} p95 {} p99 {} max {}, {} losses, {} files checked, {} decoded, {} failures",
            self.quantile_ms(0.5),
            self.quantile_ms(0.95),
            self.quantile_ms(0.99),
            self.worst_ms(),
            self.lost_ms.len(),
            self.checked_files,
            self.decoded_files,
            self.failures.len(),
        );
        for failure in &self.failures {
            let _ = write!(text, "\n  {failure}");
        }
        text
    }
}

/// Remembers what was there, so that the next look sees what has gone.
pub struct Inspector {
    streams: usize,
    /// Where each frame of the footage stands in it, by what ffmpeg says of its bytes.
    places: HashMap<String, usize>,
    frames: usize,
    known: BTreeMap<String, Segment>,
}

impl Inspector {
    pub fn new(streams: usize, footage: &Footage) -> Self {
        let sums = footage.frames.iter().enumerate().map(|(n, (data, _))| (checksum(data), n));
        let places: HashMap<_, _> = sums.collect();
        assert_eq!(places.len(), footage.frames.len(), "two frames of the footage look the same");
        Self { streams, places, frames: footage.frames.len(), known: BTreeMap::new() }
    }

    /// Starts on what is left and compares it with what must be there.
    pub async fn look(&mut self, folder: &Path, lives: &[Life]) -> Findings {
        let mut findings = Findings::default();
        // Nothing is fed, so nothing is recorded while we look.
        let farm = Farm::new(self.streams);
        let bench = Bench::start(folder, &farm).await;
        let root = folder.join("recordings");
        let all = TimeRange::new(UtcMillis(0), UtcMillis(i64::MAX / 4)).unwrap();
        let (mut rows, mut failures) = (BTreeMap::new(), Vec::new());
        let order = farm.paths();
        for stream in 0..self.streams {
            let path = path(stream);
            let segments = bench.segments(&path, lives, all).await;
            let phase = order.iter().position(|other| *other == path).unwrap();
            for life in lives {
                findings.lost_ms.push(lost_ms(&path.to_string(), phase, *life, &segments, &mut failures));
            }
            for segment in segments {
                let fragments = bench.store.segments().fragments(segment.id).await.unwrap();
                let mut end = u64::from(segment.init_bytes);
                for fragment in &fragments {
                    if fragment.offset != end {
                        failures.push(format!("{}: a fragment at {} and not at {end}", segment.file, fragment.offset));
                    }
                    end = fragment.offset + u64::from(fragment.size_bytes);
                }
                if fragments.is_empty() || end > segment.size_bytes || !fragments[0].is_key {
                    failures.push(format!("{}: {} fragments to {end}: {segment:?}", segment.file, fragments.len()));
                }
                if segment.state == SegmentState::Recording {
                    failures.push(format!("{}: still said to be written", segment.file));
                }
                rows.insert(segment.file.clone(), segment);
            }
        }
        bench.stop().await;
        compare(&root, &rows, &mut failures);
        for (name, before) in &self.known {
            match rows.get(name) {
                Some(now) if now == before => {}
                now => failures.push(format!("{name} was {before:?} and is {now:?}")),
            }
        }
        let fresh: Vec<&Segment> = rows.values().filter(|row| !self.known.contains_key(&row.file)).collect();
        findings.checked_files = fresh.len();
        failures.extend(self.read_all(&root, &fresh));
        if let Some(sample) = fresh.get(rand::random_range(0..fresh.len().max(1))) {
            findings.decoded_files = 1;
            failures.extend(decode(&root.join(&sample.file)));
        }
        self.known = rows;
        findings.failures = failures;
        findings
    }

    /// Reads every packet of these files, two at a time.
    fn read_all(&self, root: &Path, files: &[&Segment]) -> Vec<String> {
        let (next, failures) = (Mutex::new(files.iter()), Mutex::new(Vec::new()));
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    loop {
                        let Some(file) = next.lock().unwrap().next() else { return };
                        if let Err(failure) = self.read(root, file) {
                            failures.lock().unwrap().push(failure);
                        }
                    }
                });
            }
        });
        failures.into_inner().unwrap()
    }

    /// Every packet is a frame of the footage, each the one after the one before.
    fn read(&self, root: &Path, segment: &Segment) -> Result<(), String> {
        let file = root.join(&segment.file);
        let arguments =
            ["-v", "error", "-i", file.to_str().unwrap(), "-map", "0:v", "-c", "copy", "-f", "framecrc", "-"];
        let output = tool("ffmpeg", &arguments).unwrap();
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        if !output.status.success() || !complaint.is_empty() {
            return Err(format!("{}: {complaint}", segment.file));
        }
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let packets = text.lines().filter(|line| !line.starts_with('#'));
        let sums: Vec<&str> = packets.filter_map(|line| line.split(',').nth(5)).map(str::trim).collect();
        let mut expect = None;
        for (n, sum) in sums.iter().enumerate() {
            let Some(place) = self.places.get(*sum) else {
                return Err(format!("{}: packet {n} is no frame of the footage", segment.file));
            };
            if expect.is_some_and(|expect| expect != *place) {
                return Err(format!("{}: packet {n} is frame {place} and not {expect:?}", segment.file));
            }
            expect = Some((place + 1) % self.frames);
        }
        let apart_ms = sums.len() as i64 * FRAME_MS - (segment.end - segment.start);
        if sums.is_empty() || apart_ms.abs() > PACE_MS {
            return Err(format!("{}: {} packets in {} ms", segment.file, sums.len(), segment.end - segment.start));
        }
        Ok(())
    }
}

impl Bench {
    /// The rows of a stream, however long ago.
    async fn segments(&self, path: &watchwall_model::StreamPath, lives: &[Life], all: TimeRange) -> Vec<Segment> {
        let from = lives.iter().map(|life| life.fed_at).min().unwrap_or(all.start).saturating_add_ms(-7_200_000);
        let range = TimeRange::new(from.max(UtcMillis(1)), all.end).unwrap();
        self.store.segments().in_range(path, range).await.unwrap()
    }
}

/// From the last picture that is left, or the first that should have been recorded, to the end of that life.
fn lost_ms(path: &str, phase: usize, life: Life, segments: &[Segment], failures: &mut Vec<String>) -> i64 {
    let begins_after = (super::GOP - (phase * 7) % super::GOP) % super::GOP;
    let first_key = life.fed_at.saturating_add_ms(begins_after as i64 * FRAME_MS);
    let lived = segments.iter().filter(|s| s.start >= life.fed_at && s.start <= life.died_at);
    let mut end = first_key;
    for segment in lived {
        if segment.start - end > NEAR_MS {
            failures.push(format!("{path}: nothing from {} for {} ms", end.0, segment.start - end));
        }
        end = end.max(segment.end);
    }
    (life.died_at - end).max(0)
}

/// Files and rows are the same, byte for byte in length.
fn compare(root: &Path, rows: &BTreeMap<String, Segment>, failures: &mut Vec<String>) {
    let files: Vec<String> =
        files_below(root).iter().map(|file| file.strip_prefix(root).unwrap().to_str().unwrap().to_owned()).collect();
    for file in files.iter().filter(|file| !rows.contains_key(*file)) {
        failures.push(format!("{file} has no row"));
    }
    for (name, row) in rows {
        match std::fs::metadata(root.join(name)) {
            Ok(meta) if meta.len() == row.size_bytes => {}
            Ok(meta) => failures.push(format!("{name} is {} bytes long and said to be {}", meta.len(), row.size_bytes)),
            Err(error) => failures.push(format!("{name}: {error}")),
        }
    }
}

/// Decodes a whole file. Its own ticks are kept: in those of its rate, two pictures of an uneven camera can be one.
fn decode(file: &Path) -> Option<String> {
    let file_name = file.to_str().unwrap();
    let arguments = ["-v", "error", "-xerror", "-i", file_name, "-enc_time_base", "-1", "-f", "null", "-"];
    let output = tool("ffmpeg", &arguments).unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    (!output.status.success() || !complaint.is_empty()).then(|| format!("{}: {complaint}", file.display()))
}

/// Adler-32 begun at zero, as ffmpeg's framecrc prints it.
fn checksum(data: &[u8]) -> String {
    let (mut a, mut b) = (0_u32, 0_u32);
    for byte in data {
        a = (a + u32::from(*byte)) % 65_521;
        b = (b + a) % 65_521;
    }
    format!("0x{:08x}", (b << 16) | a)
}

/// The streams in the order in which they are fed.
impl Farm {
    pub fn paths(self: &Arc<Self>) -> Vec<watchwall_model::StreamPath> {
        self.hubs.keys().cloned().collect()
    }

    /// Every stream has its recorder.
    pub fn is_heard(&self) -> Option<()> {
        self.hubs.values().all(|hub| hub.statistics().recorder_subscribers > 0).then_some(())
    }
}
