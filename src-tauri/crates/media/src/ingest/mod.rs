//! Pulling cameras.
