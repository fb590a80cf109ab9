//! ONVIF: discovery and SOAP client, events and snapshots of cameras. The only crate that knows SOAP.
