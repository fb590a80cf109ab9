//! The typed calls, one folder per service.
//!
//! An operation is a value: `client.call(&GetProfiles).await`. Each writes its elements in the order of the schema and
//! reads its answer field by field; a field that is missing or wrong is left out. Enumerations keep unknown values.

/// Implements [`Operation`](crate::soap::Operation): name on the wire, service, answer, constants, body, reading.
macro_rules! operation {
    ($name:ident $operation:literal of $service:ident -> $answer:ty { $($constants:tt)* }
     write($w:ident, $body:ident) $write:block
     read($r:ident, $node:ident) $read:block) => {
        impl crate::soap::Operation for $name {
            type Answer = $answer;
            const NAME: &'static str = $operation;
            $($constants)*
            fn service(&self) -> crate::soap::Service {
                crate::soap::Service::$service
            }
            fn write(&$w, $body: &mut crate::soap::Xml) $write
            fn read(&$r, $node: crate::tree::Node<'_>) -> Result<$answer, crate::soap::Gap> $read
        }
    };
    ($name:ident $operation:literal of $service:ident -> $answer:ty { $($constants:tt)* }
     read($r:ident, $node:ident) $read:block) => {
        operation! { $name $operation of $service -> $answer { $($constants)* }
            write(self, _body) {}
            read($r, $node) $read }
    };
    ($name:ident $operation:literal of $service:ident { $($constants:tt)* }
     write($w:ident, $body:ident) $write:block) => {
        operation! { $name $operation of $service -> () { const EFFECT: crate::soap::Effect = crate::soap::Effect::Change; $($constants)* }
            write($w, $body) $write
            read(self, _answer) { Ok(()) } }
    };
}

mod capabilities;
mod device;
mod device_io;
mod events;
mod imaging;
mod media;
mod ptz;
mod recording;
mod span;

pub use capabilities::{GetServiceCapabilities, ServiceCapabilities};
pub(crate) use device::hardware_address;
pub use device::*;
pub use device_io::*;
pub use events::*;
pub use imaging::*;
pub use media::*;
pub use ptz::*;
pub use recording::*;
pub use span::{Size, Span};
