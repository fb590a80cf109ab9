//! Who may come in: accounts with lockout, the arithmetic of Digest and of WS-UsernameToken. RTSP, SOAP and pictures
//! share it, as they do in a camera: a password changed by SOAP is the one that RTSP asks for.
//!
//! Not here: how a request carries its login. No task.

mod desk;
pub(crate) mod digest;
pub(crate) mod token;

pub(crate) use desk::AccountRefusal;
pub use desk::{Account, AccountLevel, Lockout, LoginAttempts};
pub(crate) use desk::{LoginDesk, LoginDoor};
