//! The few system calls recording needs beyond the standard library, and what an answer of the disk means.

use crate::recording::{retention::Capacity, shelf::fault_of};
use std::{fs::File, io, path::Path};
use watchwall_model::ErrorCode;

/// # Errors
/// Whatever the file system answers, for example that the folder is gone.
#[cfg(unix)]
pub fn capacity(root: &Path) -> io::Result<Capacity> {
    use std::{ffi::CString, mem::MaybeUninit, os::unix::ffi::OsStrExt};
    let path = CString::new(root.as_os_str().as_bytes())?;
    let mut stat = MaybeUninit::<libc::statvfs>::uninit();
    // SAFETY: `path` is a terminated string and `stat` is large enough for the answer.
    if unsafe { libc::statvfs(path.as_ptr(), stat.as_mut_ptr()) } != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call succeeded, so every field is written.
    let stat = unsafe { stat.assume_init() };
    let block = stat.f_frsize;
    let (blocks, reserved) = (stat.f_blocks, stat.f_bfree.saturating_sub(stat.f_bavail));
    Ok(Capacity { total_bytes: blocks.saturating_sub(reserved) * block, free_bytes: stat.f_bavail * block })
}

/// Without a figure the watermarks never act; age still does.
#[cfg(not(unix))]
pub fn capacity(root: &Path) -> io::Result<Capacity> {
    std::fs::metadata(root).map(|_| Capacity::default())
}

/// Which file system a folder lies on; two folders on the same one share its space and its fate.
#[cfg(unix)]
pub fn file_system(folder: &Path) -> Option<u64> {
    std::fs::metadata(folder).ok().map(|facts| std::os::unix::fs::MetadataExt::dev(&facts))
}

#[cfg(not(unix))]
pub fn file_system(_folder: &Path) -> Option<u64> {
    None
}

/// Makes the names in a folder durable.
///
/// # Errors
/// Whatever the file system answers.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// Makes everything on this file's file system durable, names included, with one call.
///
/// # Errors
/// `Unsupported` where the system has no such call, or what writing back failed with.
#[cfg(target_os = "linux")]
pub fn sync_file_system(file: &File) -> io::Result<()> {
    use std::os::fd::AsRawFd;
    // SAFETY: the descriptor is open as long as `file` is borrowed.
    if unsafe { libc::syncfs(file.as_raw_fd()) } == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

#[cfg(not(target_os = "linux"))]
pub fn sync_file_system(_file: &File) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Lets the system forget what it keeps of this file in memory, so that a long copy leaves the cache to playback.
#[cfg(target_os = "linux")]
pub fn drop_from_cache(file: &File) {
    use std::os::fd::AsRawFd;
    // SAFETY: the descriptor is open as long as `file` is borrowed. It is advice: what it answers changes nothing.
    unsafe { libc::posix_fadvise(file.as_raw_fd(), 0, 0, libc::POSIX_FADV_DONTNEED) };
}

#[cfg(not(target_os = "linux"))]
pub fn drop_from_cache(_file: &File) {}

/// # Errors
/// `UnexpectedEof` when the file is shorter, or whatever the disk answers.
pub fn read_exact_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<()> {
    #[cfg(unix)]
    {
        std::os::unix::fs::FileExt::read_exact_at(file, buffer, offset)
    }
    #[cfg(windows)]
    {
        let mut done = 0;
        while done < buffer.len() {
            match std::os::windows::fs::FileExt::seek_read(file, &mut buffer[done..], offset + done as u64)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                n => done += n,
            }
        }
        Ok(())
    }
}

/// The catalogue's word for what a disk or an object store answered.
pub fn code_of(error: &io::Error) -> ErrorCode {
    if let Some(code) = fault_of(error) {
        return code;
    }
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => ErrorCode::DiskFull,
        io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => ErrorCode::VolumeNotWritable,
        _ => ErrorCode::DiskFailed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_of_the_disk_have_names() {
        let check = |number, expect| assert_eq!(code_of(&io::Error::from_raw_os_error(number)), expect);
        check(libc::ENOSPC, ErrorCode::DiskFull);
        check(libc::EDQUOT, ErrorCode::DiskFull);
        check(libc::EROFS, ErrorCode::VolumeNotWritable);
        check(libc::EACCES, ErrorCode::VolumeNotWritable);
        check(libc::EIO, ErrorCode::DiskFailed);
    }

    #[test]
    fn a_file_system_tells_its_size() {
        let folder = tempfile::tempdir().unwrap();
        let capacity = capacity(folder.path()).unwrap();
        assert!(capacity.total_bytes > 0 && capacity.free_bytes <= capacity.total_bytes, "{capacity:?}");
        assert!(super::capacity(&folder.path().join("none")).is_err());
        sync_folder(folder.path()).unwrap();
    }
}
