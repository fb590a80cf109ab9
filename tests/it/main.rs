//! Full-stack tests: a real site, real sockets, virtual cameras. One binary, so that it links once.

mod access;
mod bad_cameras;
mod camera_events;
mod control;
mod database;
mod devices;
mod discovery;
mod door;
mod doctor;
mod first_run;
mod health;
mod live;
mod live_load;
mod notify;
mod networks;
mod onboarding;
mod openapi;
mod process;
mod recording;
mod rights;
mod secrets;
mod tls;
mod site_report;
