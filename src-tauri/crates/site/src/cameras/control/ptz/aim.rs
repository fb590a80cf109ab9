//! Where a click in the picture leads. Pure.
//!
//! A device that offers relative moves in its field of view is told the distance, and arrives. For others nothing says how
//! far a picture reaches or how fast the motors are, so a timed move is guessed: a lens of 60 degrees that narrows to a
//! twentieth, motors of 60 degrees a second. It goes the right way and about as far; a second click does the rest.

use std::time::Duration;
use watchwall_onvif::operations::{PtzSpace, PtzSpaces, PtzVector};

/// Tail of the space whose unit is half a picture: 1 brings the edge to the middle.
const FIELD_OF_VIEW: &str = "TranslationSpaceFov";
const GUESSED_WIDTH_DEGREES: f32 = 60.0;
const GUESSED_HEIGHT_DEGREES: f32 = 34.0;
const GUESSED_ZOOM: f32 = 20.0;
const GUESSED_DEGREES_PER_SECOND: f32 = 60.0;
/// Slow enough that a guess is not far off, fast enough that nobody waits.
const SPEED: f32 = 0.5;
const SHORTEST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(2);

/// How to bring a point to the middle.
#[derive(Clone, Debug, PartialEq)]
pub enum Aim {
    /// Relative, in the field of view; the space by name.
    Exact { translation: PtzVector, space: String },
    /// A move that is stopped after a time.
    Guessed { velocity: PtzVector, lasts: Duration },
    /// It is in the middle already.
    Nothing,
}

/// `x` and `y` from 0 to 1, from the upper left corner. `zoom` from 0 (wide) to 1, where the device tells.
pub fn aim(x: f32, y: f32, spaces: &PtzSpaces, zoom: Option<f32>) -> Aim {
    let (right, up) = ((x.clamp(0.0, 1.0) - 0.5) * 2.0, (0.5 - y.clamp(0.0, 1.0)) * 2.0);
    if right.abs() < 0.01 && up.abs() < 0.01 {
        return Aim::Nothing;
    }
    let fov = spaces.relative_pan_tilt.iter().find(|space| space.uri.ends_with(FIELD_OF_VIEW));
    if let Some(space) = fov {
        let translation =
            PtzVector { pan_tilt: Some((scaled(right, space, Axis::X), scaled(up, space, Axis::Y))), zoom: None };
        return Aim::Exact { translation, space: space.uri.clone() };
    }
    let narrow = 1.0 + zoom.unwrap_or(0.0).clamp(0.0, 1.0) * (GUESSED_ZOOM - 1.0);
    let pan = right * GUESSED_WIDTH_DEGREES / 2.0 / narrow;
    let tilt = up * GUESSED_HEIGHT_DEGREES / 2.0 / narrow;
    let seconds = pan.abs().max(tilt.abs()) / (SPEED * GUESSED_DEGREES_PER_SECOND);
    let lasts = Duration::from_secs_f32(seconds).clamp(SHORTEST, LONGEST);
    let velocity = |degrees: f32| (degrees / lasts.as_secs_f32() / GUESSED_DEGREES_PER_SECOND).clamp(-1.0, 1.0);
    Aim::Guessed { velocity: PtzVector { pan_tilt: Some((velocity(pan), velocity(tilt))), zoom: None }, lasts }
}

enum Axis {
    X,
    Y,
}

/// From -1 to 1 into the range the space lists: some list hundredths.
fn scaled(value: f32, space: &PtzSpace, axis: Axis) -> f32 {
    let range = match axis {
        Axis::X => space.x,
        Axis::Y => space.y,
    };
    // Unbounded, as some list it, is one.
    let edge = |limit: f32| if limit.is_finite() && limit.abs() > 0.0 { limit.abs() } else { 1.0 };
    range.map_or(value, |range| value * if value < 0.0 { edge(range.min) } else { edge(range.max) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use watchwall_onvif::operations::Span;

    fn space(max: f32) -> PtzSpaces {
        let range = Some(Span { min: -max, max });
        let uri = "http://www.onvif.org/ver10/tptz/PanTiltSpaces/TranslationSpaceFov".to_owned();
        PtzSpaces { relative_pan_tilt: vec![PtzSpace { uri, x: range, y: range }], ..PtzSpaces::default() }
    }

    #[test]
    fn the_field_of_view_is_exact() {
        let check = |x, y, max, expect| match aim(x, y, &space(max), None) {
            Aim::Exact { translation, .. } => assert_eq!(translation.pan_tilt, Some(expect)),
            other => panic!("{other:?}"),
        };
        check(1.0, 0.0, 1.0, (1.0, 1.0));
        check(0.25, 0.75, 1.0, (-0.5, -0.5));
        check(0.75, 0.5, 100.0, (50.0, 0.0));
        check(0.75, 0.5, f32::INFINITY, (0.5, 0.0));
        assert_eq!(aim(0.5, 0.5, &space(1.0), None), Aim::Nothing);
    }

    #[test]
    fn guesses_go_the_right_way_and_are_short() {
        let check = |x: f32, y: f32, zoom: Option<f32>| {
            let Aim::Guessed { velocity, lasts } = aim(x, y, &PtzSpaces::default(), zoom) else { panic!("no guess") };
            let (pan, tilt) = velocity.pan_tilt.unwrap();
            assert_eq!((pan > 0.0, tilt > 0.0), (x > 0.5, y < 0.5), "{x} {y}");
            assert!(lasts <= LONGEST && pan.abs() <= 1.0 && tilt.abs() <= 1.0);
            pan.abs() * lasts.as_secs_f32() * GUESSED_DEGREES_PER_SECOND
        };
        assert!((check(1.0, 0.4, None) - 30.0).abs() < 0.5);
        assert!((check(0.0, 0.9, Some(1.0)) - 1.5).abs() < 0.1);
    }
}
