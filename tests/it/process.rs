//! The real command: its ready line, its signals, its refusals.

use anyhow::{Context, Result};
use serde_json::json;
use std::time::{Duration, Instant};
use watchwall_model::StreamRole;
use watchwall_tests::{Binary, Client, DataFolder, Socket, TestSite, demo_like, farm, top_boxes, until};

fn serve(folder: &DataFolder) -> Result<Binary> {
    let folder = folder.path().to_str().context("a strange folder")?;
    Binary::start(&["serve", "--data", folder, "--listen", "127.0.0.1:0"], "info")
}

fn client(folder: &DataFolder, address: &str) -> Result<Client> {
    let token = std::fs::read_to_string(folder.path().join("local-token"))?;
    Ok(Client::anonymous(address)?.with_token(token.trim()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_is_clean_and_quick() -> Result<()> {
    let farm = farm(vec![demo_like("Gate")]).await?;
    let folder = DataFolder::new()?;
    let mut program = serve(&folder)?;
    let address = program.ready().await?;
    assert_eq!(program.lines("out").len(), 1, "one line on standard output: {:?}", program.lines("out"));
    let admin = client(&folder, &address)?;
    let new = json!({ "main_url": farm.rtsp_url(0, StreamRole::Main), "force": true });
    let camera = admin.post("/api/v1/cameras", &new).await?.ok()?.json;
    let path = watchwall_tests::TestSite::path_of(&camera, "main");
    let mut viewer = Socket::open(&admin, &format!("/api/v1/live/{path}")).await?;
    viewer.video().await?;
    until("the recording", Duration::from_secs(20), async || {
        admin.metric("recording_plan_active_count").await.ok().filter(|active| *active == 1.0)
    })
    .await?;
    // With a viewer watching, a request half sent and a file open.
    let host = address.trim_start_matches("http://");
    let mut idle = tokio::net::TcpStream::connect(host).await?;
    tokio::io::AsyncWriteExt::write_all(&mut idle, b"GET /healthz HTTP/1.1\r\nHo").await?;
    let started = Instant::now();
    program.terminate()?;
    let status = program.ended(Duration::from_secs(8)).await?;
    println!("stopped after {:?}", started.elapsed());
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}\n{}", started.elapsed(), program.everything());
    assert!(status.success(), "{status}");
    let closed = viewer.closing().await?.1;
    assert_eq!(closed.code, 1001);
    for left in ["local-token", "server.json", "watchwall.db-wal"] {
        assert!(!folder.path().join(left).exists(), "{left} is still there");
    }
    let file =
        walk(&folder.path().join("recordings")).into_iter().find(|file| file.extension().is_some_and(|e| e == "mp4"));
    let bytes = std::fs::read(file.context("no recording")?)?;
    let boxes = top_boxes(&bytes);
    assert_eq!(boxes.iter().map(|(_, size)| size).sum::<usize>(), bytes.len(), "the file ends in half a box");
    assert_eq!(boxes.last().map(|(kind, _)| kind.as_str()), Some("mfra"));
    farm.shutdown().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_copy_refuses_and_the_first_goes_on() -> Result<()> {
    let folder = DataFolder::new()?;
    let first = serve(&folder)?;
    let address = first.ready().await?;
    let mut second = serve(&folder)?;
    let status = second.ended(Duration::from_secs(15)).await?;
    assert!(!status.success());
    let said = second.lines("err").join("\n");
    assert!(said.contains("data_folder_in_use"), "{said}");
    // It took nothing from the first: not its token, not its record.
    client(&folder, &address)?.get("/api/v1/users").await?.ok()?;
    let taken = DataFolder::new()?;
    let listen = address.trim_start_matches("http://");
    let data = taken.path().to_str().context("a strange folder")?;
    let mut third = Binary::start(&["serve", "--data", data, "--listen", listen], "info")?;
    assert!(!third.ended(Duration::from_secs(15)).await?.success());
    assert!(third.lines("err").join("\n").contains("address_in_use"), "{}", third.everything());
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cameras_are_managed_from_the_command_line() -> Result<()> {
    let folder = DataFolder::new()?;
    let program = serve(&folder)?;
    program.ready().await?;
    let data = folder.path().to_str().context("a strange folder")?.to_owned();
    let run = async |arguments: &[&str]| -> Result<(bool, String, String)> {
        let mut all = vec!["camera"];
        all.extend_from_slice(arguments);
        all.extend_from_slice(&["--data", &data]);
        let mut command = Binary::start(&all, "warn")?;
        let status = command.ended(Duration::from_secs(60)).await?;
        Ok((status.success(), command.lines("out").join("\n"), command.lines("err").join("\n")))
    };
    let (ok, _, said) = run(&["add", "gopher://127.0.0.1/"]).await?;
    assert!(!ok && said.contains("url_scheme_unsupported"), "{said}");
    let (ok, out, said) = run(&["add", "rtsp://192.0.2.7/main", "--force", "--name", "Dock"]).await?;
    assert!(ok, "{out}{said}");
    let (_, out, _) = run(&["list"]).await?;
    assert!(out.contains("Dock") && out.contains("cam_192_0_2_7_ch1_main"), "{out}");
    assert!(run(&["remove", "Dock"]).await?.0);
    assert!(!run(&["list"]).await?.1.contains("Dock"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_doctor_measures_the_disks_that_are_in_use() -> Result<()> {
    let disk = DataFolder::new()?;
    let site = TestSite::start().await?;
    let films = disk.path().join("films");
    let code = site.setup_code().context("no code")?;
    let new = json!({ "code": code, "username": "anna", "password": "a long password", "recording_folder": films });
    site.anonymous()?.post("/api/v1/setup", &new).await?.ok()?;
    let data = site.data.path().to_str().context("a strange folder")?.to_owned();
    let ask = async || -> Result<Vec<(String, String)>> {
        let mut doctor = Binary::start(&["doctor", "--json", "--data", &data], "error")?;
        doctor.ended(Duration::from_secs(60)).await?;
        let findings: serde_json::Value = serde_json::from_str(&doctor.lines("out").join("\n"))?;
        let disks = findings.as_array().into_iter().flatten().filter(|finding| finding["what"] == "disk");
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        Ok(disks.map(|finding| (text(&finding["found"]), text(&finding["verdict"]))).collect())
    };
    // While the site runs, and after it: the folder that first run chose, and no other.
    let is_it = |disks: &[(String, String)]| match disks {
        [(found, verdict)] => found.starts_with(&films.display().to_string()) && verdict != "bad",
        _ => false,
    };
    let disks = ask().await?;
    assert!(is_it(&disks), "{disks:?}");
    let data_folder = site.stop_keeping().await;
    let disks = ask().await?;
    assert!(is_it(&disks), "{disks:?}");
    // A disk that is not mounted is told and not written to.
    std::fs::remove_dir_all(&films)?;
    let disks = ask().await?;
    assert!(disks.len() == 1 && disks[0].1 == "bad" && !films.exists(), "{disks:?}");
    drop(data_folder);
    Ok(())
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() { files.extend(walk(&path)) } else { files.push(path) }
    }
    files
}
