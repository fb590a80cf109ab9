//! Ready-made cameras for the demo, the benchmarks and the tests.

use crate::{Audio, AuthScheme, CameraSpec, Codec, Look, PortChoice, StreamMode, StreamSpec};

const PLACES: [&str; 16] = [
    "Gate",
    "Yard",
    "Lobby",
    "Stairs",
    "Dock",
    "Garage",
    "Shop",
    "Till",
    "Store",
    "Office",
    "Roof",
    "Field",
    "Kitchen",
    "Server room",
    "Corridor",
    "Lift",
];

impl CameraSpec {
    /// A camera without credentials on the shared port.
    pub fn new(name: impl Into<String>, main: StreamSpec) -> Self {
        Self {
            name: name.into(),
            main,
            sub: None,
            credentials: None,
            auth: AuthScheme::Digest,
            port: PortChoice::Shared,
            faults: Vec::new(),
        }
    }

    /// Camera `n` of the demo site: a replayed 720p main stream that is recorded and a live sub-stream with the
    /// clock that is watched. Of sixteen, one is H.265, one MJPEG, two have G.711 and four AAC.
    pub fn demo(n: usize) -> Self {
        let place = PLACES[n % PLACES.len()];
        let name = if n < PLACES.len() { place.to_owned() } else { format!("{place} {}", n / PLACES.len() + 1) };
        let main = StreamSpec { look: Look::Own, ..StreamSpec::replay(1280, 720, 15, 1000) };
        let main = match n % 16 {
            0 | 4 | 8 | 12 => StreamSpec { audio: Audio::Aac, ..main },
            3 => StreamSpec { audio: Audio::Pcma, ..main },
            7 => StreamSpec { audio: Audio::Pcmu, ..main },
            5 => StreamSpec { codec: Codec::H265, ..main },
            9 => StreamSpec { codec: Codec::Mjpeg, width: 640, height: 360, fps: 5, ..main },
            _ => main,
        };
        Self { sub: Some(StreamSpec::live(640, 360, 15)), ..Self::new(name, main) }
    }

    /// A camera for load: one replayed H.264 stream of 2 Mbit/s, 25 frames per second, 2 s GOP.
    pub fn bench(n: usize) -> Self {
        Self::new(format!("Bench {n}"), StreamSpec::replay(1280, 720, 25, 2000))
    }
}

impl StreamSpec {
    /// H.264 with the clock, 1 s GOP, encoded while it is watched.
    pub const fn live(width: u32, height: u32, fps: u32) -> Self {
        Self {
            codec: Codec::H264,
            width,
            height,
            fps,
            bitrate_kbps: 512,
            gop_ms: 1000,
            mode: StreamMode::Live,
            audio: Audio::None,
            look: Look::Own,
        }
    }

    /// H.264 loop, 2 s GOP, noise that fills the bit rate.
    pub const fn replay(width: u32, height: u32, fps: u32, bitrate_kbps: u32) -> Self {
        Self {
            codec: Codec::H264,
            width,
            height,
            fps,
            bitrate_kbps,
            gop_ms: 2000,
            mode: StreamMode::Replay,
            audio: Audio::None,
            look: Look::Shared,
        }
    }
}
