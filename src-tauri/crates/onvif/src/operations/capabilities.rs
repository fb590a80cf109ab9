//! What a service says it can do: flags and figures in attributes, the same for every service.

use crate::{
    soap::{Gap, Login, Operation, Service},
    tree::{Node, Number},
};
use std::collections::BTreeMap;

/// Asks one service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GetServiceCapabilities {
    pub service: Service,
}

/// Attributes by name, of the capabilities and the groups within. Claims: behaviour often differs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceCapabilities {
    pub attributes: BTreeMap<String, String>,
}

impl ServiceCapabilities {
    pub fn flag(&self, name: &str) -> Option<bool> {
        self.attributes.get(name).map(|value| value == "true" || value == "1")
    }

    pub fn number<N: Number>(&self, name: &str) -> Option<N> {
        self.attributes.get(name).and_then(|value| N::read(value))
    }
}

impl Operation for GetServiceCapabilities {
    type Answer = ServiceCapabilities;
    const NAME: &'static str = "GetServiceCapabilities";
    const LOGIN: Login = Login::NotNeeded;

    fn service(&self) -> Service {
        self.service.clone()
    }

    fn read(&self, answer: Node<'_>) -> Result<ServiceCapabilities, Gap> {
        let capabilities = answer.child("Capabilities").ok_or(Gap("Capabilities"))?;
        let nodes = std::iter::once(capabilities).chain(capabilities.descendants());
        let attributes =
            nodes.flat_map(Node::attributes_by_name).map(|(name, value)| (name.to_owned(), value.to_owned()));
        Ok(ServiceCapabilities { attributes: attributes.collect() })
    }
}
