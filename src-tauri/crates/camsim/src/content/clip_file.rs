//! Loops on disk, so that a second start need not encode again.
//!
//! File: `WWCLIP1\n`, then the profile as text with its length (u32), then per unit: key (u8), pts in ns (u64),
//! length (u32), bytes. Numbers are little endian. A file that does not fit exactly is encoded anew.

use super::clip::{EncodedUnit, Profile};
use bytes::{Buf, BufMut, Bytes, BytesMut};
use std::{
    hash::{DefaultHasher, Hash, Hasher},
    io,
    path::{Path, PathBuf},
};

const MAGIC: &[u8] = b"WWCLIP1\n";

pub(super) fn path_of(folder: &Path, profile: &Profile) -> PathBuf {
    let mut hasher = DefaultHasher::new();
    profile.hash(&mut hasher);
    folder.join(format!("{:016x}.clip", hasher.finish()))
}

/// `None` when there is no such loop or the file is damaged.
pub(super) fn load(path: &Path, profile: &Profile) -> Option<Vec<EncodedUnit>> {
    parse(Bytes::from(std::fs::read(path).ok()?), profile)
}

/// Written beside and renamed, so that a reader never sees half a file.
pub(super) fn save(path: &Path, profile: &Profile, units: &[EncodedUnit]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let beside = path.with_extension(format!("{}.new", std::process::id()));
    std::fs::write(&beside, render(profile, units))?;
    std::fs::rename(&beside, path)
}

fn render(profile: &Profile, units: &[EncodedUnit]) -> Bytes {
    let mut out = BytesMut::from(MAGIC);
    let text = format!("{profile:?}");
    out.put_u32_le(u32::try_from(text.len()).unwrap_or(0));
    out.put_slice(text.as_bytes());
    for unit in units {
        out.put_u8(u8::from(unit.key));
        out.put_u64_le(unit.pts_ns);
        out.put_u32_le(u32::try_from(unit.data.len()).unwrap_or(0));
        out.put_slice(&unit.data);
    }
    out.freeze()
}

fn parse(mut file: Bytes, profile: &Profile) -> Option<Vec<EncodedUnit>> {
    if !file.starts_with(MAGIC) {
        return None;
    }
    file.advance(MAGIC.len());
    let length = file.try_get_u32_le().ok()? as usize;
    if file.len() < length || file.split_to(length) != format!("{profile:?}").as_bytes() {
        return None;
    }
    let mut units = Vec::new();
    while !file.is_empty() {
        let key = file.try_get_u8().ok()? == 1;
        let pts_ns = file.try_get_u64_le().ok()?;
        let length = file.try_get_u32_le().ok()? as usize;
        if file.len() < length {
            return None;
        }
        units.push(EncodedUnit { key, pts_ns, data: file.split_to(length) });
    }
    (units.len() == profile.loop_frames() as usize).then_some(units)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{StreamSpec, fault::ContentFaults};

    #[test]
    fn a_loop_survives_the_disk_and_a_damaged_one_is_refused() {
        let profile = Profile::new(&StreamSpec::replay(160, 120, 5, 100), ContentFaults::default(), "", 0);
        let unit = EncodedUnit { key: true, pts_ns: 40, data: Bytes::from_static(b"unit") };
        let units = vec![unit; profile.loop_frames() as usize];
        let file = render(&profile, &units);
        assert_eq!(parse(file.clone(), &profile), Some(units));
        assert_eq!(parse(file.slice(..file.len() - 1), &profile), None);
        let other = Profile { fps: 6, ..profile };
        assert_eq!(parse(file, &other), None);
    }
}
