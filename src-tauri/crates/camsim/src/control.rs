//! Faults and counters over HTTP, on a port of their own.
//!
//! | request | does |
//! |---|---|
//! | `GET /cameras` | all cameras: URLs, faults in force, counters |
//! | `GET /cameras/{n}` | one camera |
//! | `POST /cameras/{n}/faults` | enters the fault in the JSON body; answers when it is in force |
//! | `DELETE /cameras/{n}/faults` | heals the camera |
//!
//! Devices that speak ONVIF have requests of their own, see `onvif::control`.
//!
//! A fault is `{"kind": "freeze"}` and, where it has any, its values; `"role": "sub"` limits it to one stream.
//! Refusals are `{"error": "..."}` with 400, 404 or 503. There is no authentication: it listens where it is told,
//! which should be loopback.

use crate::{
    CameraCounters, CamsimError, CamsimErrorKind, Fault, FaultSet,
    farm::url,
    house::{CameraRuntime, House},
    onvif::control_routes,
    rtsp::Door,
};
use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::{Deserialize, Serialize};
use std::{net::SocketAddr, sync::Arc};
use watchwall_model::StreamRole;

#[derive(Deserialize)]
struct Order {
    role: Option<StreamRole>,
    #[serde(flatten)]
    fault: Fault,
}

#[derive(Serialize)]
struct CameraReport {
    camera: usize,
    name: String,
    main: StreamReport,
    sub: Option<StreamReport>,
    counters: CameraCounters,
}

#[derive(Serialize)]
struct StreamReport {
    url: String,
    faults: FaultSet,
}

type Shared = State<Arc<House>>;

/// Opens the control port; its task belongs to the house.
pub(crate) async fn start(house: Arc<House>, listen: SocketAddr) -> Result<SocketAddr, CamsimError> {
    let door = Door::open(listen).await?;
    let address = door.address;
    let routes = Router::new()
        .route("/cameras", get(list))
        .route("/cameras/{n}", get(show))
        .route("/cameras/{n}/faults", post(enter).delete(heal))
        .merge(control_routes())
        .with_state(house.clone());
    let stop = house.stop.clone();
    house.tasks.spawn(async move {
        let served = tokio::select! {
            () = stop.cancelled() => Ok(()),
            served = async { axum::serve(door.into_listener(), routes).await } => served,
        };
        if let Err(error) = served {
            tracing::error!(%error, "the control port of the camera farm has failed");
        }
    });
    Ok(address)
}

async fn list(State(house): Shared) -> Json<Vec<CameraReport>> {
    Json(house.cameras.iter().enumerate().map(|(number, camera)| report(number, camera)).collect())
}

async fn show(State(house): Shared, Path(number): Path<usize>) -> Result<Json<CameraReport>, CamsimError> {
    Ok(Json(report(number, house.camera(number)?)))
}

async fn enter(
    State(house): Shared,
    Path(number): Path<usize>,
    Json(order): Json<Order>,
) -> Result<Json<CameraReport>, CamsimError> {
    house.fault(number, order.role, order.fault).await?;
    Ok(Json(report(number, house.camera(number)?)))
}

async fn heal(State(house): Shared, Path(number): Path<usize>) -> Result<Json<CameraReport>, CamsimError> {
    house.clear(number, None).await?;
    Ok(Json(report(number, house.camera(number)?)))
}

fn report(number: usize, camera: &CameraRuntime) -> CameraReport {
    let stream = |role, faults| StreamReport { url: url(camera.address, number, role), faults };
    CameraReport {
        camera: number,
        name: camera.spec.name.clone(),
        main: stream(StreamRole::Main, camera.main.faults()),
        sub: camera.sub.as_ref().map(|sub| stream(StreamRole::Sub, sub.faults())),
        counters: camera.counters(),
    }
}

impl IntoResponse for CamsimError {
    fn into_response(self) -> Response {
        let status = match self.kind() {
            CamsimErrorKind::NotFound => StatusCode::NOT_FOUND,
            CamsimErrorKind::BadRequest => StatusCode::BAD_REQUEST,
            CamsimErrorKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        };
        (status, Json(serde_json::json!({ "error": self.to_string() }))).into_response()
    }
}
