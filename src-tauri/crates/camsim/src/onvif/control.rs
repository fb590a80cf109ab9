//! Devices on the farm's control port.
//!
//! | request | does |
//! |---|---|
//! | `GET /devices` | all devices: address, cameras, clock, quirks, faults, counters |
//! | `GET /devices/{n}` | one device |
//! | `POST /devices/{n}/quirks` | `{"quirk": "nat_xaddr"}` gives it a habit more |
//! | `DELETE /devices/{n}/quirks` | good manners again |
//! | `POST /devices/{n}/soap-faults` | `{"operation": "GetProfiles", "answer": {"kind": "huge"}}` spoils an operation |
//! | `DELETE /devices/{n}/soap-faults` | heals all operations |
//! | `POST /devices/{n}/events` | `{"topic": "motion", "index": 0, "state": true}` lets something happen |
//! | `POST /devices/{n}/clock` | `{"offset_ms": 86400000}` sets its clock against ours |
//!
//! Each answers the device as it then is.

use super::{Device, DeviceCounters, DeviceEvent, Quirk, SoapFault};
use crate::{CamsimError, house::House};
use axum::{
    Json, Router,
    extract::{Path, State},
    routing::{get, post},
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

#[derive(Serialize)]
struct DeviceReport {
    device: usize,
    name: String,
    url: String,
    endpoint: String,
    mac: String,
    serial: String,
    cameras: Vec<usize>,
    clock_offset_ms: i64,
    quirks: Vec<Quirk>,
    soap_faults: Vec<SoapFault>,
    counters: DeviceCounters,
}

#[derive(Deserialize)]
struct QuirkOrder {
    quirk: Quirk,
}

#[derive(Deserialize)]
struct ClockOrder {
    offset_ms: i64,
}

type Shared = State<Arc<House>>;
type Reported = Result<Json<DeviceReport>, CamsimError>;

pub(crate) fn routes() -> Router<Arc<House>> {
    Router::new()
        .route("/devices", get(list))
        .route("/devices/{n}", get(show))
        .route("/devices/{n}/quirks", post(add_quirk).delete(clear_quirks))
        .route("/devices/{n}/soap-faults", post(add_fault).delete(clear_faults))
        .route("/devices/{n}/events", post(tell))
        .route("/devices/{n}/clock", post(set_clock))
}

async fn list(State(house): Shared) -> Json<Vec<DeviceReport>> {
    Json(house.devices.iter().map(report).collect())
}

async fn show(State(house): Shared, Path(number): Path<usize>) -> Reported {
    act(&house, number, |_| {})
}

async fn add_quirk(State(house): Shared, Path(number): Path<usize>, Json(order): Json<QuirkOrder>) -> Reported {
    act(&house, number, |device| device.add_quirk(order.quirk))
}

async fn clear_quirks(State(house): Shared, Path(number): Path<usize>) -> Reported {
    act(&house, number, Device::clear_quirks)
}

async fn add_fault(State(house): Shared, Path(number): Path<usize>, Json(fault): Json<SoapFault>) -> Reported {
    act(&house, number, |device| device.add_soap_fault(fault))
}

async fn clear_faults(State(house): Shared, Path(number): Path<usize>) -> Reported {
    act(&house, number, Device::clear_soap_faults)
}

async fn tell(State(house): Shared, Path(number): Path<usize>, Json(event): Json<DeviceEvent>) -> Reported {
    act(&house, number, |device| device.tell(&event))
}

async fn set_clock(State(house): Shared, Path(number): Path<usize>, Json(order): Json<ClockOrder>) -> Reported {
    act(&house, number, |device| device.set_clock_offset_ms(order.offset_ms))
}

fn act(house: &House, number: usize, act: impl FnOnce(&Device)) -> Reported {
    let device = house.device(number)?;
    act(device);
    Ok(Json(report(device)))
}

fn report(device: &Device) -> DeviceReport {
    DeviceReport {
        device: device.number,
        name: device.spec.name.clone(),
        url: device.url(),
        endpoint: device.endpoint(),
        mac: device.mac(),
        serial: device.serial.clone(),
        cameras: device.spec.cameras.clone(),
        clock_offset_ms: device.clock_offset_ms(),
        quirks: device.quirks().iter().collect(),
        soap_faults: device.soap_faults(),
        counters: device.counters(),
    }
}
