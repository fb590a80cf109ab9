//! Live messages in the media sources of real browsers.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests fail by panicking, as the tests do"
)]

mod fmp4_support;

#[path = "fmp4_support/webdriver.rs"]
mod webdriver;

use fmp4_support::{
    count,
    encode::{Audio, ClipSpec, Video, clip},
};
use watchwall_media::{Track, fmp4::Sound, live};
use webdriver::{Browser, Pages};

const PAGE: &str = "<!doctype html><title>t</title><video id=v muted playsinline width=320 height=240></video>";

/// Appends every message, plays to the end and says what was seen.
const SCRIPT: &str = r"
const [mime, messages, done] = arguments;
(async () => {
  if (!MediaSource.isTypeSupported(mime)) return { supported: false };
  const bytes = new Uint8Array(await (await fetch(messages)).arrayBuffer());
  const view = new DataView(bytes.buffer);
  const video = document.getElementById('v');
  const source = new MediaSource();
  video.src = URL.createObjectURL(source);
  await new Promise(open => source.addEventListener('sourceopen', open, { once: true }));
  const buffer = source.addSourceBuffer(mime);
  for (let at = 0; at < bytes.length;) {
    const size = view.getUint32(at);
    await new Promise((ok, bad) => {
      const late = setTimeout(() => bad(new Error('append ' + bytes[at + 4] + ' hangs at ' + at)), 5000);
      buffer.addEventListener('updateend', () => { clearTimeout(late); ok(); }, { once: true });
      buffer.addEventListener('error', () => bad(new Error('refused at ' + at)), { once: true });
      buffer.appendBuffer(bytes.subarray(at + 4 + 16, at + 4 + size));
    });
    at += 4 + size;
  }
  source.endOfStream();
  const start = buffer.buffered.start(0), end = buffer.buffered.end(buffer.buffered.length - 1);
  video.currentTime = start;
  // After the end some browsers have forgotten what they showed.
  let frames = 0;
  const watch = setInterval(() => { frames = Math.max(frames, video.getVideoPlaybackQuality().totalVideoFrames); }, 50);
  await Promise.race([
    new Promise(over => video.addEventListener('ended', over, { once: true })),
    new Promise((_, bad) => video.addEventListener('error', () => bad(new Error('decode: ' + video.error.message)), { once: true })),
    new Promise(over => setTimeout(over, 15000)),
    video.play().then(() => new Promise(() => {})),
  ]);
  clearInterval(watch);
  return { supported: true, ranges: buffer.buffered.length, seconds: end - start, played: video.currentTime - start,
    width: video.videoWidth, height: video.videoHeight, frames };
})().then(done, problem => done({ problem: String(problem) }));
";

/// Each case has a browser of its own: WebKitGTK at times loses its web process when it leaves a page whose player is
/// still at work, and that is not what is tested here.
fn check(start: fn() -> Result<Browser, String>) {
    let pages = Pages::serve();
    pages.put("/", "text/html", PAGE.as_bytes().to_vec());
    let cases = [
        (Video::H264, Audio::None),
        (Video::H264, Audio::Pcmu),
        (Video::H264, Audio::Aac),
        (Video::H264Reordered, Audio::Pcma),
        (Video::H264, Audio::Opus),
        (Video::H265, Audio::None),
    ];
    let mut played = 0;
    let mut failures = Vec::new();
    for (video, audio) in cases {
        let browser = match start() {
            Ok(browser) => browser,
            Err(why) => return println!("skipped: {why}"),
        };
        let units = match clip(ClipSpec { frames: 50, ..ClipSpec::new(video, audio) }) {
            Ok(units) => units,
            Err(why) => {
                println!("skipped: {why}");
                continue;
            }
        };
        let mut body = Vec::new();
        let init = live::init_message(&units[0].params, Sound::With).unwrap();
        for message in std::iter::once(init).chain(units.iter().map(|unit| live::unit_message(unit).unwrap())) {
            body.extend_from_slice(&(message.len() as u32).to_be_bytes());
            body.extend_from_slice(&message);
        }
        let name = format!("/{video:?}-{audio:?}");
        pages.put(&name, "application/octet-stream", body);
        browser.visit(&format!("{}/", pages.address)).unwrap();
        let mime = live::media_type(&units[0].params, Sound::With);
        let seen = browser.run(SCRIPT, serde_json::json!([mime, name])).unwrap();
        if !seen["problem"].is_null() {
            failures.push(format!("{} {mime}: {seen}", browser.name));
            continue;
        }
        if seen["supported"] == false {
            println!("skipped: {} does not play {mime}", browser.name);
            continue;
        }
        println!("{} {mime}: {seen}", browser.name);
        let number = |name: &str| seen[name].as_f64().unwrap_or(-1.0);
        let pictures = count(&units, Track::Video) as f64;
        assert_eq!((number("width"), number("height")), (320.0, 240.0), "{mime}");
        assert_eq!(number("ranges"), 1.0, "{mime}: no holes");
        assert!((number("seconds") - pictures * 0.04).abs() < 0.2, "{mime}: {seen}");
        assert!(number("played") > 1.5, "{mime}: {seen}");
        // Some browsers drop the pictures that were late on a busy machine before counting them.
        assert!(number("frames") >= pictures * 0.5, "{mime}: {seen}");
        played += 1;
    }
    assert!(failures.is_empty(), "{failures:#?}");
    assert!(played > 0, "nothing was played");
}

#[test]
fn chromium_plays_live_messages() {
    check(Browser::chromium);
}

#[test]
fn webkit_plays_live_messages() {
    check(Browser::webkit);
}
