//! The corpora of `fuzz/`: each file is read again, and then changed for a while.
//!
//! Three seconds of a processor per reader, or as many as `WATCHWALL_FUZZ_SECONDS` says. An input that fails is printed, to become a test
//! of its own and a file of the corpus; `WATCHWALL_FUZZ_SEED` repeats a run.

mod mutation;
mod targets;

use mutation::Numbers;
use std::{
    fs,
    panic::catch_unwind,
    path::PathBuf,
    time::{Duration, Instant},
};

/// Changes built upon each other before a fresh file is taken.
const CHAIN: usize = 16;
/// A reader that takes longer for a few kilobytes can be used to keep a site busy.
const SLOWEST: Duration = Duration::from_secs(10);

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

fn corpus(name: &str) -> Vec<Vec<u8>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
    let mut files: Vec<PathBuf> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.iter().map(|file| fs::read(file).unwrap()).collect()
}

#[track_caller]
fn try_one(reader: fn(&[u8]), input: &[u8], seed: u64) {
    let started = Instant::now();
    let outcome = catch_unwind(|| reader(input));
    assert!(outcome.is_ok(), "seed {seed}: this input fails: b\"{}\"", input.escape_ascii());
    assert!(started.elapsed() < SLOWEST, "seed {seed}: this input takes long: b\"{}\"", input.escape_ascii());
}

#[track_caller]
fn check(name: &str, reader: fn(&[u8])) {
    let seed = number("WATCHWALL_FUZZ_SEED").unwrap_or_else(|| u64::from(std::process::id()));
    let wanted = Duration::from_secs(number("WATCHWALL_FUZZ_SECONDS").unwrap_or(3));
    let (started, spent_before) = (Instant::now(), processor_time());
    // Beside others a second on the clock may be little work.
    let spent = || match (processor_time(), spent_before) {
        (Some(now), Some(before)) => now.saturating_sub(before),
        _ => started.elapsed(),
    };
    let files = corpus(name);
    assert!(files.len() > 10, "the corpus of {name} is not there");
    for file in &files {
        try_one(reader, file, seed);
    }
    let mut numbers = Numbers::new(seed);
    let mut tries = 0_u64;
    while spent() < wanted {
        let mut input = numbers.pick(&files).clone();
        for _ in 0..CHAIN {
            let other = numbers.pick(&files);
            numbers.change(&mut input, other);
            try_one(reader, &input, seed);
            tries += 1;
        }
    }
    println!("{name}: {} files, {tries} changed inputs in {:.1?} of a processor, seed {seed}", files.len(), spent());
}

/// What this thread has used; `None` where the system does not tell.
fn processor_time() -> Option<Duration> {
    let text = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}

#[test]
fn documents() {
    check("tree", targets::tree);
}

#[test]
fn faults() {
    check("faults", targets::faults);
}

#[test]
fn answers_of_discovery() {
    check("discovery", targets::discovery);
}

#[test]
fn dates() {
    check("dates", targets::dates);
}

#[test]
fn metadata() {
    check("metadata", targets::metadata);
}
