//! Restarting a device, and making it forget.

/// Answers first, then restarts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SystemReboot;

operation! {
    SystemReboot "SystemReboot" of Device -> String { const EFFECT: crate::soap::Effect = crate::soap::Effect::Change; }
    read(self, answer) { Ok(answer.string_of("Message")) }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FactoryDefault {
    /// Keeps the network settings.
    Soft,
    /// Everything, its address included.
    Hard,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetSystemFactoryDefault(pub FactoryDefault);

operation! {
    SetSystemFactoryDefault "SetSystemFactoryDefault" of Device {}
    write(self, body) {
        body.leaf("FactoryDefault", match self.0 { FactoryDefault::Soft => "Soft", FactoryDefault::Hard => "Hard" });
    }
}
