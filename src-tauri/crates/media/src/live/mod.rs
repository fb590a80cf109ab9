//! The binary message a viewer receives.
