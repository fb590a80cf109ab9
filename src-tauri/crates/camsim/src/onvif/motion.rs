//! Where a PTZ unit looks while time goes on. Pure: moments are given, in milliseconds.

/// Pan, tilt and zoom; pan and tilt from -1 to 1, zoom from 0 to 1.
pub(super) type Axes = [f32; 3];

/// A unit and its motors.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Mount {
    at: Axes,
    motion: Motion,
    pub home: Axes,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Motion {
    #[default]
    Still,
    /// Until it is stopped or, where there is one, until a moment.
    Turning {
        velocity: Axes,
        since: u64,
        until: Option<u64>,
    },
    Travelling {
        to: Axes,
        since: u64,
        until: u64,
    },
}

/// Units per second at full speed.
const SPEED: f32 = 0.5;
/// Units per second of a journey.
const TRAVEL: f32 = 2.0;

impl Mount {
    pub fn position(&self, now: u64) -> Axes {
        match self.motion {
            Motion::Still => self.at,
            Motion::Turning { velocity, since, until } => {
                let end = until.map_or(now, |until| now.min(until));
                let seconds = end.saturating_sub(since) as f32 / 1000.0;
                clamp(std::array::from_fn(|axis| self.at[axis] + velocity[axis] * SPEED * seconds))
            }
            Motion::Travelling { to, since, until } => {
                let share = now.saturating_sub(since) as f32 / until.saturating_sub(since).max(1) as f32;
                // At the end exactly there: a sum of floats may miss it.
                if now >= until {
                    to
                } else {
                    std::array::from_fn(|axis| self.at[axis] + (to[axis] - self.at[axis]) * share)
                }
            }
        }
    }

    /// Whether pan and tilt move, and whether zoom does.
    pub fn is_moving(&self, now: u64) -> (bool, bool) {
        match self.motion {
            Motion::Turning { velocity, until, .. } if until.is_none_or(|until| now < until) => {
                (velocity[0] != 0.0 || velocity[1] != 0.0, velocity[2] != 0.0)
            }
            Motion::Travelling { to, until, .. } if now < until => {
                (to[0] != self.at[0] || to[1] != self.at[1], to[2] != self.at[2])
            }
            _ => (false, false),
        }
    }

    /// Axes without a velocity keep theirs.
    pub fn turn(&mut self, velocity: [Option<f32>; 3], within_ms: Option<u64>, now: u64) {
        let running = match self.motion {
            Motion::Turning { velocity, until, .. } if until.is_none_or(|until| now < until) => velocity,
            _ => [0.0; 3],
        };
        self.settle(now);
        let velocity: Axes = std::array::from_fn(|axis| velocity[axis].unwrap_or(running[axis]).clamp(-1.0, 1.0));
        if velocity != [0.0; 3] {
            self.motion = Motion::Turning { velocity, since: now, until: within_ms.map(|ms| now + ms) };
        }
    }

    /// Axes without a target stay.
    pub fn travel(&mut self, to: [Option<f32>; 3], now: u64) {
        self.settle(now);
        let to = clamp(std::array::from_fn(|axis| to[axis].unwrap_or(self.at[axis])));
        let way = (0..3).map(|axis| (to[axis] - self.at[axis]).abs()).fold(0.0, f32::max);
        let takes = (way / TRAVEL * 1000.0) as u64;
        self.motion = Motion::Travelling { to, since: now, until: now + takes };
    }

    pub fn stop(&mut self, axes: [bool; 3], now: u64) {
        let velocity = axes.map(|stops| stops.then_some(0.0));
        match self.motion {
            Motion::Turning { until, .. } => self.turn(velocity, until.map(|until| until.saturating_sub(now)), now),
            _ => self.settle(now),
        }
    }

    /// Stands still where it is now.
    fn settle(&mut self, now: u64) {
        self.at = self.position(now);
        self.motion = Motion::Still;
    }
}

fn clamp([pan, tilt, zoom]: Axes) -> Axes {
    [pan.clamp(-1.0, 1.0), tilt.clamp(-1.0, 1.0), zoom.clamp(0.0, 1.0)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_turns_until_its_time_or_a_stop() {
        let mut mount = Mount::default();
        mount.turn([Some(1.0), Some(-0.5), None], Some(1000), 100);
        assert_eq!((mount.position(600), mount.is_moving(600)), ([0.25, -0.125, 0.0], (true, false)));
        assert_eq!((mount.position(9000), mount.is_moving(9000)), ([0.5, -0.25, 0.0], (false, false)));
        mount.turn([Some(-1.0), Some(0.0), Some(1.0)], None, 9000);
        mount.stop([true, true, false], 10_000);
        assert_eq!((mount.position(11_000), mount.is_moving(11_000)), ([0.0, -0.25, 1.0], (false, true)));
        mount.stop([true; 3], 11_000);
        assert_eq!(mount.is_moving(11_000), (false, false));
    }

    #[test]
    fn it_travels_and_arrives() {
        let mut mount = Mount::default();
        mount.travel([Some(1.0), None, Some(7.0)], 0);
        assert_eq!((mount.position(250), mount.is_moving(250)), ([0.5, 0.0, 0.5], (true, true)));
        assert_eq!((mount.position(500), mount.is_moving(500)), ([1.0, 0.0, 1.0], (false, false)));
        mount.stop([true; 3], 600);
        assert_eq!(mount.position(700), [1.0, 0.0, 1.0]);
    }
}
