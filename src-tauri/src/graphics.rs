//! Work-arounds for WebKitGTK's renderer, chosen from what the machine has.
//!
//! The DMA-BUF renderer needs a DRM render node and a driver that can export buffers. NVIDIA's own
//! driver shows an empty window or dies with a protocol error on Wayland; a machine without a render
//! node (virtual machine, remote desktop, Xvfb) logs EGL errors for every window. What the user has
//! set in the environment always wins.

use std::path::Path;

/// What decides, read once at start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Machine {
    /// NVIDIA's own kernel module is loaded; nouveau does not count.
    pub nvidia_driver: bool,
    /// A `/dev/dri/renderD*` node exists.
    pub render_node: bool,
    pub wayland: bool,
}

const NO_DMABUF: (&str, &str) = ("WEBKIT_DISABLE_DMABUF_RENDERER", "1");
const NO_EXPLICIT_SYNC: (&str, &str) = ("__NV_DISABLE_EXPLICIT_SYNC", "1");

impl Machine {
    pub fn detect() -> Self {
        let render_node = std::fs::read_dir("/dev/dri")
            .is_ok_and(|nodes| nodes.flatten().any(|node| node.file_name().to_string_lossy().starts_with("renderD")));
        Self {
            nvidia_driver: Path::new("/proc/driver/nvidia/version").exists(),
            render_node,
            wayland: std::env::var_os("WAYLAND_DISPLAY").is_some_and(|name| !name.is_empty()),
        }
    }

    /// Environment variables to set.
    pub fn work_arounds(self) -> Vec<(&'static str, &'static str)> {
        match self {
            Self { nvidia_driver: true, wayland: true, .. } => vec![NO_DMABUF, NO_EXPLICIT_SYNC],
            Self { nvidia_driver: true, .. } | Self { render_node: false, .. } => vec![NO_DMABUF],
            Self { .. } => Vec::new(),
        }
    }
}

/// Sets them for this process. Call before any thread exists.
pub fn apply() {
    if !cfg!(target_os = "linux") {
        return;
    }
    let machine = Machine::detect();
    for (name, value) in machine.work_arounds() {
        if std::env::var_os(name).is_some() {
            continue;
        }
        tracing::info!(name, value, ?machine, "a work-around for the web view is on");
        // SAFETY: called from `main` before any thread is started, so nothing reads the environment meanwhile.
        unsafe { std::env::set_var(name, value) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(nvidia_driver: bool, render_node: bool, wayland: bool, names: &[&str]) {
        let machine = Machine { nvidia_driver, render_node, wayland };
        let found: Vec<_> = machine.work_arounds().into_iter().map(|(name, _)| name).collect();
        assert_eq!(found, names, "{machine:?}");
    }

    #[test]
    fn work_arounds_follow_the_machine() {
        check(false, true, false, &[]);
        check(false, true, true, &[]);
        check(false, false, false, &["WEBKIT_DISABLE_DMABUF_RENDERER"]);
        check(true, true, false, &["WEBKIT_DISABLE_DMABUF_RENDERER"]);
        check(true, true, true, &["WEBKIT_DISABLE_DMABUF_RENDERER", "__NV_DISABLE_EXPLICIT_SYNC"]);
    }
}
