//! Where data lives unless told otherwise.

use std::path::PathBuf;

/// `$XDG_DATA_HOME/watchwall`, else `~/.local/share/watchwall`; `%LOCALAPPDATA%\Watchwall` on Windows.
pub fn default_data_dir() -> PathBuf {
    base().join("watchwall")
}

/// The demo keeps to a folder of its own, so that it never mixes with a real site.
pub fn demo_data_dir() -> PathBuf {
    base().join("watchwall-demo")
}

fn base() -> PathBuf {
    let variable = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    variable("XDG_DATA_HOME")
        .or_else(|| variable("LOCALAPPDATA"))
        .or_else(|| variable("HOME").map(|home| home.join(".local").join("share")))
        .unwrap_or_else(std::env::temp_dir)
}
