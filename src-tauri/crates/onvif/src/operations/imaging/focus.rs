//! Focus by hand.

use crate::{
    operations::Span,
    soap::{Effect, Gap},
};

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum FocusMove {
    Absolute { position: f32 },
    Relative { distance: f32 },
    Continuous { speed: f32 },
}

#[derive(Clone, Debug, PartialEq)]
pub struct MoveFocus {
    pub source: String,
    pub focus: FocusMove,
}

operation! {
    MoveFocus "Move" of Imaging {}
    write(self, body) {
        let (kind, field, value) = match self.focus {
            FocusMove::Absolute { position } => ("tt:Absolute", "tt:Position", position),
            FocusMove::Relative { distance } => ("tt:Relative", "tt:Distance", distance),
            FocusMove::Continuous { speed } => ("tt:Continuous", "tt:Speed", speed),
        };
        body.leaf("VideoSourceToken", &self.source).parent("Focus", |body| {
            body.parent(kind, |body| {
                body.leaf(field, value);
            });
        });
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StopFocus {
    pub source: String,
}

operation! {
    StopFocus "Stop" of Imaging -> () { const EFFECT: Effect = Effect::Read; }
    write(self, body) { body.leaf("VideoSourceToken", &self.source); }
    read(self, _answer) { Ok(()) }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GetFocusStatus {
    pub source: String,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct FocusStatus {
    pub position: Option<f32>,
    pub is_moving: bool,
    pub error: Option<String>,
}

operation! {
    GetFocusStatus "GetStatus" of Imaging -> FocusStatus {}
    write(self, body) { body.leaf("VideoSourceToken", &self.source); }
    read(self, answer) {
        let status = answer.child("Status").ok_or(Gap("Status"))?;
        let focus = status.child("FocusStatus20").or_else(|| status.child("FocusStatus"));
        Ok(FocusStatus {
            position: focus.and_then(|focus| focus.number_of("Position")),
            is_moving: focus.and_then(|focus| focus.text_of("MoveStatus")).is_some_and(|text| text == "MOVING"),
            error: focus.and_then(|focus| focus.text_of("Error")).map(ToOwned::to_owned),
        })
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GetFocusOptions {
    pub source: String,
}

/// Which moves there are, and how far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FocusOptions {
    pub position: Option<Span<f32>>,
    pub distance: Option<Span<f32>>,
    pub speed: Option<Span<f32>>,
}

operation! {
    GetFocusOptions "GetMoveOptions" of Imaging -> FocusOptions {}
    write(self, body) { body.leaf("VideoSourceToken", &self.source); }
    read(self, answer) {
        let options = answer.child("MoveOptions").ok_or(Gap("MoveOptions"))?;
        let span = |kind: &str, field: &str| Span::read(options.child(kind)?, field);
        Ok(FocusOptions {
            position: span("Absolute", "Position"),
            distance: span("Relative", "Distance"),
            speed: span("Continuous", "Speed"),
        })
    }
}
