//! Full-stack tests: a real site, real sockets, virtual cameras. One binary, so that it links once.

mod access;
mod bad_cameras;
mod camera_events;
mod changed_password;
mod control;
mod database;
mod devices;
mod discovery;
mod doctor;
mod doctor_mends;
mod doctor_streams;
mod door;
mod first_run;
mod health;
mod live;
mod live_load;
mod networks;
mod notify;
mod onboarding;
mod openapi;
mod process;
mod recording;
mod rights;
mod secrets;
mod site_report;
mod tls;
