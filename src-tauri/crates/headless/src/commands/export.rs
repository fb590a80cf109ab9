//! `watchwall export`: recordings of the site that runs on this machine as a signed folder, made by that site.

use super::running_site::{Answer, RunningSite, refuse, show, text};
use crate::{
    cli::{ExportArguments, TargetArguments},
    output,
};
use anyhow::{Context, Result, bail};
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use reqwest::Method;
use serde_json::{Value, json};
use std::{process::ExitCode, time::Duration};

/// How often the site is asked how far it is.
const LOOK_EVERY: Duration = Duration::from_millis(500);

pub async fn run(arguments: ExportArguments) -> Result<ExitCode> {
    let target = arguments.target.clone();
    let site = RunningSite::find(&target)?;
    let wish = wish(&site, &arguments).await?;
    let started = match site.send(Method::POST, "/api/v1/exports", Some(&wish)).await? {
        Answer::Done(export) => export,
        Answer::Refused(problem) => return refuse(&target, &problem),
    };
    let url = format!("/api/v1/exports/{}", started["id"]);
    let ended = tokio::select! {
        ended = follow(&site, &target, &url) => ended?,
        _ = tokio::signal::ctrl_c() => {
            output::note("cancelling");
            match site.send(Method::POST, &format!("{url}/cancel"), None).await? {
                Answer::Done(export) => export,
                Answer::Refused(problem) => return refuse(&target, &problem),
            }
        }
    };
    match text(&ended["state"]) {
        "done" => show(&target, Answer::Done(ended), |export| text(&export["result"]).to_owned()),
        "failed" => refuse(&target, &ended["problem"]),
        state => bail!("the export was {state}; nothing of it is left"),
    }
}

async fn wish(site: &RunningSite, arguments: &ExportArguments) -> Result<Value> {
    let system = site.get("/api/v1/system").await?;
    let zone = TimeZone::get(text(&system["time_zone"])).context("the site's time zone is unknown here")?;
    let (from, to) = (moment(&arguments.from, &zone)?, moment(&arguments.to, &zone)?);
    let cameras = site.cameras().await?;
    let mut clips = Vec::with_capacity(arguments.cameras.len());
    for name in &arguments.cameras {
        let id = site.id_of(name).await?;
        let camera = cameras.iter().find(|camera| camera["id"] == id).with_context(|| format!("no camera {id}"))?;
        let streams = camera["streams"].as_array().map(Vec::as_slice).unwrap_or_default();
        let stream = streams.iter().find(|stream| stream["role"] == arguments.stream.as_str());
        let stream = stream.with_context(|| format!("{name} has no {} stream", arguments.stream))?;
        clips.push(json!({ "path": stream["path"], "from": from, "to": to }));
    }
    let mut wish =
        json!({ "name": arguments.name, "note": arguments.note, "clips": clips, "folder": arguments.folder });
    if arguments.burn_in {
        wish["burn_in"] = json!({ "watermark": arguments.watermark.clone().unwrap_or_default() });
    }
    if arguments.password_stdin {
        let mut password = String::new();
        std::io::stdin().read_line(&mut password).context("reading the password")?;
        wish["password"] = json!(password.trim_end_matches(['\r', '\n']));
    }
    Ok(wish)
}

/// Until it is over; says what is being done whenever that changes.
async fn follow(site: &RunningSite, target: &TargetArguments, url: &str) -> Result<Value> {
    let mut look = tokio::time::interval(LOOK_EVERY);
    let mut said = String::new();
    loop {
        look.tick().await;
        let export = site.get(url).await?;
        if !matches!(text(&export["state"]), "queued" | "running") {
            return Ok(export);
        }
        let step = format!("{} {:.0} %", text(&export["step"]), export["percent"].as_f64().unwrap_or_default());
        if step != said && !target.json {
            output::note(&step);
            said = step;
        }
    }
}

/// UTC milliseconds of `2026-11-26T10:15:00` by the site's clock, or of a time with its own offset.
fn moment(given: &str, zone: &TimeZone) -> Result<i64> {
    if let Ok(stamp) = given.parse::<Timestamp>() {
        return Ok(stamp.as_millisecond());
    }
    let local: DateTime = given.parse().with_context(|| format!("{given} is no time such as 2026-11-26T10:15:00"))?;
    Ok(local.to_zoned(zone.clone())?.timestamp().as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_the_sites_unless_they_say_otherwise() {
        let zone = TimeZone::get("Asia/Shanghai").unwrap();
        let check = |given: &str, expect: Option<i64>| {
            assert_eq!(moment(given, &zone).ok(), expect, "{given}");
        };
        check("2023-11-15T06:13:20", Some(1_700_000_000_000));
        check("2023-11-15 06:13:20", Some(1_700_000_000_000));
        check("2023-11-14T22:13:20Z", Some(1_700_000_000_000));
        check("2023-11-15T00:13:20+02:00", Some(1_700_000_000_000));
        check("yesterday", None);
    }
}
