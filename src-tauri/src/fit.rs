//! Keeps the window on its screen: what was remembered on a large one must be usable on a small one.

use std::{
    sync::atomic::{AtomicU32, Ordering::Relaxed},
    time::{Duration, Instant},
};
use tauri::{Monitor, PhysicalPosition, PhysicalSize, WebviewWindow, WindowEvent};

/// How long after it was created the system may still move and size the window as it was told before.
const SETTLING: Duration = Duration::from_secs(10);
/// A window manager that wants another place for it has its way after that many.
const MOST_CORRECTIONS: u32 = 5;

/// A rectangle of the desktop, in physical pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Frame {
    x: i32,
    y: i32,
    width: u32,
    height: u32,
}

/// Fits it as often as the system, which works off orders late, gives it a new frame while it settles. Afterwards, and
/// once it was full screen, it is where its user puts it.
pub fn watch(window: &WebviewWindow) {
    let (watched, created, left) = (window.clone(), Instant::now(), AtomicU32::new(MOST_CORRECTIONS));
    window.on_window_event(move |event| {
        let moved =
            matches!(event, WindowEvent::Moved(_) | WindowEvent::Resized(_) | WindowEvent::ScaleFactorChanged { .. });
        if !moved || created.elapsed() > SETTLING || left.load(Relaxed) == 0 {
            return;
        }
        // Somebody has it before their eyes: what it comes back to is theirs, and the frames it has on its way from one to
        // the other say nothing.
        if watched.is_fullscreen().unwrap_or(false) {
            left.store(0, Relaxed);
            return;
        }
        if keep_on_screen(&watched) {
            left.fetch_sub(1, Relaxed);
        }
    });
}

/// Shrinks and moves the window as little as needed to stand wholly on its screen; true when it did not.
pub fn keep_on_screen(window: &WebviewWindow) -> bool {
    settle(window).unwrap_or_else(|error| {
        tracing::warn!("the window cannot be fitted to its screen: {error}");
        false
    })
}

fn settle(window: &WebviewWindow) -> tauri::Result<bool> {
    if window.is_fullscreen()? || window.is_maximized()? {
        return Ok(false);
    }
    let Some(monitor) = window.current_monitor()?.or(window.primary_monitor()?) else { return Ok(false) };
    let (position, outer, inner) = (window.outer_position()?, window.outer_size()?, window.inner_size()?);
    let here = Frame { x: position.x, y: position.y, width: outer.width, height: outer.height };
    let there = fit(here, room(&monitor));
    if there == here {
        return Ok(false);
    }
    tracing::info!(?here, ?there, "the window did not fit its screen");
    // The size that is set leaves the frame around it out.
    let (beside, above) = (outer.width.saturating_sub(inner.width), outer.height.saturating_sub(inner.height));
    window.set_size(PhysicalSize::new(there.width.saturating_sub(beside), there.height.saturating_sub(above)))?;
    window.set_position(PhysicalPosition::new(there.x, there.y))?;
    Ok(true)
}

fn room(monitor: &Monitor) -> Frame {
    let area = monitor.work_area();
    Frame { x: area.position.x, y: area.position.y, width: area.size.width, height: area.size.height }
}

fn fit(window: Frame, room: Frame) -> Frame {
    let (width, height) = (window.width.min(room.width), window.height.min(room.height));
    let within = |at: i32, start: i32, free: u32| at.clamp(start, start.saturating_add_unsigned(free));
    Frame {
        x: within(window.x, room.x, room.width - width),
        y: within(window.y, room.y, room.height - height),
        width,
        height,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(window: (i32, i32, u32, u32), expect: (i32, i32, u32, u32)) {
        let frame = |(x, y, width, height)| Frame { x, y, width, height };
        // A panel above, another screen to the left.
        let room = frame((-1280, 30, 1280, 690));
        assert_eq!(fit(frame(window), room), frame(expect), "{window:?}");
    }

    #[test]
    fn windows_stand_wholly_on_their_screen() {
        check((-1000, 100, 640, 400), (-1000, 100, 640, 400));
        check((-1280, 30, 1280, 690), (-1280, 30, 1280, 690));
        check((-960, 140, 1280, 800), (-1280, 30, 1280, 690));
        check((-300, 500, 640, 400), (-640, 320, 640, 400));
        check((-2000, -200, 640, 400), (-1280, 30, 640, 400));
    }
}
