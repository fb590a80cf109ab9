//! Which services a device has and where.
//!
//! Two calls tell, and neither tells all: Media2 and often Profile G appear only in `GetServices`, old devices have only
//! `GetCapabilities`, and the two give different paths. Both are asked and merged, the newer call first.

use crate::{
    soap::{Gap, Login, Patience, Service},
    tree::Node,
};

/// Where one service is, as the device says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceAddress {
    pub service: Service,
    pub xaddr: String,
    /// Major and minor, where it tells.
    pub version: Option<(u32, u32)>,
}

/// All that a device has told of its services.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Services {
    items: Vec<ServiceAddress>,
}

impl Services {
    pub const fn new(items: Vec<ServiceAddress>) -> Self {
        Self { items }
    }

    /// Whether the device has told anything yet.
    pub const fn is_known(&self) -> bool {
        !self.items.is_empty()
    }

    pub fn has(&self, service: &Service) -> bool {
        self.address(service).is_some()
    }

    pub fn address(&self, service: &Service) -> Option<&str> {
        let item = self.items.iter().find(|item| item.service == *service)?;
        Some(item.xaddr.as_str())
    }

    pub fn iter(&self) -> impl Iterator<Item = &ServiceAddress> {
        self.items.iter()
    }

    /// Adds the services that were not known.
    pub fn merge(&mut self, others: Self) {
        for other in others.items {
            if !self.has(&other.service) {
                self.items.push(other);
            }
        }
    }
}

/// Each is compared with those before it.
const MOST_SERVICES: usize = 256;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetServices;

operation! {
    GetServices "GetServices" of Device -> Services {
        const LOGIN: Login = Login::NotNeeded;
        const PATIENCE: Patience = Patience::List;
    }
    write(self, body) { body.leaf("IncludeCapability", false); }
    read(self, answer) {
        let mut services = Services::default();
        for node in answer.children("Service").take(MOST_SERVICES) {
            let (Some(namespace), Some(xaddr)) = (node.text_of("Namespace"), node.text_of("XAddr")) else { continue };
            let version = node.child("Version").and_then(|version| {
                Some((version.number_of("Major")?, version.number_of("Minor").unwrap_or(0)))
            });
            services.merge(Services::new(vec![ServiceAddress {
                service: Service::of_namespace(namespace),
                xaddr: xaddr.to_owned(),
                version,
            }]));
        }
        if services.is_known() { Ok(services) } else { Err(Gap("Service")) }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetCapabilities;

operation! {
    GetCapabilities "GetCapabilities" of Device -> Services {
        const LOGIN: Login = Login::NotNeeded;
        const PATIENCE: Patience = Patience::List;
    }
    write(self, body) { body.leaf("Category", "All"); }
    read(self, answer) {
        let capabilities = answer.child("Capabilities").ok_or(Gap("Capabilities"))?;
        let extension = capabilities.child("Extension");
        let named = [
            ("Device", Service::Device),
            ("Media", Service::Media),
            ("PTZ", Service::Ptz),
            ("Imaging", Service::Imaging),
            ("Events", Service::Events),
            ("Analytics", Service::Analytics),
            ("DeviceIO", Service::DeviceIo),
            ("Recording", Service::Recording),
            ("Search", Service::Search),
            ("Replay", Service::Replay),
        ];
        let places = || std::iter::once(capabilities).chain(extension);
        let items = named.into_iter().filter_map(|(name, service)| {
            let xaddr = places().filter_map(|place: Node<'_>| place.child(name)).find_map(|node| node.text_of("XAddr"))?;
            Some(ServiceAddress { service, xaddr: xaddr.to_owned(), version: None })
        });
        Ok(Services::new(items.collect()))
    }
}
