//! The demo site: virtual cameras in this process, and something to look for, added once and found again on the next
//! start.

use std::{net::SocketAddr, path::Path};
use watchwall_camsim::{Audio, CameraSpec, Farm, FarmOptions, StreamSpec};
use watchwall_model::{
    AiScene, AiTask, AiTaskParams, CameraId, DispatchMode, ErrorCode, Plan, Point, Problem, SceneCode, StreamRole,
    TaskId, UtcMillis,
};
use watchwall_site::{
    Site,
    cameras::{CameraEdit, NewCamera},
};

/// Group that the demo's cameras belong to.
const GROUP: &str = "Demo";

/// Starts the cameras, on a port that stays the same between starts when it is free.
pub async fn start_farm(data_folder: &Path, cameras: u32) -> Result<Farm, Problem> {
    let mut specs: Vec<CameraSpec> = (0..cameras as usize).map(CameraSpec::demo).collect();
    // The one that is looked at shows the same in both streams: the recording of an alarm holds what raised it.
    if let Some(first) = specs.first_mut() {
        first.main = StreamSpec { bitrate_kbps: 2_000, audio: Audio::Aac, ..StreamSpec::live(1280, 720, 15) };
    }
    let options = FarmOptions {
        cache_folder: Some(data_folder.join("cache").join("clips")),
        rtsp_listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        ..FarmOptions::new(specs)
    };
    Farm::start(options).await.map_err(|error| Problem::new(ErrorCode::Internal).at("start_demo").because(error))
}

/// Makes the site's cameras equal to the farm's: adds what is missing, moves what stands on an old port.
pub async fn populate(site: &Site, farm: &Farm, cameras: u32) -> Result<(), Problem> {
    let groups = site.store.groups().all().await?;
    let group = match groups.into_iter().find(|group| group.name == GROUP) {
        Some(group) => group,
        None => site.store.groups().insert(GROUP, None).await?,
    };
    let existing = site.cameras.all().await?;
    for index in 0..cameras as usize {
        let spec = CameraSpec::demo(index);
        let main_url = farm.rtsp_url(index, StreamRole::Main);
        let sub_url = farm.rtsp_url(index, StreamRole::Sub);
        let found = existing.iter().find(|one| one.camera.group == Some(group.id) && one.camera.name == spec.name);
        match found {
            Some(found) => {
                let edit = CameraEdit { main_url: Some(main_url), sub_url: Some(sub_url), ..CameraEdit::default() };
                site.cameras.update(found.camera.id, None, edit).await?;
            }
            None => {
                let new = NewCamera {
                    name: Some(spec.name.clone()),
                    group: Some(group.id),
                    main_url,
                    sub_url: Some(sub_url),
                    ..NewCamera::default()
                };
                let added = site.cameras.add(new).await?;
                if let Some(stream) = added.camera.stream(StreamRole::Main) {
                    let plan = Plan { retention_days: 1, segment_minutes: 5, ..Plan::continuous(stream.path.clone()) };
                    site.recording.put_plan(plan).await?;
                }
            }
        }
    }
    Ok(())
}

/// Name of the task that is made once.
const TASK: &str = "Demo: somebody in the yard";
/// A part of the picture that the box of the virtual cameras crosses.
const REGION: [[f32; 2]; 4] = [[0.45, 0.6], [0.8, 0.6], [0.8, 0.95], [0.45, 0.95]];

/// Has somebody look for intruders at the first camera. A person may change or delete the task: it does not come again
/// while there is any other.
pub async fn give_task(site: &Site) -> Result<(), Problem> {
    if !site.store.ai_tasks().all().await?.is_empty() {
        return Ok(());
    }
    let cameras = site.cameras.all().await?;
    let Some(camera) = cameras.iter().map(|one| one.camera.id).min() else { return Ok(()) };
    site.analytics.add_task(&task(camera)?).await?;
    Ok(())
}

fn task(camera: CameraId) -> Result<AiTask, Problem> {
    let code = SceneCode::parse("REGION_INTRUSION");
    let code = code.ok_or_else(|| Problem::new(ErrorCode::Internal).at("demo_task"))?;
    Ok(AiTask {
        id: TaskId(0),
        version: 0,
        name: TASK.to_owned(),
        camera,
        stream: StreamRole::Sub,
        scenes: vec![AiScene { region: REGION.map(Point::from).to_vec(), ..AiScene::whole(code) }],
        dispatch: DispatchMode::Mixed,
        confidence: AiTask::DEFAULT_CONFIDENCE,
        params: AiTaskParams { width: 640, height: 360, ..AiTaskParams::default() },
        alarm_enabled: true,
        // Without a sound: it goes on for as long as the demo runs.
        level: 2,
        push: None,
        schedule: None,
        enabled: true,
        updated_at: UtcMillis(0),
    })
}
