//! One camera that is moved: the only code that starts its motors, and the one that stops them.
//!
//! A continuous move goes on only while its operator says so: without a word for a second, when the session ends, after
//! 30 s in one piece, or when the site stops, it is stopped; a stop that fails is tried again.

use super::{
    aim::{Aim, aim},
    lock::{Lock, LockFacts, Operator},
    patrol::{PatrolFacts, Round},
};
use crate::cameras::control::handle::{Ground, Reached, refused};
use std::time::{Duration, Instant};
use tokio::{
    sync::{mpsc, oneshot},
    time::{sleep, sleep_until, timeout},
};
use tokio_util::sync::CancellationToken;
use watchwall_model::{Camera, CameraId, ErrorCode, Patrol, PatrolId, Problem, UtcMillis};
use watchwall_onvif::{
    ErrorKind, OnvifError, PtzControl,
    operations::{
        AbsoluteMove, GetNodes, GetPtzConfigurationOptions, GetPtzStatus, GotoHomePosition, GotoPreset, MoveStatus,
        PtzSpaces, PtzVector, RelativeMove, SendAuxiliaryCommand, SetHomePosition, Span,
    },
};

/// A move nobody repeats for so long is stopped.
const SILENCE: Duration = Duration::from_secs(1);
/// A move is stopped after so long in one piece, and not begun again without a pause.
const LONGEST: Duration = Duration::from_secs(30);
/// When the device should stop by itself, should the site be gone.
const DEVICE_STOPS_WITHIN_MS: u64 = 2_000;
/// A device that does not answer a move by then is stopped: it may be moving all the same.
const CALL_WITHIN: Duration = Duration::from_secs(4);
const STOP_AGAIN_AFTER: Duration = Duration::from_millis(500);
const MOST_STOPS: u32 = 20;
/// An actor without work ends.
const IDLE: Duration = Duration::from_secs(120);

/// What an operator wants.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Until it is stopped; to be repeated within a second. Speeds from -1 to 1.
    Move(PtzVector),
    Stop,
    Absolute {
        position: PtzVector,
        speed: Option<PtzVector>,
    },
    Relative {
        translation: PtzVector,
        speed: Option<PtzVector>,
    },
    Home,
    /// Makes where it looks its home.
    SetHome,
    Preset {
        token: String,
    },
    /// Brings a point of the picture to its middle; from 0 to 1, from the upper left corner.
    Centre {
        x: f32,
        y: f32,
    },
    /// A command of the device's list, for example a wiper.
    Auxiliary(String),
    /// Gives control back.
    Release,
}

/// How a command went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PtzOutcome {
    /// When the site stops the camera unless it is told to go on.
    pub stops_at: Option<UtcMillis>,
    /// It had moved for 30 s in one piece: a pause is needed first.
    pub is_limited: bool,
    /// A click was followed by a guess.
    pub is_guessed: bool,
    pub lock: Option<LockFacts>,
}

/// What a camera's motors can do.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PtzFacts {
    pub profile: String,
    pub spaces: PtzSpaces,
    pub most_presets: u32,
    pub has_home: bool,
    pub is_home_fixed: bool,
    pub auxiliary_commands: Vec<String>,
    /// A click is followed exactly, not by a guess.
    pub is_centre_exact: bool,
    timeouts_ms: Option<Span<u64>>,
}

/// Everything about moving one camera.
#[derive(Clone, Debug, PartialEq)]
pub struct PtzSight {
    pub facts: PtzFacts,
    /// Where the device says that it looks.
    pub position: Option<PtzVector>,
    /// Whether the device says that it moves.
    pub is_moving: Option<bool>,
    pub lock: Option<LockFacts>,
    pub patrol: Option<PatrolFacts>,
}

pub struct Asked {
    pub who: Operator,
    /// The operator's session is over.
    pub ended: CancellationToken,
    pub action: Action,
    pub reply: oneshot::Sender<Result<PtzOutcome, Problem>>,
}

pub enum Command {
    Act(Asked),
    See(oneshot::Sender<Result<PtzSight, Problem>>),
    Start {
        who: Operator,
        patrol: Patrol,
        reply: oneshot::Sender<Result<(), Problem>>,
    },
    End {
        who: Operator,
        patrol: PatrolId,
        reply: oneshot::Sender<Result<(), Problem>>,
    },
    /// Goes on with a round that was under way when the site stopped.
    Resume(Patrol),
}

/// # Errors
/// `ptz_unsupported`.
pub fn profile_of(camera: &Camera) -> Result<String, Problem> {
    let profile = camera.ptz_profile.clone();
    profile.ok_or_else(|| Problem::new(ErrorCode::PtzUnsupported).with("name", &camera.name))
}

/// Runs until cancelled or idle for long. A camera that moves is stopped first.
pub async fn run(camera: CameraId, ground: Ground, mut commands: mpsc::Receiver<Command>, cancel: CancellationToken) {
    let mut seat =
        Seat { camera, ground, lock: Lock::default(), facts: None, moving: None, limited: None, round: None };
    loop {
        let stops_at = seat.moving.as_ref().map(|moving| moving.stops_at);
        let ended = seat.moving.as_ref().map(|moving| moving.ended.clone());
        let round_at = seat.round.as_ref().filter(|_| seat.moving.is_none()).map(Round::due);
        let is_idle = stops_at.is_none() && round_at.is_none();
        tokio::select! {
            biased;
            () = cancel.cancelled() => break,
            () = over(ended) => seat.halt("its operator's session ended").await,
            command = commands.recv() => match command {
                Some(command) => seat.obey(command).await,
                None => break,
            },
            () = at(stops_at) => seat.halt("nobody told it to go on").await,
            () = at(round_at) => seat.go_round().await,
            () = sleep(IDLE), if is_idle => break,
        }
    }
    if seat.moving.is_some() {
        seat.halt("control of it ends").await;
    }
}

async fn at(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment.into()).await,
        None => std::future::pending().await,
    }
}

async fn over(ended: Option<CancellationToken>) {
    match ended {
        Some(ended) => ended.cancelled().await,
        None => std::future::pending().await,
    }
}

struct Seat {
    camera: CameraId,
    ground: Ground,
    lock: Lock,
    /// Asked for once; another profile asks again.
    facts: Option<PtzFacts>,
    moving: Option<Moving>,
    /// When a move was refused last because the one before had lasted too long.
    limited: Option<Instant>,
    round: Option<Round>,
}

struct Moving {
    control: PtzControl,
    velocity: PtzVector,
    started: Instant,
    stops_at: Instant,
    ended: CancellationToken,
    /// Stops that failed.
    failures: u32,
}

impl Seat {
    async fn obey(&mut self, command: Command) {
        let is_overdue = self.moving.as_ref().is_some_and(|moving| moving.stops_at <= Instant::now());
        let goes_on = matches!(&command, Command::Act(Asked { action: Action::Move(_), .. }));
        if is_overdue && !goes_on {
            self.halt("nobody told it to go on").await;
        }
        // Who no longer waits for the answer has gone; what was asked is done all the same.
        match command {
            Command::Act(asked) => {
                let done = self.act(&asked.who, asked.ended, asked.action).await;
                let _ = asked.reply.send(done);
            }
            Command::See(reply) => drop(reply.send(self.see().await)),
            Command::Start { who, patrol, reply } => drop(reply.send(self.start_round(&who, patrol))),
            Command::End { who, patrol, reply } => drop(reply.send(self.end_round(&who, patrol))),
            Command::Resume(patrol) => {
                if self.round.is_none() {
                    self.round = Round::start(patrol, Instant::now());
                }
            }
        }
    }

    async fn act(&mut self, who: &Operator, ended: CancellationToken, action: Action) -> Result<PtzOutcome, Problem> {
        if action == Action::Release {
            if self.lock.facts(UtcMillis::now()).is_some_and(|held| held.name == who.name) && self.moving.is_some() {
                self.halt("its operator let go of it").await;
            }
            self.lock.release(who);
            return Ok(self.outcome());
        }
        self.lock.take(who, UtcMillis::now())?;
        if let Some(round) = &mut self.round {
            round.pause(Instant::now());
        }
        let reached = self.ground.reach(self.camera).await?;
        if let Action::Move(velocity) = action {
            return self.go_on(&reached, velocity, ended).await;
        }
        if self.moving.is_some() {
            self.halt("its operator wants something else").await;
        }
        let profile = profile_of(&reached.camera)?;
        let client = reached.client();
        match action {
            Action::Stop => {
                let facts = self.facts(&reached).await?;
                let control = PtzControl::new(client.clone(), profile, facts.timeouts_ms);
                control.stop().await.map_err(|error| ptz_refused(&reached, error))?;
            }
            Action::Absolute { position, speed } => {
                let done = client.call(&AbsoluteMove { profile, position, speed }).await;
                done.map_err(|error| ptz_refused(&reached, error))?;
            }
            Action::Relative { translation, speed } => {
                let request = RelativeMove { profile, translation, speed, pan_tilt_space: None };
                client.call(&request).await.map_err(|error| ptz_refused(&reached, error))?;
            }
            Action::Home => {
                client.call(&GotoHomePosition { profile }).await.map_err(|error| ptz_refused(&reached, error))?;
            }
            Action::SetHome => {
                client.call(&SetHomePosition { profile }).await.map_err(|error| ptz_refused(&reached, error))?;
            }
            Action::Preset { token } => {
                let done = client.call(&GotoPreset { profile, token, speed: None }).await;
                done.map_err(|error| ptz_refused(&reached, error))?;
            }
            Action::Auxiliary(command) => {
                let done = client.call(&SendAuxiliaryCommand { profile, command }).await;
                done.map_err(|error| ptz_refused(&reached, error))?;
            }
            Action::Centre { x, y } => return self.centre(&reached, x, y, ended).await,
            Action::Move(_) | Action::Release => {}
        }
        Ok(self.outcome())
    }

    /// Begins a move or keeps it going. A device that stops by itself is told again each time, another only when the
    /// direction changes.
    async fn go_on(
        &mut self,
        reached: &Reached,
        velocity: PtzVector,
        ended: CancellationToken,
    ) -> Result<PtzOutcome, Problem> {
        let now = Instant::now();
        if self.limited.is_some_and(|at| now - at < SILENCE) {
            self.limited = Some(now);
            return Ok(PtzOutcome { is_limited: true, ..self.outcome() });
        }
        self.limited = None;
        let facts = self.facts(reached).await?;
        let profile = profile_of(&reached.camera)?;
        let started = self.moving.as_ref().map_or(now, |moving| moving.started);
        if now - started >= LONGEST {
            self.halt("it has moved for as long as it may").await;
            self.limited = Some(Instant::now());
            return Ok(PtzOutcome { is_limited: true, ..self.outcome() });
        }
        let is_known = self.moving.as_ref().is_some_and(|moving| moving.velocity == velocity && moving.failures == 0);
        let control = PtzControl::new(reached.client().clone(), profile, facts.timeouts_ms);
        // From here on it may be moving, whatever comes back.
        let stops_at = now + CALL_WITHIN + SILENCE;
        self.moving = Some(Moving { control: control.clone(), velocity, started, stops_at, ended, failures: 0 });
        if !is_known || facts.timeouts_ms.is_some() {
            match timeout(CALL_WITHIN, control.start(velocity, DEVICE_STOPS_WITHIN_MS)).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => {
                    self.halt("the device refused the move").await;
                    return Err(ptz_refused(reached, error));
                }
                Err(_) => {
                    self.halt("the device did not answer the move").await;
                    return Err(Problem::new(ErrorCode::AnswerTimeout).with("host", &reached.camera.host).at("ptz"));
                }
            }
        }
        if let Some(moving) = &mut self.moving {
            moving.stops_at = (Instant::now() + SILENCE).min(started + LONGEST);
        }
        Ok(self.outcome())
    }

    async fn centre(
        &mut self,
        reached: &Reached,
        x: f32,
        y: f32,
        ended: CancellationToken,
    ) -> Result<PtzOutcome, Problem> {
        let facts = self.facts(reached).await?;
        let profile = profile_of(&reached.camera)?;
        let zoom = if facts.is_centre_exact { None } else { self.zoom(reached, &profile).await };
        match aim(x, y, &facts.spaces, zoom) {
            Aim::Nothing => Ok(self.outcome()),
            Aim::Exact { translation, space } => {
                let request = RelativeMove { profile, translation, speed: None, pan_tilt_space: Some(space) };
                reached.client().call(&request).await.map_err(|error| ptz_refused(reached, error))?;
                Ok(self.outcome())
            }
            Aim::Guessed { velocity, lasts } => {
                let control = PtzControl::new(reached.client().clone(), profile, facts.timeouts_ms);
                let sent = Instant::now();
                let moving = Moving {
                    control: control.clone(),
                    velocity,
                    started: sent,
                    stops_at: sent + CALL_WITHIN,
                    ended,
                    failures: 0,
                };
                self.moving = Some(moving);
                if let Err(error) = control.start(velocity, DEVICE_STOPS_WITHIN_MS).await {
                    self.halt("the device refused the move").await;
                    return Err(ptz_refused(reached, error));
                }
                if let Some(moving) = &mut self.moving {
                    // It began to move about halfway between question and answer.
                    moving.stops_at = sent + sent.elapsed() / 2 + lasts;
                }
                Ok(PtzOutcome { is_guessed: true, ..self.outcome() })
            }
        }
    }

    async fn zoom(&self, reached: &Reached, profile: &str) -> Option<f32> {
        let status = reached.client().call(&GetPtzStatus { profile: profile.to_owned() }).await.ok()?;
        status.position?.zoom
    }

    /// Stops what moves. Fails it, it is tried again soon: a camera must not turn on.
    async fn halt(&mut self, why: &str) {
        let Some(mut moving) = self.moving.take() else { return };
        match timeout(CALL_WITHIN, moving.control.stop()).await {
            Ok(Ok(())) => tracing::debug!(camera.id = self.camera.0, why, "the camera was stopped"),
            failed => {
                moving.failures += 1;
                let error = match failed {
                    Ok(Err(error)) => error.to_string(),
                    _ => "no answer in time".to_owned(),
                };
                if moving.failures >= MOST_STOPS {
                    tracing::error!(camera.id = self.camera.0, why, error, "the camera could not be stopped");
                    return;
                }
                tracing::warn!(camera.id = self.camera.0, why, error, "the camera was not stopped; it is tried again");
                moving.stops_at = Instant::now() + STOP_AGAIN_AFTER;
                // Its session is over or not: it is stopped by time now.
                moving.ended = CancellationToken::new();
                self.moving = Some(moving);
            }
        }
    }

    async fn see(&mut self) -> Result<PtzSight, Problem> {
        let reached = self.ground.reach(self.camera).await?;
        let facts = self.facts(&reached).await?;
        let status = reached.client().call(&GetPtzStatus { profile: facts.profile.clone() }).await;
        let status = match status {
            Err(error) if matches!(error.kind(), ErrorKind::Unreachable | ErrorKind::Login) => {
                return Err(refused(error));
            }
            status => status.unwrap_or_default(),
        };
        let moves = [status.pan_tilt.as_ref(), status.zoom.as_ref()];
        let is_told = moves.iter().any(Option::is_some);
        let is_moving = moves.iter().flatten().any(|axis| **axis == MoveStatus::Moving);
        Ok(PtzSight {
            facts,
            position: status.position,
            is_moving: is_told.then_some(is_moving),
            lock: self.lock.facts(UtcMillis::now()),
            patrol: self.round.as_ref().map(|round| round.facts(Instant::now())),
        })
    }

    fn start_round(&mut self, who: &Operator, patrol: Patrol) -> Result<(), Problem> {
        self.lock.take(who, UtcMillis::now())?;
        let empty = || Problem::new(ErrorCode::RequestInvalid).with("field", "steps").with("reason", "empty");
        self.round = Some(Round::start(patrol, Instant::now()).ok_or_else(empty)?);
        self.lock.release(who);
        Ok(())
    }

    fn end_round(&mut self, who: &Operator, patrol: PatrolId) -> Result<(), Problem> {
        self.lock.take(who, UtcMillis::now())?;
        self.round.take_if(|round| round.id() == patrol);
        self.lock.release(who);
        Ok(())
    }

    async fn go_round(&mut self) {
        let Some(round) = &mut self.round else { return };
        let token = round.next(Instant::now());
        let done = async {
            let reached = self.ground.reach(self.camera).await?;
            let profile = profile_of(&reached.camera)?;
            reached.client().call(&GotoPreset { profile, token, speed: None }).await.map_err(refused)
        };
        match done.await {
            Ok(()) => round.arrived(),
            Err(problem) if problem.code == ErrorCode::CameraNotFound => self.round = None,
            Err(problem) => {
                if round.failed(Instant::now()) {
                    let (camera, patrol) = (self.camera.0, round.id().0);
                    tracing::warn!(
                        camera.id = camera,
                        patrol,
                        "a camera does not go its round; it is tried on: {problem}"
                    );
                }
            }
        }
    }

    async fn facts(&mut self, reached: &Reached) -> Result<PtzFacts, Problem> {
        let profile = profile_of(&reached.camera)?;
        if let Some(facts) = self.facts.as_ref().filter(|facts| facts.profile == profile) {
            return Ok(facts.clone());
        }
        let facts = learn(reached, profile).await?;
        self.facts = Some(facts.clone());
        Ok(facts)
    }

    fn outcome(&self) -> PtzOutcome {
        let now = Instant::now();
        let stops_at =
            self.moving.as_ref().map(|moving| UtcMillis::now() + moving.stops_at.saturating_duration_since(now));
        PtzOutcome { stops_at, lock: self.lock.facts(UtcMillis::now()), ..PtzOutcome::default() }
    }
}

/// A device that does not list what it can do is taken at its word that it can move.
async fn learn(reached: &Reached, profile: String) -> Result<PtzFacts, Problem> {
    let client = reached.client();
    let profiles = reached.link.snapshot().profiles;
    let reference = profiles.iter().find(|known| known.token == profile).and_then(|known| known.ptz.clone());
    let reference = reference.unwrap_or_default();
    let options = client.call(&GetPtzConfigurationOptions { configuration: reference.token.clone() }).await;
    let options = optional(reached, options)?.unwrap_or_default();
    let nodes = optional(reached, client.call(&GetNodes).await)?.unwrap_or_default();
    let node = nodes.iter().find(|node| node.token == reference.node_token).or_else(|| nodes.first()).cloned();
    let node = node.unwrap_or_default();
    let spaces = if options.spaces == PtzSpaces::default() { node.spaces } else { options.spaces };
    Ok(PtzFacts {
        profile,
        is_centre_exact: spaces.relative_pan_tilt.iter().any(|space| space.uri.ends_with("TranslationSpaceFov")),
        spaces,
        most_presets: node.most_presets,
        has_home: node.has_home,
        is_home_fixed: node.is_home_fixed,
        auxiliary_commands: node.auxiliary_commands,
        timeouts_ms: options.timeout_ms,
    })
}

/// A list that a device lacks is no failure; a device that is not there is.
fn optional<T>(reached: &Reached, answer: Result<T, OnvifError>) -> Result<Option<T>, Problem> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if matches!(error.kind(), ErrorKind::Unreachable | ErrorKind::Login) => {
            Err(ptz_refused(reached, error))
        }
        Err(_) => Ok(None),
    }
}

fn ptz_refused(reached: &Reached, error: OnvifError) -> Problem {
    if error.kind() == ErrorKind::Unsupported {
        return Problem::new(ErrorCode::PtzUnsupported).with("name", &reached.camera.name).because(error);
    }
    refused(error).at("ptz")
}
