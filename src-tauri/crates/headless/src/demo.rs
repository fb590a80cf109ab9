//! The demo site: virtual cameras in this process, added once and found again on the next start.

use std::{net::SocketAddr, path::Path};
use watchwall_camsim::{CameraSpec, Farm, FarmOptions};
use watchwall_model::{ErrorCode, Plan, Problem, StreamRole};
use watchwall_site::{
    Site,
    cameras::{CameraEdit, NewCamera},
};

/// Group that the demo's cameras belong to.
const GROUP: &str = "Demo";

/// Starts the cameras, on a port that stays the same between starts when it is free.
pub async fn start_farm(data_folder: &Path, cameras: u32) -> Result<Farm, Problem> {
    let specs: Vec<CameraSpec> = (0..cameras as usize).map(CameraSpec::demo).collect();
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
