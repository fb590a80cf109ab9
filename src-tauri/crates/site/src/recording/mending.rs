//! One recording file after a crash, or one that the index does not know: what is whole of it, and its row.

use super::{
    container::{self, Head, Walked},
    index::Repair,
    recorder::parse_file_name,
    shelf::{Bucket, ObjectReader, Shelf},
    volume::disk,
};
use jiff::tz::TimeZone;
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Seek, SeekFrom, Write},
    path::Path,
    sync::Arc,
};
use watchwall_model::{Fragment, Segment, SegmentId, SegmentState, StreamPath, UtcMillis, VolumeCode};

/// A file of ours without a whole head is shorter than this.
const MOST_HEAD_BYTES: u64 = 4_096;
/// What the file system never wrote reads as zeros, block by block; no coded picture holds a block of them.
const BLOCK: usize = 4_096;
/// Fragments at the end of a torn file that may not have reached the disk whole.
const UNSURE: usize = 4;

/// What came of a tail.
pub enum Mended {
    Whole {
        repair: Repair,
        lost_ms: u64,
        cut_bytes: u64,
    },
    Gone,
    /// Nothing was in it; the file was removed.
    Empty,
}

/// Walks from what the index knows to the last whole fragment, cuts what follows and closes the file.
pub fn mend(row: &Segment, known: Vec<Fragment>, full: &Path) -> io::Result<Mended> {
    let mut file = match OpenOptions::new().read(true).write(true).open(full) {
        Ok(file) => file,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Mended::Gone),
        Err(e) => return Err(e),
    };
    let len = file.metadata()?.len();
    let mut fragments: Vec<Fragment> = known;
    // A power cut may have taken what a row of a lying disk claims.
    fragments.retain(|f| f.offset + u64::from(f.size_bytes) <= len);
    let from = fragments.last().map_or(u64::from(row.init_bytes), |f| f.offset + u64::from(f.size_bytes));
    let head = container::head(&mut file)?;
    let mut walked = container::walk(&mut file, from.min(len), row.start, &head.tracks)?;
    cut_at_hole(&file, &mut walked)?;
    fragments.extend(walked.fragments);
    if fragments.is_empty() {
        drop(file);
        fs::remove_file(full)?;
        return Ok(Mended::Empty);
    }
    let end = super::volume::end_of(row.start, &fragments);
    let lost_ms = lost_ms(&file, end);
    let size_bytes = finish(&mut file, &fragments, walked.valid_len)?;
    let cut_bytes = len - walked.valid_len.min(len);
    Ok(Mended::Whole { repair: Repair { fragments, end, size_bytes }, lost_ms, cut_bytes })
}

/// From the end of what is kept until the file was last written.
fn lost_ms(file: &File, end: UtcMillis) -> u64 {
    let written = file.metadata().and_then(|meta| meta.modified()).ok();
    let written_ms =
        written.and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok()).map_or(0, |at| at.as_millis() as i64);
    u64::try_from(written_ms - end.0).unwrap_or(0)
}

/// After a power cut the length of a file may have reached the disk before what lies in between.
fn cut_at_hole(file: &File, walked: &mut Walked) -> io::Result<()> {
    let first = walked.fragments.len().saturating_sub(UNSURE);
    for n in first..walked.fragments.len() {
        let fragment = walked.fragments[n];
        if has_hole(file, fragment)? {
            walked.fragments.truncate(n);
            walked.valid_len = fragment.offset;
            walked.is_closed = false;
            return Ok(());
        }
    }
    Ok(())
}

/// Whether a whole block of the file inside this fragment holds nothing but zeros.
fn has_hole(file: &File, fragment: Fragment) -> io::Result<bool> {
    let mut block = [0; BLOCK];
    let end = fragment.offset + u64::from(fragment.size_bytes);
    let mut at = fragment.offset.next_multiple_of(BLOCK as u64);
    while at + BLOCK as u64 <= end {
        disk::read_exact_at(file, &mut block, at)?;
        if block.iter().all(|byte| *byte == 0) {
            return Ok(true);
        }
        at += BLOCK as u64;
    }
    Ok(false)
}

/// Cuts the file back to its whole fragments, appends the closing box, and makes it durable.
fn finish(file: &mut File, fragments: &[Fragment], valid_len: u64) -> io::Result<u64> {
    file.set_len(valid_len)?;
    file.seek(SeekFrom::Start(valid_len))?;
    let closing = container::closing(fragments, valid_len);
    // Without room for the box the file is whole all the same.
    let written = file.write_all(&closing).is_ok();
    let len = if written { valid_len + closing.len() as u64 } else { valid_len };
    if !written {
        file.set_len(valid_len)?;
    }
    file.sync_data()?;
    Ok(len)
}

/// Reads the row of a file that the index does not know; `None` when there is nothing in it to keep.
///
/// # Errors
/// What disk or store answers, or that this is no recording.
pub fn read_stored(
    volume: &VolumeCode,
    shelf: &Shelf,
    name: &str,
    zone: &TimeZone,
) -> io::Result<Option<(Segment, Vec<Fragment>)>> {
    match shelf {
        Shelf::Folder(root) => read_file(volume, root, name, zone),
        Shelf::Bucket(bucket) => read_object(volume, bucket, name, zone),
    }
}

/// Reads an object's row from its boxes. It came whole, and is not for us to change.
fn read_object(
    volume: &VolumeCode,
    bucket: &Arc<Bucket>,
    name: &str,
    zone: &TimeZone,
) -> io::Result<Option<(Segment, Vec<Fragment>)>> {
    let Some((path, named_start)) = parse_file_name(name, zone) else { return Ok(None) };
    let mut reader = ObjectReader::open(Arc::clone(bucket), name)?;
    let head = container::head(&mut reader)?;
    let start = head.start.unwrap_or(named_start);
    let walked = container::walk(&mut reader, u64::from(head.init_bytes), start, &head.tracks)?;
    if walked.fragments.is_empty() {
        return Ok(None);
    }
    let facts = Facts { path, volume, name, start, size_bytes: reader.len(), state: SegmentState::Complete };
    Ok(Some((facts.segment(&head, &walked.fragments), walked.fragments)))
}

/// Reads a file's row from its boxes; `None` when there is nothing in it to keep. A file that was begun and got no
/// fragment before the crash is removed.
fn read_file(
    volume: &VolumeCode,
    root: &Path,
    name: &str,
    zone: &TimeZone,
) -> io::Result<Option<(Segment, Vec<Fragment>)>> {
    let full = root.join(name);
    let mut file = match OpenOptions::new().read(true).write(true).open(&full) {
        // Deleted since it was listed.
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    let Some((path, named_start)) = parse_file_name(name, zone) else { return Ok(None) };
    let len = file.metadata()?.len();
    let head = match container::head(&mut file) {
        Ok(head) => head,
        Err(_) if len < MOST_HEAD_BYTES => {
            fs::remove_file(&full)?;
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    let start = head.start.unwrap_or(named_start);
    let mut walked = container::walk(&mut file, u64::from(head.init_bytes), start, &head.tracks)?;
    if !walked.is_closed {
        cut_at_hole(&file, &mut walked)?;
    }
    if walked.fragments.is_empty() {
        if head.start.is_some() {
            fs::remove_file(&full)?;
        }
        return Ok(None);
    }
    let is_torn = !walked.is_closed;
    let size_bytes = if is_torn { finish(&mut file, &walked.fragments, walked.valid_len)? } else { len };
    let state = if is_torn { SegmentState::Recovered } else { SegmentState::Complete };
    let facts = Facts { path, volume, name, start, size_bytes, state };
    Ok(Some((facts.segment(&head, &walked.fragments), walked.fragments)))
}

/// What a file is besides what its boxes say.
struct Facts<'a> {
    path: StreamPath,
    volume: &'a VolumeCode,
    name: &'a str,
    start: UtcMillis,
    size_bytes: u64,
    state: SegmentState,
}

impl Facts<'_> {
    fn segment(self, head: &Head, fragments: &[Fragment]) -> Segment {
        let video = head.params.video.as_ref();
        Segment {
            id: SegmentId(0),
            path: self.path,
            volume: self.volume.clone(),
            file: self.name.to_owned(),
            start: self.start,
            end: super::volume::end_of(self.start, fragments),
            size_bytes: self.size_bytes,
            video_codec: video.map(|v| v.codec_string.clone()).unwrap_or_default(),
            width: video.map_or(0, |v| v.width),
            height: video.map_or(0, |v| v.height),
            has_audio: head.params.audio.is_some(),
            state: self.state,
            locked: false,
            init_bytes: head.init_bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_that_never_reached_the_disk_ends_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let full = folder.path().join("a.mp4");
        let fragment = |n: u32| Fragment {
            offset: 900 + u64::from(n) * 10_000,
            size_bytes: 10_000,
            start_ms: n * 1_000,
            duration_ms: 1_000,
            is_key: true,
        };
        let check = |zeros: std::ops::Range<usize>, expect: usize| {
            let mut bytes = vec![7; 900 + 10_000 * 6];
            bytes[zeros.clone()].fill(0);
            fs::write(&full, &bytes).unwrap();
            let fragments: Vec<Fragment> = (0..6).map(fragment).collect();
            let mut walked = Walked { fragments, valid_len: bytes.len() as u64, is_closed: false };
            cut_at_hole(&File::open(&full).unwrap(), &mut walked).unwrap();
            assert_eq!(walked.fragments.len(), expect, "{zeros:?}");
            assert_eq!(walked.valid_len, 900 + 10_000 * expect as u64);
        };
        check(0..0, 6);
        // Zeros that fill no block of the file are none of ours.
        check(40_000..44_095, 6);
        check(40_960..45_056, 4);
        check(53_248..57_344, 5);
        // What lies further back was made durable long ago.
        check(4_096..8_192, 6);
    }
}
