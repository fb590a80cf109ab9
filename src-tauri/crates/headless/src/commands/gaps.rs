//! `watchwall gaps`: what the running site fetches from the cameras' own storage.

use super::running_site::{RunningSite, show, text};
use crate::{cli::GapsCommand, output};
use anyhow::Result;
use jiff::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};
use std::process::ExitCode;

/// The newest ones; the API has them all.
const MOST: usize = 100;

pub async fn run(command: GapsCommand) -> Result<ExitCode> {
    match command {
        GapsCommand::List { target } => {
            let page = RunningSite::find(&target)?.get(&format!("/api/v1/gap-fills?limit={MOST}")).await?;
            if target.json {
                output::line(serde_json::to_string_pretty(&page["items"])?);
            } else {
                page["items"].as_array().into_iter().flatten().for_each(|fill| output::line(told(fill)));
            }
            Ok(ExitCode::SUCCESS)
        }
        GapsCommand::Fill { path, from, to, target } => {
            let body = json!({ "path": path, "from": from.as_millisecond(), "to": to.as_millisecond() });
            let answer = RunningSite::find(&target)?.send(Method::POST, "/api/v1/gap-fills", Some(&body)).await?;
            show(&target, answer, told)
        }
        GapsCommand::Cancel { id, target } => {
            let path = format!("/api/v1/gap-fills/{id}/cancel");
            let answer = RunningSite::find(&target)?.send(Method::POST, &path, None).await?;
            show(&target, answer, told)
        }
    }
}

/// Number, stream, stretch in UTC, state, what it brought, and why not more.
fn told(fill: &Value) -> String {
    let moment = |field: &str| {
        let at = fill[field].as_i64().and_then(|ms| Timestamp::from_millisecond(ms).ok());
        at.map(|at| at.to_string()).unwrap_or_default()
    };
    let seconds = fill["filled_ms"].as_i64().unwrap_or(0) as f64 / 1e3;
    let megabytes = fill["read_bytes"].as_f64().unwrap_or(0.0) / 1e6;
    format!(
        "{}\t{}\t{} to {}\t{}\t{seconds:.1} s, {megabytes:.1} MB\t{}",
        fill["id"],
        text(&fill["path"]),
        moment("from"),
        moment("to"),
        text(&fill["state"]),
        text(&fill["problem"]["code"])
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_how_it_stands() {
        let fill = json!({
            "id": 7, "path": "cam", "from": 0, "to": 60_000, "state": "waiting", "filled_ms": 1_500, "read_bytes": 2_000_000,
            "problem": { "code": "camera_busy" },
        });
        let expect = "7\tcam\t1970-01-01T00:00:00Z to 1970-01-01T00:01:00Z\twaiting\t1.5 s, 2.0 MB\tcamera_busy";
        assert_eq!(told(&fill), expect);
    }
}
