//! Addresses to which no route leads, in a network of the test's own.

use crate::cameras::{PATIENCE, until_code};
use std::{io, process::Command, time::Instant};
use watchwall_media::ingest::{IngestOptions, IngestRequest, InterestKind, ProbeRequest, probe, start_ingest};
use watchwall_model::{ErrorCode, IngestEngine, SafeUrl, StreamPath, Transport};

/// Runs `work` on a thread of its own, whose sockets live in an empty network; says why when that cannot be had.
fn in_an_empty_network(work: impl FnOnce() + Send + 'static) -> Result<(), String> {
    let thread = std::thread::spawn(move || {
        // SAFETY: it concerns this thread alone, which ends with the test.
        if unsafe { libc::unshare(libc::CLONE_NEWNET) } != 0 {
            return Err(format!("no network namespace can be made: {}", io::Error::last_os_error()));
        }
        work();
        Ok(())
    });
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// Children of this thread live in its network.
fn ip(arguments: &[&str]) -> bool {
    Command::new("ip").args(arguments).status().is_ok_and(|status| status.success())
}

async fn check(host: &str, engine: IngestEngine) {
    let url = SafeUrl::split(&format!("rtsp://{host}/main")).unwrap().0;
    let transport = Transport::Auto;
    let request = ProbeRequest { url: url.clone(), credentials: None, engine, transport, device_key: None };
    let started = Instant::now();
    let problem = probe(request, &IngestOptions::default(), PATIENCE).await.unwrap_err();
    assert_eq!((problem.code, problem.step), (ErrorCode::HostUnreachable, Some("connect")), "{host}: {problem}");
    assert_eq!(problem.params.get("host").map(String::as_str), Some(host));
    assert!(started.elapsed() < PATIENCE / 2, "{:?}", started.elapsed());

    let path = StreamPath::parse("nowhere").unwrap();
    let request = IngestRequest { path, url, credentials: None, engine, transport, device_key: None };
    let ingest = start_ingest(request, IngestOptions::default());
    let _interest = ingest.interest(InterestKind::Viewer);
    until_code(&ingest, ErrorCode::HostUnreachable).await;
    ingest.stop().await;
}

#[test]
fn an_address_without_a_route_is_unreachable() {
    let outcome = in_an_empty_network(|| {
        let mut hosts = vec!["192.0.2.7"];
        // A router that says so is another error than having no route at all.
        if ip(&["link", "set", "lo", "up"]) && ip(&["route", "add", "unreachable", "198.51.100.0/24"]) {
            hosts.push("198.51.100.7");
        } else {
            println!("skipped: an unreachable route: ip cannot add it here");
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        for host in hosts {
            for engine in [IngestEngine::Auto, IngestEngine::Gstreamer] {
                runtime.block_on(check(host, engine));
            }
        }
    });
    if let Err(why) = outcome {
        println!("skipped: {why}");
    }
}
