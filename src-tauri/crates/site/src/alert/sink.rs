//! Results of AI engines as alarms, by what their tasks say.

use crate::{
    alarms::Alarms,
    analytics::{AlarmSink, said::Said},
};
use futures::future::{BoxFuture, FutureExt};
use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::Mutex;
use watchwall_model::{AiResultRow, AiTask, AlarmSource, Happening, Problem, PushPolicy, TaskId};
use watchwall_store::Store;

/// Tasks are read again this often; an edit holds for what comes after.
const TASKS_FOR: Duration = Duration::from_secs(1);

/// Raises what engines find.
pub struct EngineAlarms {
    store: Store,
    alarms: Alarms,
    tasks: Mutex<Option<Read>>,
}

/// All tasks as they were read last.
struct Read {
    at: Instant,
    tasks: Arc<HashMap<TaskId, Orders>>,
}

/// What a task says of its alarms.
#[derive(Clone)]
struct Orders {
    name: String,
    is_wanted: bool,
    level: u32,
    push: Option<PushPolicy>,
}

impl From<AiTask> for Orders {
    fn from(task: AiTask) -> Self {
        Self { name: task.name, is_wanted: task.alarm_enabled, level: task.level, push: task.push }
    }
}

impl EngineAlarms {
    pub fn new(store: Store, alarms: Alarms) -> Self {
        Self { store, alarms, tasks: Mutex::default() }
    }

    async fn tasks(&self) -> Result<Arc<HashMap<TaskId, Orders>>, Problem> {
        let mut kept = self.tasks.lock().await;
        if let Some(read) = kept.as_ref().filter(|read| read.at.elapsed() < TASKS_FOR) {
            return Ok(Arc::clone(&read.tasks));
        }
        let all = self.store.ai_tasks().all().await?;
        let tasks: Arc<HashMap<TaskId, Orders>> =
            Arc::new(all.into_iter().map(|task| (task.id, Orders::from(task))).collect());
        *kept = Some(Read { at: Instant::now(), tasks: Arc::clone(&tasks) });
        Ok(tasks)
    }
}

impl AlarmSink for EngineAlarms {
    fn raise<'a>(&'a self, rows: &'a [AiResultRow]) -> BoxFuture<'a, Result<(), Problem>> {
        async move {
            let tasks = self.tasks().await?;
            // Of a task that was deleted a moment ago nobody wants to hear.
            let happened: Vec<Happening> = rows
                .iter()
                .filter_map(|row| {
                    tasks.get(&row.task).filter(|orders| orders.is_wanted).map(|orders| of_row(row, orders))
                })
                .collect();
            if happened.is_empty() { Ok(()) } else { self.alarms.report(happened).await }
        }
        .boxed()
    }
}

fn of_row(row: &AiResultRow, orders: &Orders) -> Happening {
    let mut what = Happening::new(AlarmSource::Ai, row.scene.to_string(), row.at).of(row.camera).alarming(orders.level);
    what = what.with("task", &orders.name).with("node", &row.node);
    for (name, value) in [("event_type", &row.event_type), ("event_desc", &row.event_desc)] {
        if let Some(value) = value {
            what = what.with(name, value);
        }
    }
    let said = Said::of(row.event_type.as_deref(), row.total_count, row.metrics.as_deref());
    for (name, value) in said.iter().flat_map(Said::params) {
        what = what.with(&name, value);
    }
    Happening {
        task: Some(row.task),
        confidence: Some(row.confidence),
        objects: Some(row.objects.clone()),
        snapshot: row.snapshot.clone(),
        push: orders.push.clone(),
        ..what
    }
}
