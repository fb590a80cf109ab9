//! A process killed at random moments: every file plays, at most two seconds are lost, index and disk agree, and
//! nothing recorded before is gone. `WATCHWALL_KILL_ROUNDS=200 WATCHWALL_KILL_STREAMS=50` makes it long,
//! `WATCHWALL_KILL_SEED` repeats the moments of a run.

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
    inspect::{Findings, Inspector, Life},
    victim,
};
use std::time::{Duration, Instant};

/// Most that may be lost of each stream.
const MOST_LOST_MS: i64 = 2_000;

/// The recorder that is killed.
#[tokio::test(flavor = "multi_thread")]
async fn child() {
    victim::record_until_killed().await;
}

fn from_environment(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(otherwise)
}

#[test]
fn killed_at_any_moment_nothing_but_the_last_two_seconds_is_lost() {
    if victim::is_victim() {
        return;
    }
    let Some(footage) = Footage::encode() else { return };
    let rounds = from_environment("WATCHWALL_KILL_ROUNDS", 3);
    let streams = from_environment("WATCHWALL_KILL_STREAMS", 16) as usize;
    let seed = from_environment("WATCHWALL_KILL_SEED", rand::random());
    println!("{rounds} rounds of {streams} streams, WATCHWALL_KILL_SEED={seed}");
    let mut moments = StdRng::seed_from_u64(seed);
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let mut inspector = Inspector::new(streams, &footage);
    let (mut total, mut lives) = (Findings::default(), Vec::new());
    for round in 0..rounds {
        // Now and then it dies again while it still repairs what the last death left.
        if moments.random_ratio(1, 4) {
            victim::kill_early(folder.path(), streams, Duration::from_millis(moments.random_range(5..400)));
        }
        let victim = victim::Victim::start(folder.path(), streams);
        std::thread::sleep(Duration::from_millis(moments.random_range(100..6_500)));
        let life: Life = victim.kill();
        lives.push(life);
        // And now and then nobody looks before it starts again.
        if round + 1 < rounds && moments.random_ratio(1, 5) {
            continue;
        }
        let begun = Instant::now();
        let found = runtime.block_on(inspector.look(folder.path(), &lives));
        lives.clear();
        let lived_ms = life.died_at - life.fed_at;
        println!("{} in {:?}", found.table(&format!("round {round}, killed after {lived_ms} ms")), begun.elapsed());
        total.add(found);
    }
    println!("{}", total.table(&format!("{rounds} rounds")));
    assert!(total.failures.is_empty() && !total.lost_ms.is_empty(), "{}", total.table("failed"));
    assert!(total.worst_ms() <= MOST_LOST_MS, "{} ms lost", total.worst_ms());
}
