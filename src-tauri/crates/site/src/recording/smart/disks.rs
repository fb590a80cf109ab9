//! The disks below a folder, as Linux names them.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// A logical volume on a RAID on partitions is four steps; more is a loop.
const MOST_STEPS: usize = 8;

/// Names like `sda` or `nvme0n1` of every disk that holds a part of the file system; none where that cannot be told.
/// Touches the disk.
#[cfg(target_os = "linux")]
pub fn below(root: &Path) -> BTreeSet<String> {
    let Some(device) = super::super::volume::disk::file_system(root) else { return BTreeSet::new() };
    let number = format!("{}:{}", libc::major(device), libc::minor(device));
    of_block_device(Path::new("/sys"), &number)
}

#[cfg(not(target_os = "linux"))]
pub fn below(_root: &Path) -> BTreeSet<String> {
    BTreeSet::new()
}

/// `sys` is where sysfs is mounted; `number` a block device's `major:minor`.
pub fn of_block_device(sys: &Path, number: &str) -> BTreeSet<String> {
    let mut disks = BTreeSet::new();
    if let Ok(device) = sys.join("dev/block").join(number).canonicalize() {
        walk(&device, MOST_STEPS, &mut disks);
    }
    disks
}

fn walk(device: &Path, steps: usize, disks: &mut BTreeSet<String>) {
    let slaves: Vec<PathBuf> =
        fs::read_dir(device.join("slaves")).into_iter().flatten().flatten().map(|e| e.path()).collect();
    if steps == 0 {
        return;
    }
    for slave in &slaves {
        if let Ok(slave) = slave.canonicalize() {
            walk(&slave, steps - 1, disks);
        }
    }
    if !slaves.is_empty() {
        return;
    }
    // A partition lies in the folder of its disk.
    let disk = if device.join("partition").exists() { device.parent() } else { Some(device) };
    // What has no hardware behind it, a loop device for example, has no health.
    let is_hardware = |disk: &&Path| disk.join("device").exists();
    if let Some(name) = disk.filter(is_hardware).and_then(Path::file_name).and_then(|name| name.to_str()) {
        disks.insert(name.to_owned());
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn partitions_and_arrays_lead_to_their_disks() {
        let sys = tempfile::tempdir().unwrap();
        let at = |path: &str| sys.path().join(path);
        for (disk, partition) in [("sda", "sda1"), ("sdb", "sdb1")] {
            fs::create_dir_all(at(&format!("block/{disk}/device"))).unwrap();
            fs::create_dir_all(at(&format!("block/{disk}/{partition}"))).unwrap();
            fs::write(at(&format!("block/{disk}/{partition}/partition")), "1").unwrap();
        }
        fs::create_dir_all(at("block/md0/slaves")).unwrap();
        fs::create_dir_all(at("block/dm-0/slaves")).unwrap();
        fs::create_dir_all(at("block/loop0")).unwrap();
        fs::create_dir_all(at("dev/block")).unwrap();
        symlink(at("block/sda/sda1"), at("block/md0/slaves/sda1")).unwrap();
        symlink(at("block/sdb/sdb1"), at("block/md0/slaves/sdb1")).unwrap();
        symlink(at("block/md0"), at("block/dm-0/slaves/md0")).unwrap();
        for (number, device) in [("8:1", "sda/sda1"), ("8:16", "sdb"), ("253:0", "dm-0"), ("7:0", "loop0")] {
            symlink(at(&format!("block/{device}")), at(&format!("dev/block/{number}"))).unwrap();
        }
        let check = |number: &str, expect: &[&str]| {
            let found = of_block_device(sys.path(), number);
            assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>(), expect, "{number}");
        };
        check("8:1", &["sda"]);
        check("8:16", &["sdb"]);
        check("253:0", &["sda", "sdb"]);
        check("7:0", &[]);
        check("0:42", &[]);
    }
}
