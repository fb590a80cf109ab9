//! `watchwall camera`: talks to the site that runs on this machine, as its local administrator.

use super::{
    onboarding,
    running_site::{RunningSite, refuse, show, text},
};
use crate::{
    cli::{CameraCommand, LoginArguments, TargetArguments},
    output,
};
use anyhow::Result;
use serde_json::{Value, json};
use std::process::ExitCode;

pub async fn run(command: CameraCommand) -> Result<ExitCode> {
    match command {
        CameraCommand::List { target } => list(&target).await,
        CameraCommand::Discover { range, port, target } => onboarding::discover(&range, port, &target).await,
        CameraCommand::Probe { address, login, target } => probe(&address, &login, &target).await,
        CameraCommand::Import { file, dry_run, no_record, credentials, report, target } => {
            let wish = onboarding::Import { file, dry_run, records: !no_record, credentials, report };
            onboarding::import(&wish, &target).await
        }
        CameraCommand::Add { address, name, sub, login, no_record, force, target } => {
            if is_stream(&address) {
                let body = json!({
                    "name": name, "main_url": address, "sub_url": sub, "username": login.user,
                    "password": login.password, "record": !no_record, "force": force,
                });
                let site = RunningSite::find(&target)?;
                let answer = site.send(reqwest::Method::POST, "/api/v1/cameras", Some(&body)).await?;
                return show(&target, answer, added);
            }
            let row = json!({
                "name": name, "address": address, "port": login.port, "username": login.user,
                "password": login.password, "vendor": login.vendor,
            });
            add_device(row, !no_record, &target).await
        }
        CameraCommand::Remove { camera, target } => {
            let site = RunningSite::find(&target)?;
            let id = site.id_of(&camera).await?;
            let answer = site.send(reqwest::Method::DELETE, &format!("/api/v1/cameras/{id}"), None).await?;
            show(&target, answer, |_| format!("removed {camera}"))
        }
    }
}

async fn list(target: &TargetArguments) -> Result<ExitCode> {
    let cameras = RunningSite::find(target)?.cameras().await?;
    if target.json {
        output::line(serde_json::to_string_pretty(&cameras)?);
        return Ok(ExitCode::SUCCESS);
    }
    for camera in &cameras {
        for stream in camera["streams"].as_array().into_iter().flatten() {
            let status = &stream["status"];
            output::line(format_args!(
                "{}\t{}\t{}\t{}\t{}\t{}",
                camera["id"],
                text(&camera["name"]),
                text(&stream["path"]),
                text(&status["phase"]),
                text(&status["recording"]),
                status["code"].as_str().unwrap_or_default(),
            ));
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn probe(address: &str, login: &LoginArguments, target: &TargetArguments) -> Result<ExitCode> {
    let body = json!({
        "address": address, "port": login.port, "username": login.user, "password": login.password,
        "vendor": login.vendor,
    });
    let answer = RunningSite::find(target)?.send(reqwest::Method::POST, "/api/v1/devices/probe", Some(&body)).await?;
    show(target, answer, told)
}

/// One device as a job of one row.
async fn add_device(row: Value, records: bool, target: &TargetArguments) -> Result<ExitCode> {
    let site = RunningSite::find(target)?;
    let body = json!({ "rows": [row], "record": records });
    let job = match onboarding::run(&site, &body, |_| {}).await? {
        Ok(job) => job,
        Err(problem) => return refuse(target, &problem),
    };
    let row = &job["rows"][0];
    if row["state"] != "added" {
        return refuse(target, &row["problem"]);
    }
    let mut cameras = Vec::new();
    for id in row["camera_ids"].as_array().into_iter().flatten() {
        cameras.push(site.get(&format!("/api/v1/cameras/{id}")).await?);
    }
    if target.json {
        output::line(serde_json::to_string_pretty(&json!({ "device_id": row["device_id"], "cameras": cameras }))?);
    } else {
        cameras.iter().for_each(|camera| output::line(added(camera)));
    }
    Ok(ExitCode::SUCCESS)
}

fn added(camera: &Value) -> String {
    format!("added {} as {} ({})", text(&camera["name"]), camera["id"], text(&camera["streams"][0]["path"]))
}

/// A device and its channels, one line each.
fn told(answer: &Value) -> String {
    let device = &answer["device"];
    let mut lines = vec![format!(
        "{} {} {} (firmware {}, serial {})",
        text(&answer["url"]),
        text(&device["manufacturer"]),
        text(&device["model"]),
        text(&device["firmware"]),
        text(&device["serial"]),
    )];
    for channel in answer["channels"].as_array().into_iter().flatten() {
        for stream in channel["streams"].as_array().into_iter().flatten() {
            let facts = &stream["facts"];
            let seen = match stream["failure"]["code"].as_str() {
                Some(code) => code.to_owned(),
                None => format!(
                    "{} {}x{} {} fps {} kbit/s",
                    text(&facts["video"]),
                    facts["width"],
                    facts["height"],
                    facts["frame_rate"],
                    stream["bitrate_kbps"],
                ),
            };
            let (role, profile, url) = (text(&stream["role"]), text(&stream["profile"]), text(&stream["url"]));
            lines.push(format!("channel {} {role}\t{profile}\t{seen}\t{url}", channel["number"]));
        }
    }
    lines.join("\n")
}

/// Whether an address is a stream's: whatever is no web address of a device.
fn is_stream(address: &str) -> bool {
    let Some((scheme, rest)) = address.split_once("://") else { return false };
    let path = rest.split_once('/').map_or("", |(_, path)| path).to_ascii_lowercase();
    let is_web = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    !is_web || !(path.is_empty() || path.contains("onvif") || path.contains("device_service"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_and_streams_are_told_apart() {
        let check = |address: &str, expect| assert_eq!(is_stream(address), expect, "{address}");
        check("192.168.1.64", false);
        check("fe80::1", false);
        check("http://192.168.1.64/", false);
        check("http://192.168.1.64:8000/onvif/device_service", false);
        check("http://192.168.1.64/mjpg/video.mjpg", true);
        check("rtsp://192.168.1.64/main", true);
    }
}
