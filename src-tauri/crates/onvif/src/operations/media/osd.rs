//! Overlays burnt into the picture. Both media services have them, with the same inside and another wrapper: strict
//! devices refuse the wrong one.

use crate::{
    operations::Span,
    soap::{Effect, Gap, Operation, Service, Xml},
    tree::Node,
};

/// Which service an overlay call goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaVersion {
    Media,
    Media2,
}

impl MediaVersion {
    const fn service(self) -> Service {
        match self {
            Self::Media => Service::Media,
            Self::Media2 => Service::Media2,
        }
    }
}

/// An overlay.
#[derive(Clone, Debug, PartialEq)]
pub struct Osd {
    /// Empty for one that is to be created.
    pub token: String,
    pub source_configuration: String,
    pub position: OsdPosition,
    /// `None` for a picture.
    pub text: Option<OsdText>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum OsdPosition {
    UpperLeft,
    UpperRight,
    LowerLeft,
    LowerRight,
    /// From -1 (left, bottom) to 1 (right, top).
    Custom {
        x: f32,
        y: f32,
    },
    Other(String),
}

/// Text of an overlay. Formats are the device's own: take one of [`OsdOptions`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OsdText {
    /// `Plain`, `Date`, `Time`, `DateAndTime`.
    pub kind: String,
    pub plain: Option<String>,
    pub date_format: Option<String>,
    pub time_format: Option<String>,
    pub font_size: Option<u32>,
    pub is_channel_name: bool,
}

fn read_osd(node: Node<'_>) -> Option<Osd> {
    let position = node.child("Position");
    let kind = position.and_then(|position| position.text_of("Type")).unwrap_or("Custom");
    Some(Osd {
        token: node.token()?.to_owned(),
        source_configuration: node.string_of("VideoSourceConfigurationToken"),
        position: match kind {
            "UpperLeft" => OsdPosition::UpperLeft,
            "UpperRight" => OsdPosition::UpperRight,
            "LowerLeft" => OsdPosition::LowerLeft,
            "LowerRight" => OsdPosition::LowerRight,
            "Custom" => {
                let at = position.and_then(|position| position.child("Pos"));
                let coordinate = |name| at.and_then(|at| at.number_in(name)).unwrap_or(0.0);
                OsdPosition::Custom { x: coordinate("x"), y: coordinate("y") }
            }
            other => OsdPosition::Other(other.to_owned()),
        },
        text: node.child("TextString").map(|text| OsdText {
            kind: text.string_of("Type"),
            plain: text.text_of("PlainText").map(ToOwned::to_owned),
            date_format: text.text_of("DateFormat").map(ToOwned::to_owned),
            time_format: text.text_of("TimeFormat").map(ToOwned::to_owned),
            font_size: text.number_of("FontSize"),
            is_channel_name: text.child("Extension").and_then(|more| more.flag_of("ChannelName")).unwrap_or(false),
        }),
    })
}

fn write_osd(body: &mut Xml, osd: &Osd) {
    body.parent_with("OSD", &[("token", &osd.token)], |body| {
        body.leaf("tt:VideoSourceConfigurationToken", &osd.source_configuration);
        body.leaf("tt:Type", if osd.text.is_some() { "Text" } else { "Image" });
        let kind = match &osd.position {
            OsdPosition::UpperLeft => "UpperLeft",
            OsdPosition::UpperRight => "UpperRight",
            OsdPosition::LowerLeft => "LowerLeft",
            OsdPosition::LowerRight => "LowerRight",
            OsdPosition::Custom { .. } => "Custom",
            OsdPosition::Other(kind) => kind,
        };
        body.parent("tt:Position", |body| {
            body.leaf("tt:Type", kind);
            if let OsdPosition::Custom { x, y } = osd.position {
                body.empty("tt:Pos", &[("x", &x.to_string()), ("y", &y.to_string())]);
            }
        });
        if let Some(text) = &osd.text {
            body.parent("tt:TextString", |body| {
                body.leaf("tt:Type", &text.kind)
                    .leaf_if("tt:DateFormat", text.date_format.as_ref())
                    .leaf_if("tt:TimeFormat", text.time_format.as_ref())
                    .leaf_if("tt:FontSize", text.font_size)
                    .leaf_if("tt:PlainText", text.plain.as_ref());
            });
        }
    });
}

/// What overlays a device allows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OsdOptions {
    /// Of all kinds together.
    pub most: Option<u32>,
    pub most_plain: Option<u32>,
    pub positions: Vec<String>,
    pub text_kinds: Vec<String>,
    pub font_sizes: Option<Span<u32>>,
    pub date_formats: Vec<String>,
    pub time_formats: Vec<String>,
}

macro_rules! osd_operation {
    ($(#[$doc:meta])* $name:ident $operation:literal { $($field:ident: $kind:ty),* } -> $answer:ty, $effect:ident,
     write($w:ident, $body:ident) $write:block read($node:ident) $read:block) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name {
            pub version: MediaVersion,
            $(pub $field: $kind,)*
        }

        impl Operation for $name {
            type Answer = $answer;
            const NAME: &'static str = $operation;
            const EFFECT: Effect = Effect::$effect;

            fn service(&self) -> Service {
                self.version.service()
            }

            fn write(&$w, $body: &mut Xml) $write

            fn read(&self, $node: Node<'_>) -> Result<$answer, Gap> $read
        }
    };
}

osd_operation! {
    GetOsds "GetOSDs" { source_configuration: Option<String> } -> Vec<Osd>, Read,
    write(self, body) {
        body.leaf_if("ConfigurationToken", self.source_configuration.as_ref());
    }
    read(answer) { Ok(answer.children("OSDs").filter_map(read_osd).collect()) }
}

osd_operation! {
    /// Its token.
    CreateOsd "CreateOSD" { osd: Osd } -> String, Change,
    write(self, body) { write_osd(body, &self.osd); }
    read(answer) { answer.text_of("OSDToken").map(ToOwned::to_owned).ok_or(Gap("OSDToken")) }
}

osd_operation! {
    SetOsd "SetOSD" { osd: Osd } -> (), Change,
    write(self, body) { write_osd(body, &self.osd); }
    read(_answer) { Ok(()) }
}

osd_operation! {
    DeleteOsd "DeleteOSD" { token: String } -> (), Change,
    write(self, body) { body.leaf("OSDToken", &self.token); }
    read(_answer) { Ok(()) }
}

osd_operation! {
    GetOsdOptions "GetOSDOptions" { source_configuration: String } -> OsdOptions, Read,
    write(self, body) { body.leaf("ConfigurationToken", &self.source_configuration); }
    read(answer) {
        let options = answer.child("OSDOptions").ok_or(Gap("OSDOptions"))?;
        let most = options.child("MaximumNumberOfOSDs");
        // A plain number, or attributes per kind.
        let total = most.and_then(|most| most.number_in("Total").or_else(|| most.text().parse().ok()));
        let plain = most.and_then(|most| most.number_in("PlainText").or_else(|| most.number_in("Plain")));
        let text = options.child("TextOption");
        let list = |node: Option<Node<'_>>, name: &str| {
            node.into_iter().flat_map(|node| node.children(name)).map(|item| item.text().to_owned()).collect()
        };
        Ok(OsdOptions {
            most: total,
            most_plain: plain,
            positions: list(Some(options), "PositionOption"),
            text_kinds: list(text, "Type"),
            font_sizes: text.and_then(|text| Span::read(text, "FontSizeRange")),
            date_formats: list(text, "DateFormat"),
            time_formats: list(text, "TimeFormat"),
        })
    }
}
