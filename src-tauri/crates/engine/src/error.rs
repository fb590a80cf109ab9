//! Why the engine cannot run at all. Everything else is tried again.

/// What is wrong with how it was started.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    #[error("{url} is no address of a site: ws://host:port or wss://host:port is expected")]
    Address { url: String },
    #[error("{file} cannot be read")]
    File {
        file: String,
        #[source]
        because: std::io::Error,
    },
    #[error("{file} holds no certificate")]
    Certificate { file: String },
    #[error("the node's id and name are 1 to 128 characters, and at least one task is needed")]
    Node,
}
