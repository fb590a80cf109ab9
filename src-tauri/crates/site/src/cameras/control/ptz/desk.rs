//! The actors of cameras that are moved, and what the server asks of them.

use super::seat::{self, Action, Asked, Command, PtzOutcome, PtzSight};
use crate::cameras::control::{
    Control, Operator,
    handle::{Ground, refused},
};
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinSet,
    time::timeout,
};
use tokio_util::sync::CancellationToken;
use watchwall_model::{CameraId, ErrorCode, Patrol, PatrolId, Problem};
use watchwall_onvif::operations::{GetPresets, Preset, RemovePreset, SetPreset};

/// Commands waiting for a busy camera.
const QUEUE: usize = 16;
/// A command that has not been carried out by then is answered all the same; the actor goes on with it.
const ANSWER_WITHIN: Duration = Duration::from_secs(12);
/// Moving cameras are stopped within this time when the site stops.
const STOP_WITHIN: Duration = Duration::from_secs(2);

/// Owns the actors.
#[derive(Default)]
pub struct Desk {
    seats: Mutex<Seats>,
    cancel: CancellationToken,
}

#[derive(Default)]
struct Seats {
    commands: HashMap<CameraId, mpsc::Sender<Command>>,
    tasks: JoinSet<()>,
}

impl Desk {
    /// Stops every camera that moves and joins the actors.
    pub async fn stop(&self) {
        self.cancel.cancel();
        let mut tasks = std::mem::take(&mut self.lock().tasks);
        let all = async { while tasks.join_next().await.is_some() {} };
        if timeout(STOP_WITHIN, all).await.is_err() {
            tracing::error!("a moving camera could not be stopped in time");
        }
    }

    /// The actor of a camera, started when there is none.
    fn seat(&self, camera: CameraId, ground: &Ground) -> mpsc::Sender<Command> {
        let mut seats = self.lock();
        while seats.tasks.try_join_next().is_some() {}
        seats.commands.retain(|_, sender| !sender.is_closed());
        if let Some(sender) = seats.commands.get(&camera) {
            return sender.clone();
        }
        let (sender, commands) = mpsc::channel(QUEUE);
        seats.tasks.spawn(seat::run(camera, ground.clone(), commands, self.cancel.child_token()));
        seats.commands.insert(camera, sender.clone());
        sender
    }

    fn lock(&self) -> MutexGuard<'_, Seats> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Control {
    /// Carries out one action of an operator. `ended` fires when the operator's session ends: then the camera stops.
    ///
    /// # Errors
    /// `ptz_busy`, `ptz_unsupported`, and what keeps the device from being asked.
    pub async fn ptz(
        &self,
        camera: CameraId,
        who: Operator,
        ended: CancellationToken,
        action: Action,
    ) -> Result<PtzOutcome, Problem> {
        self.ask(camera, |reply| Command::Act(Asked { who, ended, action, reply })).await
    }

    /// What a camera's motors can do, where it looks, who holds it, which round it makes.
    ///
    /// # Errors
    /// As [`Control::ptz`].
    pub async fn ptz_sight(&self, camera: CameraId) -> Result<PtzSight, Problem> {
        self.ask(camera, Command::See).await
    }

    /// Starts a round; another one of the same camera ends.
    ///
    /// # Errors
    /// `not_found`, and as [`Control::ptz`].
    pub async fn start_patrol(&self, id: PatrolId, who: Operator) -> Result<Patrol, Problem> {
        let patrol = self.patrol(id).await?;
        let round = patrol.clone();
        self.ask(patrol.camera, |reply| Command::Start { who, patrol: round, reply }).await?;
        self.ground.store.patrols().begin(id).await?;
        Ok(patrol)
    }

    /// Ends a round; nothing happens when it is not under way.
    ///
    /// # Errors
    /// `not_found`, and `ptz_busy`.
    pub async fn stop_patrol(&self, id: PatrolId, who: Operator) -> Result<Patrol, Problem> {
        let patrol = self.patrol(id).await?;
        // Also of a camera that is switched off or gone: nothing is asked of it.
        let end = |reply| Command::End { who, patrol: id, reply };
        self.send(patrol.camera, || Problem::new(ErrorCode::AnswerTimeout).at("ptz"), end).await?;
        self.ground.store.patrols().end(id).await?;
        Ok(patrol)
    }

    /// Goes on with the rounds that were under way when the site stopped.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn resume_patrols(&self) -> Result<(), Problem> {
        for patrol in self.ground.store.patrols().running().await? {
            tracing::info!(camera.id = patrol.camera.0, patrol = patrol.id.0, "a camera goes on with its round");
            // A fresh actor has room for it.
            let _ = self.desk.seat(patrol.camera, &self.ground).try_send(Command::Resume(patrol));
        }
        Ok(())
    }

    /// # Errors
    /// `not_found`.
    pub async fn patrol(&self, id: PatrolId) -> Result<Patrol, Problem> {
        let patrol = self.ground.store.patrols().get(id).await?;
        patrol.ok_or_else(|| Problem::new(ErrorCode::NotFound).with("what", "patrol"))
    }

    /// Places the device remembers.
    ///
    /// # Errors
    /// `ptz_unsupported`, and of the device.
    pub async fn presets(&self, camera: CameraId) -> Result<Vec<Preset>, Problem> {
        let reached = self.ground.reach(camera).await?;
        let profile = seat::profile_of(&reached.camera)?;
        reached.client().call(&GetPresets { profile }).await.map_err(refused)
    }

    /// Remembers where the camera looks; its token. Devices refuse while they move.
    ///
    /// # Errors
    /// `ptz_unsupported`, and of the device.
    pub async fn set_preset(&self, camera: CameraId, name: String, token: Option<String>) -> Result<String, Problem> {
        let reached = self.ground.reach(camera).await?;
        let profile = seat::profile_of(&reached.camera)?;
        reached.client().call(&SetPreset { profile, name: Some(name), token }).await.map_err(refused)
    }

    /// # Errors
    /// `ptz_unsupported`, and of the device.
    pub async fn remove_preset(&self, camera: CameraId, token: String) -> Result<(), Problem> {
        let reached = self.ground.reach(camera).await?;
        let profile = seat::profile_of(&reached.camera)?;
        reached.client().call(&RemovePreset { profile, token }).await.map_err(refused)
    }

    async fn ask<T>(
        &self,
        camera: CameraId,
        command: impl FnOnce(oneshot::Sender<Result<T, Problem>>) -> Command,
    ) -> Result<T, Problem> {
        // What cannot be moved at all is said before an actor exists.
        let reached = self.ground.reach(camera).await?;
        seat::profile_of(&reached.camera)?;
        let late = || Problem::new(ErrorCode::AnswerTimeout).with("host", &reached.camera.host).at("ptz");
        self.send(camera, late, command).await
    }

    async fn send<T>(
        &self,
        camera: CameraId,
        late: impl FnOnce() -> Problem,
        command: impl FnOnce(oneshot::Sender<Result<T, Problem>>) -> Command,
    ) -> Result<T, Problem> {
        let (reply, answer) = oneshot::channel();
        let asked = async {
            // An actor that ended between the two is started again, once.
            if let Err(mpsc::error::SendError(command)) =
                self.desk.seat(camera, &self.ground).send(command(reply)).await
            {
                let again = self.desk.seat(camera, &self.ground).send(command).await;
                again.map_err(|_| Problem::new(ErrorCode::ShuttingDown))?;
            }
            answer.await.map_err(|_| Problem::new(ErrorCode::ShuttingDown))?
        };
        timeout(ANSWER_WITHIN, asked).await.unwrap_or_else(|_| Err(late()))
    }
}
