//! Cameras: ingest by wish, states, probe.
