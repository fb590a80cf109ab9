//! Disks that are full while alarms come: what was told of stays, what comes waits, and clips say what became of them.

use anyhow::{Context, Result, ensure};
use reqwest::Method;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fs::File,
    io::Write,
    path::{Path, PathBuf},
    process::Command,
    sync::Mutex,
    time::Duration,
};
use watchwall_camsim::CameraSpec;
use watchwall_model::{StreamRole, UtcMillis};
use watchwall_tests::{Client, Heard, ServedSite, Socket, farm, small_stream, until};

const PATIENCE: Duration = Duration::from_secs(60);
const SCENES: [&str; 4] = ["MOTION", "TAMPER", "LINE_CROSSING", "REGION_INTRUSION"];
/// Alarms that are enough to meet a full disk: what the database has room for in its own files is kept.
const MOST_SENT: usize = 2_000;

/// A disk in memory. Gone with its last file.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// `None`, with a word why, where this machine cannot do it.
    fn make(root: &Path, size_mib: u64) -> Result<Option<Self>> {
        std::fs::create_dir_all(root)?;
        let size = format!("size={size_mib}m");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(root).output();
        Ok(match mounted {
            Ok(done) if done.status.success() => Some(Self(root.to_owned())),
            Ok(done) => {
                println!("skipped: {}", String::from_utf8_lossy(&done.stderr).trim());
                None
            }
            Err(error) => {
                println!("skipped: mount: {error}");
                None
            }
        })
    }

    /// To the last byte.
    fn fill(&self) -> Result<()> {
        let mut file = File::create(self.filler())?;
        for size in [1 << 20, 1 << 12, 1] {
            let block = vec![7_u8; size];
            while file.write_all(&block).is_ok() {}
        }
        Ok(())
    }

    fn make_room(&self) -> Result<()> {
        Ok(std::fs::remove_file(self.filler())?)
    }

    fn filler(&self) -> PathBuf {
        self.0.join("filler")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Whoever still holds a file of it keeps it until then.
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// What a screen was told: alarms, and how often they had happened.
async fn watch(admin: &Client, seen: &Mutex<BTreeMap<i64, u64>>) -> Result<()> {
    let mut screen = Socket::open(admin, "/ws/web-notify").await?;
    screen.say(&json!({"type": "subscribe", "topics": ["alarms"]})).await?;
    loop {
        let Heard::Json(message) = screen.hear().await? else { continue };
        let all = message["alarms"].as_array().into_iter().flatten();
        for alarm in all.filter(|alarm| alarm["source"] == "ai") {
            if let (Some(id), Some(count)) = (alarm["id"].as_i64(), alarm["count"].as_u64()) {
                let mut seen = seen.lock().unwrap();
                let kept = seen.entry(id).or_default();
                *kept = count.max(*kept);
            }
        }
    }
}

async fn alarms(admin: &Client) -> Option<Vec<Value>> {
    admin.get("/api/v1/alarms?source=ai&limit=500").await.ok()?.ok().ok()?.json["items"].as_array().cloned()
}

/// How often all alarms together happened.
fn happened(alarms: &[Value]) -> u64 {
    alarms.iter().filter_map(|alarm| alarm["count"].as_u64()).sum()
}

fn clips_of(alarms: &[Value]) -> BTreeMap<i64, Value> {
    alarms.iter().filter_map(|alarm| Some((alarm["id"].as_i64()?, alarm["clip"].clone()))).collect()
}

struct Node {
    socket: Socket,
    task: Value,
    camera: Value,
    sent: usize,
}

impl Node {
    async fn connect(admin: &Client, camera: &Value) -> Result<Self> {
        let scenes: Vec<Value> = SCENES.iter().map(|code| json!({"code": code})).collect();
        let task = json!({"name": "Yard", "camera_id": camera["id"], "scenes": scenes});
        let task = admin.post("/api/v1/ai-tasks", &task).await?.ok()?.json["id"].clone();
        let made = admin.post("/api/v1/ai-nodes", &json!({"name": "GPU", "sees_cameras": true})).await?.ok()?.json;
        let token = made["token"].as_str().context("no token")?;
        let mut socket = Socket::open(&admin.with_token(token), "/ws/ai-engine").await?;
        socket.say(&json!({"type": "NODE_REGISTER", "node_id": "gpu", "algorithms": SCENES})).await?;
        socket.json("START_TASK").await?;
        socket.say(&json!({"type": "TASK_KEEPALIVE", "node_id": "gpu", "task_id": task})).await?;
        Ok(Self { socket, task, camera: camera["id"].clone(), sent: 0 })
    }

    async fn alarm(&mut self) -> Result<()> {
        let scene = SCENES[self.sent % SCENES.len()];
        // No two of one moment: those would be one.
        let at = UtcMillis::now().0 + self.sent as i64;
        let result = json!({"type": "AI_RESULT", "task_id": self.task, "camera_id": self.camera, "ts": at,
            "scene_code": scene, "alarm_event": true, "confidence": 0.9, "objects": []});
        self.sent += 1;
        self.socket.say(&result).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn alarms_wait_for_a_full_disk_and_none_is_lost() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (data, videos) = (folder.path().join("data"), folder.path().join("data/recordings"));
    let Some(disk) = SmallDisk::make(&data, 48)? else { return Ok(()) };
    let Some(video_disk) = SmallDisk::make(&videos, 16)? else { return Ok(()) };
    let farm = farm(vec![CameraSpec::new("Gate", small_stream())]).await?;
    let mut site = ServedSite::start_in(&data).await?;
    let admin = site.admin.clone();
    let new = json!({"name": "Gate", "main_url": farm.rtsp_url(0, StreamRole::Main), "force": true});
    let camera = admin.post("/api/v1/cameras", &new).await?.ok()?.json;
    let mut policy = admin.get("/api/v1/alarm-policy").await?.ok()?.json;
    for (name, value) in [("repeat_s", 600), ("clip_before_s", 1), ("clip_after_s", 2)] {
        policy[name] = value.into();
    }
    admin.send_json(Method::PUT, "/api/v1/alarm-policy", &policy).await?.ok()?;
    let mut node = Node::connect(&admin, &camera).await?;
    let seen: Mutex<BTreeMap<i64, u64>> = Mutex::default();

    // Recordings have no room: the alarm is there, and its clip says why it is not.
    video_disk.fill()?;
    node.alarm().await?;
    let work = async {
        let clip = until("end of the clip", PATIENCE, async || {
            let clip = alarms(&admin).await?.first()?["clip"].clone();
            (clip["state"] != "pending").then_some(clip)
        })
        .await?;
        println!("clip on a full disk: {clip}");
        assert_eq!((&clip["state"], &clip["reason"]), (&json!("unavailable"), &json!("disk_full")));

        // Nor has the database.
        disk.fill()?;
        let is_told = |site: &ServedSite| site.program.everything().contains("alarms cannot be kept; they wait");
        while !is_told(&site) && node.sent < MOST_SENT {
            node.alarm().await?;
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        until("a word about it", PATIENCE, async || is_told(&site).then_some(())).await?;
        for _ in 0..40 {
            node.alarm().await?;
        }
        let kept = happened(&alarms(&admin).await.context("no alarms")?);
        println!("{kept} of {} are kept while the disk is full", node.sent);
        // A person is told either way: the database may find room in its own files.
        let asked = admin.post("/api/v1/alarms/test", &json!({})).await?;
        let answer = (asked.status.as_u16(), asked.code());
        ensure!(matches!(answer, (201, "") | (503, "alarms_busy")), "{answer:?}: {}", asked.text);
        disk.make_room()?;
        let mut kept = 0;
        let all = until("all alarms", PATIENCE, async || {
            kept = happened(&alarms(&admin).await?);
            (kept == node.sent as u64).then_some(())
        });
        all.await.with_context(|| format!("{kept} of {}: {}", node.sent, site.program.everything()))
    };
    tokio::select! {
        done = work => done?,
        ended = watch(&admin, &seen) => anyhow::bail!("the screen ended: {ended:?}"),
    }
    let kept: BTreeMap<i64, u64> = alarms(&admin)
        .await
        .context("no alarms")?
        .iter()
        .filter_map(|alarm| Some((alarm["id"].as_i64()?, alarm["count"].as_u64()?)))
        .collect();
    let seen = seen.into_inner().unwrap();
    ensure!(!seen.is_empty() && seen.iter().all(|(id, count)| kept.get(id) >= Some(count)), "{seen:?} and {kept:?}");
    // No clip is waited for for ever.
    let clips = until("ends of clips", PATIENCE, async || {
        let all = alarms(&admin).await?;
        all.iter().all(|alarm| alarm["clip"]["state"] != "pending").then(|| clips_of(&all))
    })
    .await?;
    println!("clips: {clips:?}");
    // What was told stays also when the site is killed.
    site.program.kill().await?;
    site = ServedSite::start_in(&data).await?;
    let after = alarms(&site.admin).await.context("no alarms")?;
    assert_eq!((happened(&after), clips_of(&after)), (node.sent as u64, clips));
    site.program.kill().await?;
    farm.shutdown().await;
    Ok(())
}
