//! How busy this machine is, from what Linux says in `/proc`; zeros elsewhere.

use std::fs;

/// Remembers the counters of the last look.
#[derive(Debug, Default)]
pub struct LoadMeter {
    last: Option<Ticks>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Ticks {
    busy: u64,
    all: u64,
}

impl LoadMeter {
    /// Shares of processor and memory in use, 0 to 1; the processor's since the last call.
    pub fn measure(&mut self) -> (f32, f32) {
        let ticks = fs::read_to_string("/proc/stat").ok().and_then(|text| ticks(&text));
        let cpu = match (self.last, ticks) {
            (Some(last), Some(now)) => share(now.busy.saturating_sub(last.busy), now.all.saturating_sub(last.all)),
            _ => 0.0,
        };
        self.last = ticks;
        let memory = fs::read_to_string("/proc/meminfo").ok().and_then(|text| memory(&text)).unwrap_or(0.0);
        (cpu, memory)
    }
}

fn share(part: u64, all: u64) -> f32 {
    if all == 0 { 0.0 } else { (part as f64 / all as f64).clamp(0.0, 1.0) as f32 }
}

/// The first line: user, nice, system, idle, iowait and more, in ticks.
fn ticks(stat: &str) -> Option<Ticks> {
    let line = stat.lines().next()?.strip_prefix("cpu ")?;
    let counts: Vec<u64> = line.split_whitespace().map_while(|word| word.parse().ok()).take(8).collect();
    let idle = counts.get(3)? + counts.get(4).copied().unwrap_or(0);
    let all: u64 = counts.iter().sum();
    Some(Ticks { busy: all - idle, all })
}

fn memory(meminfo: &str) -> Option<f32> {
    let of = |name: &str| {
        let line = meminfo.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        line.split_whitespace().next()?.parse::<u64>().ok()
    };
    let (all, free) = (of("MemTotal")?, of("MemAvailable")?);
    Some(share(all.saturating_sub(free), all))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn linux_is_read() {
        assert_eq!(ticks("cpu  10 5 15 60 10 0 0 0 7 0\ncpu0 1"), Some(Ticks { busy: 30, all: 100 }));
        assert_eq!(ticks("intr 5"), None);
        assert_eq!(ticks(""), None);
        assert_eq!(memory("MemTotal:  1000 kB\nMemFree: 1 kB\nMemAvailable:   250 kB\n"), Some(0.75));
        assert_eq!(memory("MemTotal: x"), None);
    }

    #[test]
    fn shares_are_shares() {
        let mut meter = LoadMeter::default();
        for _ in 0..2 {
            let (cpu, memory) = meter.measure();
            assert!((0.0..=1.0).contains(&cpu) && (0.0..=1.0).contains(&memory));
        }
    }
}
