//! One window per data folder: a second start brings the first to the front.

use std::path::Path;
use tauri::{AppHandle, Runtime, plugin::TauriPlugin};

/// Without a session bus there is nothing to ask; the second start then joins the running site.
pub fn plugin<R: Runtime>(data: &Path) -> TauriPlugin<R> {
    tauri_plugin_single_instance::Builder::new()
        .dbus_id(bus_name(data))
        .callback(|app: &AppHandle<R>, _arguments, _folder| crate::wall_window::show(app))
        .build()
}

/// A name on the session bus that is the same for every start on this folder.
fn bus_name(data: &Path) -> String {
    let folder = std::fs::canonicalize(data).unwrap_or_else(|_| data.to_owned());
    format!("io.watchwall.desktop.d{:016x}", fnv1a(folder.as_os_str().as_encoded_bytes()))
}

/// FNV-1a, 64 bits: unlike the standard library's hasher it stays the same between builds.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_fnv1a() {
        // The reference vectors of the FNV authors.
        assert_eq!(fnv1a(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a(b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(fnv1a(b"foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn each_folder_has_its_own_name() {
        assert_ne!(bus_name(Path::new("/one")), bus_name(Path::new("/two")));
    }
}
