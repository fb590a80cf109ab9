//! Devices on real networks: several interfaces, several subnets, IPv6 alone, and the real command that finds them.
//!
//! Each test lays its own networks in namespaces, which needs root. `WATCHWALL_DISCOVERY_RUNS` searches more often and
//! prints what each search took.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::{
    collections::HashSet,
    fmt::Write,
    process::Stdio,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::{Child, ChildStdin},
};
use watchwall_tests::{Binary, DataFolder, Network, USER, network_or_skip, soon, until};

const PASSWORD: &str = "right";
const READY_WITHIN: Duration = Duration::from_secs(90);
const FOUND_WITHIN: Duration = Duration::from_secs(5);

/// Devices of one namespace; they end with it.
struct Street {
    _child: Child,
    _input: ChildStdin,
}

impl Street {
    async fn start(network: &Network, name: char, what: &Value) -> Result<Self> {
        let mut command = network.command(name, env!("CARGO_BIN_EXE_street").as_ref());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut input = child.stdin.take().context("no stdin")?;
        input.write_all(format!("{what}\n").as_bytes()).await?;
        let mut lines = BufReader::new(child.stdout.take().context("no stdout")?).lines();
        let line = soon("the devices", READY_WITHIN, lines.next_line()).await??;
        ensure!(line.as_deref() == Some("ready"), "the devices did not start");
        Ok(Self { _child: child, _input: input })
    }
}

/// The real site in a namespace.
struct Site<'n> {
    network: &'n Network,
    name: char,
    program: Binary,
    data: DataFolder,
}

impl<'n> Site<'n> {
    async fn start(network: &'n Network, name: char) -> Result<Self> {
        let data = DataFolder::new()?;
        let mut command = network.command(name, &Binary::file()?);
        command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(data.path());
        let program = Binary::spawn(command)?;
        program.ready().await?;
        Ok(Self { network, name, program, data })
    }

    async fn camera(&self, arguments: &[&str]) -> Result<Value> {
        let folder = self.data.path().to_str().context("a strange folder")?;
        let all: Vec<&str> = ["camera"].iter().chain(arguments).chain(&["--json", "--data", folder]).copied().collect();
        let text = self.network.watchwall(self.name, &all).await?;
        serde_json::from_str(&text).with_context(|| text)
    }

    /// Searches, and checks that each device is there once; answers them.
    async fn find(&self, expected: usize) -> Result<Vec<Value>> {
        let started = Instant::now();
        let job = self.camera(&["discover"]).await?;
        let took = started.elapsed();
        let devices = job["devices"].as_array().cloned().unwrap_or_default();
        let serials: HashSet<_> = devices.iter().map(|device| device["serial"].to_string()).collect();
        let hosts: HashSet<_> = devices.iter().map(|device| device["host"].to_string()).collect();
        println!(
            "{} devices, {} serial numbers, {} hosts in {} ms",
            devices.len(),
            serials.len(),
            hosts.len(),
            took.as_millis()
        );
        ensure!((devices.len(), serials.len(), hosts.len()) == (expected, expected, expected), "{job:#}");
        ensure!(took < FOUND_WITHIN, "{took:?}");
        Ok(devices)
    }

    /// Most memory the site has used, in KiB.
    fn peak_kib(&self) -> Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.program.id()?))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM")?;
        Ok(line.trim().trim_end_matches(" kB").trim().parse()?)
    }

    async fn stop(mut self) -> Result<()> {
        self.program.terminate()?;
        ensure!(self.program.ended(Duration::from_secs(20)).await?.success(), "{}", self.program.everything());
        Ok(())
    }
}

fn runs() -> u32 {
    std::env::var("WATCHWALL_DISCOVERY_RUNS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(2)
}

/// What becomes of a table of these devices when each is really looked at, streams included.
async fn can_all_be_added(site: &Site<'_>, devices: &[Value]) -> Result<()> {
    let mut table = "address,user,password\n".to_owned();
    for device in devices {
        writeln!(table, "{},{USER},{PASSWORD}", device["url"].as_str().context("no address")?)?;
    }
    let file = site.data.path().join("found.csv");
    std::fs::write(&file, table)?;
    let job = site.camera(&["import", file.to_str().context("a strange folder")?, "--dry-run"]).await?;
    ensure!(job["ready"].as_u64() == Some(devices.len() as u64), "{job:#}");
    Ok(())
}

/// Network A is reached by two interfaces of the site and has two subnets; network C knows IPv6 alone.
async fn lay_three_interfaces(network: &Network) -> Result<()> {
    network.cable('s', 'a', 1).await?;
    network.cable('s', 'a', 2).await?;
    network.cable('s', 'c', 3).await?;
    network.ip('a', "link add br0 type bridge").await?;
    for words in ["link set s1 master br0", "link set s2 master br0", "link set br0 up"] {
        network.ip('a', words).await?;
    }
    network.addresses('s', "a1", &["10.71.1.1/24".into(), "fd71::1/64".into()]).await?;
    network.addresses('s', "a2", &["10.71.2.1/24".into()]).await?;
    network.addresses('s', "c3", &["fd72::1/64".into()]).await?;
    Ok(())
}

/// 48 devices: 24 in one subnet, 20 in another, 4 with a card in each and an IPv6 address. Four share one endpoint
/// reference, one answers twice, and one thinks for two seconds.
fn houses_of_a() -> (Vec<String>, Vec<Value>) {
    let first = (101..=124).map(|last| json!({ "at": format!("10.71.1.{last}") }));
    let second = (101..=120).map(|last| json!({ "at": format!("10.71.2.{last}") }));
    let both = (201..=204).map(|last| {
        json!({ "at": format!("10.71.1.{last}"), "also_at": [format!("10.71.2.{last}"), format!("fd71::{last}")] })
    });
    let mut houses: Vec<Value> = first.chain(second).chain(both).collect();
    for number in [3, 4, 30, 31] {
        houses[number]["quirks"] = json!(["shared_endpoint"]);
    }
    houses[7]["quirks"] = json!(["duplicate_answers"]);
    houses[8]["answers_after_ms"] = json!(2000);
    let own = houses.iter().flat_map(|house| {
        let also = house["also_at"].as_array().cloned().unwrap_or_default();
        std::iter::once(house["at"].clone()).chain(also)
    });
    let with_prefix = |address: &str| format!("{address}/{}", if address.contains(':') { 64 } else { 24 });
    let mut addresses: Vec<String> = own.filter_map(|address| address.as_str().map(with_prefix)).collect();
    addresses.extend(["10.71.1.250/24".to_owned(), "10.71.2.250/24".to_owned()]);
    (addresses, houses)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_devices_on_three_interfaces_are_found_once_each() -> Result<()> {
    let Some(network) = network_or_skip("x", &['s', 'a', 'c']).await? else { return Ok(()) };
    lay_three_interfaces(&network).await?;
    let (addresses, houses) = houses_of_a();
    network.addresses('a', "br0", &addresses).await?;
    network.addresses('c', "s3", &["fd72::101/64".into(), "fd72::102/64".into()]).await?;
    let interfaces = json!(["10.71.1.250/24", "10.71.2.250/24"]);
    let a = json!({ "password": PASSWORD, "devices": houses, "interfaces": interfaces, "links": ["br0"] });
    let c = json!({ "password": PASSWORD, "devices": [{ "at": "fd72::101" }, { "at": "fd72::102" }], "links": ["s3"] });
    let _a = Street::start(&network, 'a', &a).await?;
    let _c = Street::start(&network, 'c', &c).await?;
    let site = Site::start(&network, 's').await?;
    let mut found = Vec::new();
    for _ in 0..runs() {
        found = site.find(50).await?;
    }
    let of_two = |device: &&Value| device["addresses"].as_array().is_some_and(|addresses| addresses.len() == 3);
    ensure!(found.iter().filter(of_two).count() == 4, "{found:#?}");
    let v6: HashSet<_> =
        found.iter().filter_map(|device| device["host"].as_str()).filter(|host| host.contains(':')).collect();
    ensure!(v6 == HashSet::from(["fd72::101", "fd72::102"]), "{v6:?}");
    can_all_be_added(&site, &found).await?;
    site.stop().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_camera_of_an_ipv6_network_is_added_and_seen() -> Result<()> {
    let Some(network) = network_or_skip("v", &['s', 'c']).await? else { return Ok(()) };
    network.cable('s', 'c', 1).await?;
    network.addresses('s', "c1", &["fd73::1/64".into(), "fe80::51/64".into()]).await?;
    network.addresses('c', "s1", &["fd73::101/64".into(), "fe80::102/64".into()]).await?;
    let street = json!({
        "password": PASSWORD, "devices": [{ "at": "fd73::101" }, { "at": "fe80::102%s1" }], "links": ["s1"],
    });
    let _street = Street::start(&network, 'c', &street).await?;
    let site = Site::start(&network, 's').await?;
    // The second is only known on its link: it is shown, and whoever tries to add it is told why that cannot be.
    let found = site.find(2).await?;
    let url = |host: &str| {
        let device = found.iter().find(|device| device["host"] == host);
        device.and_then(|device| device["url"].as_str()).with_context(|| format!("{host} was not found: {found:#?}"))
    };
    let login = ["--user", USER, "--password", PASSWORD];
    for address in [url("fe80::102")?, "fe80::102%c1", "[fe80::102]"] {
        let refused = site.camera(&[&["probe", address], login.as_slice()].concat()).await?;
        let said =
            [&refused["code"], &refused["params"]["reason"]].into_iter().any(|code| code == "address_link_local");
        ensure!(said, "{address}: {refused:#}");
    }
    let added = site.camera(&[&["add", url("fd73::101")?], login.as_slice()].concat()).await?;
    until("a picture over IPv6", Duration::from_secs(30), async || {
        let cameras = site.camera(&["list"]).await.ok()?;
        let stream = &cameras[0]["streams"][0];
        let is_over_ipv6 = stream["url"].as_str().is_none_or(|url| url.starts_with("rtsp://[fd73::101]"));
        (stream["status"]["phase"] == "live" && is_over_ipv6).then_some(())
    })
    .await
    .with_context(|| format!("{added:#}"))?;
    site.stop().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_hundred_devices_answer_at_once() -> Result<()> {
    let Some(network) = network_or_skip("h", &['s', 'a']).await? else { return Ok(()) };
    network.cable('s', 'a', 1).await?;
    network.addresses('s', "a1", &["10.74.0.1/22".into()]).await?;
    let host = |number: u32| format!("10.74.{}.{}", 1 + number / 150, 1 + number % 150);
    let mut addresses: Vec<String> = (0..300).map(|number| host(number) + "/22").collect();
    addresses.push("10.74.0.250/22".to_owned());
    network.addresses('a', "s1", &addresses).await?;
    let houses: Vec<Value> = (0..300).map(|number| json!({ "at": host(number) })).collect();
    let street = json!({ "password": PASSWORD, "devices": houses, "interfaces": ["10.74.0.250/22"] });
    let _street = Street::start(&network, 'a', &street).await?;
    let site = Site::start(&network, 's').await?;
    let before = site.peak_kib()?;
    for _ in 0..runs() {
        site.find(300).await?;
    }
    let grown = site.peak_kib()?.saturating_sub(before);
    println!("{grown} KiB more at the peak");
    ensure!(grown < 64 * 1024, "{grown} KiB");
    site.stop().await
}
