//! Power cuts: data folder and volume lie on a file system whose device stops at a random moment. What reached the
//! device and nothing else is mounted again. `WATCHWALL_POWER_ROUNDS=100 WATCHWALL_POWER_STREAMS=50` makes it long.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking and says what it skips"
)]

mod recording_support;

use rand::{Rng, SeedableRng, rngs::StdRng};
use recording_support::{
    Footage,
    disk::LoopDisk,
    inspect::{Findings, Inspector, Life},
    victim,
};
use std::time::Duration;
use watchwall_model::UtcMillis;

/// Most that may be lost of each stream.
const MOST_LOST_MS: i64 = 2_000;

/// The recorder whose power is cut.
#[tokio::test(flavor = "multi_thread")]
async fn child() {
    victim::record_until_killed().await;
}

fn from_environment(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(otherwise)
}

#[test]
fn a_power_cut_takes_the_last_two_seconds_and_nothing_else() {
    if victim::is_victim() {
        return;
    }
    let Some(footage) = Footage::encode() else { return };
    let folder = tempfile::tempdir().unwrap();
    let rounds = from_environment("WATCHWALL_POWER_ROUNDS", 2);
    let streams = from_environment("WATCHWALL_POWER_STREAMS", 12) as usize;
    let size_mib = 256 + rounds * streams as u64 / 4;
    let mut disk = match LoopDisk::make(&folder.path().join("disk.img"), &folder.path().join("disk"), size_mib) {
        Ok(disk) => disk,
        Err(why) => return println!("skipped: {why}"),
    };
    let seed = from_environment("WATCHWALL_POWER_SEED", rand::random());
    println!("{rounds} rounds of {streams} streams, WATCHWALL_POWER_SEED={seed}");
    let mut moments = StdRng::seed_from_u64(seed);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let (mut inspector, mut total) = (Inspector::new(streams, &footage), Findings::default());
    for round in 0..rounds {
        let victim = victim::Victim::start(&disk.root.join("data"), streams);
        std::thread::sleep(Duration::from_millis(moments.random_range(100..6_500)));
        disk.stop_device();
        let died_at = UtcMillis::now();
        let life = Life { died_at, ..victim.kill() };
        disk.start_over();
        let found = runtime.block_on(inspector.look(&disk.root.join("data"), &[life]));
        println!("{}", found.table(&format!("round {round}, cut after {} ms", life.died_at - life.fed_at)));
        total.add(found);
    }
    println!("{}", total.table(&format!("{rounds} rounds")));
    assert!(total.failures.is_empty() && !total.lost_ms.is_empty(), "{}", total.table("failed"));
    assert!(total.worst_ms() <= MOST_LOST_MS, "{} ms lost", total.worst_ms());
}
