//! Full-stack tests: a real site, real sockets, virtual cameras. One binary, so that it links once.

mod access;
mod bad_cameras;
mod database;
mod door;
mod first_run;
mod live;
mod live_load;
mod notify;
mod openapi;
mod process;
mod recording;
mod rights;
mod secrets;
mod tls;
