//! Devices that somebody else wrote: two ONVIF servers of the Rust registry, and lighttpd as the door that asks for the
//! login. What our own virtual cameras and our own client might both get wrong shows here.

mod gateway;
mod onvif_server;
mod oxvif_mock;
mod ports;
mod scene;
