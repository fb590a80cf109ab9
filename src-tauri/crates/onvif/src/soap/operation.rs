//! One operation of a service: what is asked and how its answer reads.

use super::{Service, Xml};
use crate::tree::Node;
use thiserror::Error;

/// A call with its typed answer. The body element is named [`Operation::NAME`], its answer the same with `Response`.
pub trait Operation {
    type Answer;

    const NAME: &'static str;
    const EFFECT: Effect = Effect::Read;
    const PATIENCE: Patience = Patience::Usual;
    const LOGIN: Login = Login::Needed;

    fn service(&self) -> Service;

    /// The children of the body element, in the order of the schema: strict devices refuse any other.
    fn write(&self, _body: &mut Xml) {}

    /// Reads the answer's body element. A field that is missing or wrong is left out, never a reason to fail;
    /// only an answer without what was asked for is one.
    ///
    /// # Errors
    /// The name of what is missing.
    fn read(&self, answer: Node<'_>) -> Result<Self::Answer, Gap>;

    /// How long the device may take for this one.
    fn patience(&self) -> Patience {
        Self::PATIENCE
    }

    /// SOAP action, which some devices dispatch on alone.
    fn action(&self) -> String {
        format!("{}/{}", self.service().namespace(), Self::NAME)
    }
}

/// Whether asking twice is the same as asking once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// May be sent again when the connection broke before anything came back.
    Read,
    Change,
}

/// How long a device may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    Usual,
    /// Lists that recorders assemble from all their channels.
    List,
    /// The device waits itself, this long at most.
    Waits {
        ms: u32,
    },
}

/// Whether the specification lets anybody ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Login {
    /// Access class PRE_AUTH. Devices that want a login all the same get one.
    NotNeeded,
    Needed,
}

/// What an answer lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the answer has no {0}")]
pub struct Gap(pub &'static str);
