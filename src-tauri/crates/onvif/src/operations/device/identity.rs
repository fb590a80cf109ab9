//! Who a device is.

use crate::{
    scopes,
    soap::{Gap, Login},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetDeviceInformation;

/// As the device names itself; empty where it does not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeviceInformation {
    pub manufacturer: String,
    pub model: String,
    pub firmware: String,
    pub serial_number: String,
    pub hardware_id: String,
}

operation! {
    GetDeviceInformation "GetDeviceInformation" of Device -> DeviceInformation {}
    read(self, answer) {
        if answer.elements().next().is_none() {
            return Err(Gap("Manufacturer"));
        }
        Ok(DeviceInformation {
            manufacturer: answer.string_of("Manufacturer"),
            model: answer.string_of("Model"),
            firmware: answer.string_of("FirmwareVersion"),
            serial_number: answer.string_of("SerialNumber"),
            hardware_id: answer.string_of("HardwareId"),
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetScopes;

/// What a device says of itself in its scopes, whether asked or found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scopes {
    pub items: Vec<Scope>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// As written.
    pub uri: String,
    pub is_fixed: bool,
}

impl Scopes {
    /// The values of one kind, decoded: `name`, `hardware`, `location`, `Profile`, `MacAddress`, ...
    pub fn values<'s>(&'s self, kind: &'s str) -> impl Iterator<Item = String> + 's {
        self.items.iter().filter_map(move |scope| scopes::value(&scope.uri, kind))
    }
}

operation! {
    GetScopes "GetScopes" of Device -> Scopes {}
    read(self, answer) {
        let items = answer.children("Scopes").filter_map(|node| {
            let uri = node.text_of("ScopeItem")?.to_owned();
            Some(Scope { uri, is_fixed: node.text_of("ScopeDef") == Some("Fixed") })
        });
        Ok(Scopes { items: items.collect() })
    }
}

/// Replaces the scopes that are not fixed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetScopes(pub Vec<String>);

operation! {
    SetScopes "SetScopes" of Device {}
    write(self, body) {
        for scope in &self.0 {
            body.leaf("Scopes", scope);
        }
    }
}

/// The identity that survives a change of address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetEndpointReference;

operation! {
    GetEndpointReference "GetEndpointReference" of Device -> String { const LOGIN: Login = Login::NotNeeded; }
    read(self, answer) {
        answer.text_of("GUID").map(scopes::endpoint).ok_or(Gap("GUID"))
    }
}
