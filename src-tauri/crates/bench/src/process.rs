//! Child processes pinned to a core, and what they cost according to `/proc`.

use anyhow::{Context, Result};
use std::{
    collections::BTreeMap,
    fs,
    process::{Child, Command},
    time::{Duration, Instant},
};

/// CPU time, memory and handles of a process tree at one moment.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    pub at: Instant,
    pub cpu: Duration,
    pub pss_bytes: u64,
    pub threads: u64,
    pub files: u64,
    /// Busy time of the whole machine since boot, to tell foreign load from ours.
    pub machine_busy: Duration,
}

fn cpu_set(core: usize) -> libc::cpu_set_t {
    // SAFETY: cpu_set_t is plain bits; all zero is the empty set, and CPU_SET writes inside it for core < 1024.
    unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        libc::CPU_SET(core, &mut set);
        set
    }
}

/// Pins this process and the threads it starts from now on.
pub fn pin_self(core: usize) -> Result<()> {
    let set = cpu_set(core);
    // SAFETY: the set lives for the call and its size is given.
    let rc = unsafe { libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &set) };
    anyhow::ensure!(rc == 0, "cannot pin to core {core}: {}", std::io::Error::last_os_error());
    // The runtime's threads exist already: pin each.
    for task in fs::read_dir("/proc/self/task")? {
        let tid: i32 = task?.file_name().to_string_lossy().parse()?;
        // SAFETY: as above; a thread that ended meanwhile only returns an error, which does not matter.
        unsafe { libc::sched_setaffinity(tid, size_of::<libc::cpu_set_t>(), &set) };
    }
    Ok(())
}

/// Starts a command on one core; it dies with this process.
pub fn spawn_on(core: usize, command: &mut Command) -> Result<Child> {
    use std::os::unix::process::CommandExt;
    let set = cpu_set(core);
    // SAFETY: only async-signal-safe system calls run between fork and exec.
    unsafe {
        command.pre_exec(move || {
            if libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &set) != 0 {
                return Err(std::io::Error::last_os_error());
            }
            libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
            Ok(())
        });
    }
    command.spawn().with_context(|| format!("starting {:?}", command.get_program()))
}

/// Asks the process to stop and waits; kills it when it does not.
pub fn stop(child: &mut Child, deadline: Duration) -> Result<Duration> {
    let started = Instant::now();
    // SAFETY: the pid is our own unreaped child's, so it cannot have been reused.
    unsafe { libc::kill(child.id() as i32, libc::SIGTERM) };
    while started.elapsed() < deadline {
        if child.try_wait()?.is_some() {
            return Ok(started.elapsed());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill()?;
    child.wait()?;
    Ok(started.elapsed())
}

/// Cost of several process trees together, children included.
pub fn cost(roots: &[u32]) -> Result<Cost> {
    let parents = parents()?;
    let mut cost =
        Cost { at: Instant::now(), cpu: Duration::ZERO, pss_bytes: 0, threads: 0, files: 0, machine_busy: busy()? };
    for pid in parents.keys().copied().filter(|pid| roots.iter().any(|root| is_below(*pid, *root, &parents))) {
        // A process may end between listing and reading.
        let Ok(stat) = fs::read_to_string(format!("/proc/{pid}/stat")) else { continue };
        let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
        let ticks = |i: usize| fields.get(i).and_then(|f| f.parse::<u64>().ok()).unwrap_or(0);
        // utime, stime, and those of reaped children.
        cost.cpu += Duration::from_millis((ticks(11) + ticks(12) + ticks(13) + ticks(14)) * 10);
        cost.threads += ticks(17);
        cost.pss_bytes += pss(pid);
        cost.files += fs::read_dir(format!("/proc/{pid}/fd")).map(|d| d.count() as u64).unwrap_or(0);
    }
    Ok(cost)
}

fn pss(pid: u32) -> u64 {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
    let line = text.lines().find(|l| l.starts_with("Pss:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kb| kb.parse::<u64>().ok()).unwrap_or(0) * 1024
}

fn parents() -> Result<BTreeMap<u32, u32>> {
    let mut parents = BTreeMap::new();
    for entry in fs::read_dir("/proc")? {
        let Ok(pid) = entry?.file_name().to_string_lossy().parse::<u32>() else { continue };
        let Ok(stat) = fs::read_to_string(format!("/proc/{pid}/stat")) else { continue };
        let parent = stat.rsplit(") ").next().unwrap_or_default().split(' ').nth(1).and_then(|p| p.parse().ok());
        parents.insert(pid, parent.unwrap_or(0));
    }
    Ok(parents)
}

fn is_below(mut pid: u32, root: u32, parents: &BTreeMap<u32, u32>) -> bool {
    while pid > 1 {
        if pid == root {
            return true;
        }
        pid = parents.get(&pid).copied().unwrap_or(0);
    }
    false
}

/// All CPU time the machine spent doing anything.
fn busy() -> Result<Duration> {
    let text = fs::read_to_string("/proc/stat")?;
    let numbers: Vec<u64> =
        text.lines().next().unwrap_or_default().split_whitespace().skip(1).filter_map(|n| n.parse().ok()).collect();
    // user nice system idle iowait irq softirq steal
    let busy: u64 = [0, 1, 2, 5, 6, 7].iter().filter_map(|i| numbers.get(*i)).sum();
    Ok(Duration::from_millis(busy * 10))
}

/// Percent of one core spent between two moments.
pub fn cpu_percent(before: &Cost, after: &Cost) -> f64 {
    let wall = after.at.duration_since(before.at).as_secs_f64();
    (after.cpu.saturating_sub(before.cpu)).as_secs_f64() / wall * 100.0
}

/// Percent of one core that the machine spent on others; both costs must be of this very process.
pub fn foreign_percent(before: &Cost, after: &Cost) -> f64 {
    let wall = after.at.duration_since(before.at).as_secs_f64();
    let busy = after.machine_busy.saturating_sub(before.machine_busy);
    let ours = after.cpu.saturating_sub(before.cpu);
    busy.saturating_sub(ours).as_secs_f64() / wall * 100.0
}
