//! Real file systems that can be broken: an ext4 in a file, mounted through a loop device. Needs root.

use super::tool;
use std::{
    fs::{self, File},
    os::fd::AsRawFd,
    path::{Path, PathBuf},
};

/// `EXT4_IOC_SHUTDOWN` with `NOLOGFLUSH`: from now on nothing reaches the device, not even the journal.
const SHUTDOWN: u64 = 0x8004_587d;
const NO_LOG_FLUSH: u32 = 2;

pub struct LoopDisk {
    image: PathBuf,
    pub root: PathBuf,
}

impl LoopDisk {
    /// A new file system of so many MiB, mounted at `root`.
    ///
    /// # Errors
    /// Why this machine cannot do it.
    pub fn make(image: &Path, root: &Path, size_mib: u64) -> Result<Self, String> {
        File::create(image).and_then(|file| file.set_len(size_mib << 20)).map_err(|e| e.to_string())?;
        run("mkfs.ext4", &["-q", "-F", "-m", "0", image.to_str().unwrap()])?;
        let disk = Self { image: image.to_owned(), root: root.to_owned() };
        disk.mount()?;
        Ok(disk)
    }

    pub fn mount(&self) -> Result<(), String> {
        fs::create_dir_all(&self.root).map_err(|e| e.to_string())?;
        run("mount", &["-o", "loop,errors=remount-ro", self.image.to_str().unwrap(), self.root.to_str().unwrap()])
    }

    pub fn unmount(&self) -> Result<(), String> {
        run("umount", &["-l", self.root.to_str().unwrap()])
    }

    pub fn free_bytes(&self) -> usize {
        let answer = tool("df", &["--output=avail", "-B1", self.root.to_str().unwrap()]).unwrap();
        String::from_utf8_lossy(&answer.stdout).lines().nth(1).unwrap().trim().parse().unwrap()
    }

    /// Nobody holds a file of it any more.
    pub fn is_released(&self) -> bool {
        let users = tool("losetup", &["-j", self.image.to_str().unwrap()]).unwrap();
        users.stdout.is_empty()
    }

    /// Stops the device where it stands: whatever had not reached it never will, and every call fails from now on.
    pub fn stop_device(&self) {
        let folder = File::open(&self.root).unwrap();
        // SAFETY: the descriptor is open, and the call reads one `u32`.
        let answer = unsafe { libc::ioctl(folder.as_raw_fd(), SHUTDOWN as _, &NO_LOG_FLUSH) };
        assert_eq!(answer, 0, "{}", std::io::Error::last_os_error());
    }

    /// Puts a copy of what reached the device until now in this disk's place, as a machine finds it that starts again.
    pub fn start_over(&mut self) {
        let copy = self.image.with_extension("copy");
        run("cp", &["--sparse=always", self.image.to_str().unwrap(), copy.to_str().unwrap()]).unwrap();
        self.unmount().unwrap();
        fs::rename(&copy, &self.image).unwrap();
        self.mount().unwrap();
    }

    /// Every write hangs until [`Self::thaw`].
    pub fn freeze(&self) {
        run("fsfreeze", &["-f", self.root.to_str().unwrap()]).unwrap();
    }

    pub fn thaw(&self) {
        run("fsfreeze", &["-u", self.root.to_str().unwrap()]).unwrap();
    }

    /// The kernel meets an error in the file system and mounts it read-only, as it does for real ones.
    pub fn turn_read_only(&self) {
        let source = tool("findmnt", &["-n", "-o", "SOURCE", self.root.to_str().unwrap()]).unwrap();
        let device = String::from_utf8_lossy(&source.stdout).trim().trim_start_matches("/dev/").to_owned();
        fs::write(format!("/sys/fs/ext4/{device}/trigger_fs_error"), "1").unwrap();
    }
}

impl Drop for LoopDisk {
    fn drop(&mut self) {
        let _ = tool("fsfreeze", &["-u", self.root.to_str().unwrap()]);
        let _ = self.unmount();
    }
}

fn run(name: &str, arguments: &[&str]) -> Result<(), String> {
    match tool(name, arguments) {
        None => Err(format!("{name} is missing")),
        Some(output) if output.status.success() => Ok(()),
        Some(output) => Err(format!("{name}: {}", String::from_utf8_lossy(&output.stderr).trim())),
    }
}
