//! A scripted AI node as a process of its own, to be killed: `ai_node BASE_URL TOKEN ID MOST_TASKS SCENE...`.

use anyhow::{Context, Result};
use tokio::sync::watch;
use watchwall_tests::{AiNode, AiNodeSpec, Client};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let mut next = |what: &'static str| arguments.next().context(what);
    let client = Client::anonymous(&next("no address")?)?;
    let (token, id, max_tasks) = (next("no token")?, next("no id")?, next("no limit")?.parse()?);
    let spec = AiNodeSpec { token, id, max_tasks, algorithms: arguments.collect() };
    let (_site, place) = watch::channel(Some(client));
    let _node = AiNode::start(spec, place);
    std::future::pending().await
}
