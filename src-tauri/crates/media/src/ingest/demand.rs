//! How urgently a stream is wanted.

/// The most urgent of those who hold an interest. Ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Demand {
    #[default]
    Nobody,
    /// Tasks and gateways: they take the stream when it is there.
    Background,
    /// A plan records it: what a returned camera shows before it is pulled again is lost.
    Recorded,
    /// A person watches.
    Watched,
}
