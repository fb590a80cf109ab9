//! A playlist as text (RFC 8216 and what Apple's specification adds to it). Pure.

use jiff::Timestamp;
use std::fmt::Write;
use watchwall_site::recording::{Join, Outlook, Part, Playlist};

/// Longest part of a list that grows, in seconds: it may not change while a player reads the list again.
const GROWING_TARGET_S: i64 = 12;

/// The list, its files named relative to its own address; `query` is put behind each name.
pub fn write(playlist: &Playlist, query: &str) -> String {
    let parts = || playlist.files.iter().flat_map(|file| &file.parts);
    let longest_s = parts().map(|part| (part.duration_ms + 999) / 1_000).max().unwrap_or(1);
    let target_s = match playlist.outlook {
        Outlook::Complete => longest_s,
        Outlook::Growing => longest_s.max(GROWING_TARGET_S),
    };
    let kind = match playlist.outlook {
        Outlook::Complete => "VOD",
        Outlook::Growing => "EVENT",
    };
    let mut text = String::with_capacity(256 + 160 * parts().count());
    let mut line = |what: std::fmt::Arguments<'_>| {
        // Writing into memory cannot fail.
        let _ = writeln!(text, "{what}");
    };
    line(format_args!("#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:{target_s}\n#EXT-X-PLAYLIST-TYPE:{kind}"));
    line(format_args!("#EXT-X-MEDIA-SEQUENCE:0"));
    if parts().all(|part| part.is_key) && playlist.outlook == Outlook::Complete {
        line(format_args!("#EXT-X-INDEPENDENT-SEGMENTS"));
    }
    // Whoever asks from a moment on wants to begin there, also when more is being recorded.
    line(format_args!("#EXT-X-START:TIME-OFFSET=0,PRECISE=YES"));
    for (n, file) in playlist.files.iter().enumerate() {
        let name = format!("segments/{}.mp4{query}", file.segment.0);
        for (m, part) in file.parts.iter().enumerate() {
            // Each file counts its own time.
            if (m == 0 && n > 0) || part.join == Join::AfterGap {
                line(format_args!("#EXT-X-DISCONTINUITY"));
            }
            if m == 0 {
                line(format_args!("#EXT-X-MAP:URI=\"{name}\",BYTERANGE=\"{}@0\"", file.init_bytes));
            }
            line(format_args!("#EXT-X-PROGRAM-DATE-TIME:{}", moment(part)));
            line(format_args!("#EXTINF:{}.{:03},", part.duration_ms / 1_000, part.duration_ms % 1_000));
            line(format_args!("#EXT-X-BYTERANGE:{}@{}\n{name}", part.len, part.offset));
        }
    }
    if playlist.outlook == Outlook::Complete {
        line(format_args!("#EXT-X-ENDLIST"));
    }
    text
}

/// ISO 8601 with milliseconds.
fn moment(part: &Part) -> String {
    let at = Timestamp::from_millisecond(part.start.0).unwrap_or_default();
    format!("{at:.3}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use watchwall_model::{SegmentId, UtcMillis};
    use watchwall_site::recording::ListedFile;

    fn part(offset: u64, start_ms: i64, join: Join) -> Part {
        let start = UtcMillis(1_764_000_000_000 + start_ms);
        Part { offset, len: 100, start, duration_ms: 4_040, join, is_key: true }
    }

    fn list(outlook: Outlook) -> Playlist {
        let first =
            vec![part(800, 0, Join::Follows), part(900, 4_040, Join::Follows), part(1_000, 60_000, Join::AfterGap)];
        let second = vec![part(700, 70_000, Join::Follows)];
        let file = |id, init_bytes, parts| ListedFile { segment: SegmentId(id), init_bytes, parts };
        Playlist { files: vec![file(7, 800, first), file(9, 700, second)], outlook }
    }

    #[test]
    fn files_begin_with_their_head_and_breaks_are_told() {
        let expect = "\
#EXTM3U
#EXT-X-VERSION:7
#EXT-X-TARGETDURATION:5
#EXT-X-PLAYLIST-TYPE:VOD
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-START:TIME-OFFSET=0,PRECISE=YES
#EXT-X-MAP:URI=\"segments/7.mp4?ticket=t\",BYTERANGE=\"800@0\"
#EXT-X-PROGRAM-DATE-TIME:2025-11-24T16:00:00.000Z
#EXTINF:4.040,
#EXT-X-BYTERANGE:100@800
segments/7.mp4?ticket=t
#EXT-X-PROGRAM-DATE-TIME:2025-11-24T16:00:04.040Z
#EXTINF:4.040,
#EXT-X-BYTERANGE:100@900
segments/7.mp4?ticket=t
#EXT-X-DISCONTINUITY
#EXT-X-PROGRAM-DATE-TIME:2025-11-24T16:01:00.000Z
#EXTINF:4.040,
#EXT-X-BYTERANGE:100@1000
segments/7.mp4?ticket=t
#EXT-X-DISCONTINUITY
#EXT-X-MAP:URI=\"segments/9.mp4?ticket=t\",BYTERANGE=\"700@0\"
#EXT-X-PROGRAM-DATE-TIME:2025-11-24T16:01:10.000Z
#EXTINF:4.040,
#EXT-X-BYTERANGE:100@700
segments/9.mp4?ticket=t
#EXT-X-ENDLIST
";
        assert_eq!(write(&list(Outlook::Complete), "?ticket=t"), expect);
    }

    #[test]
    fn a_list_that_grows_has_no_end_and_one_target() {
        let text = write(&list(Outlook::Growing), "");
        assert!(text.contains("#EXT-X-PLAYLIST-TYPE:EVENT\n") && !text.contains("ENDLIST"), "{text}");
        assert!(text.contains("#EXT-X-TARGETDURATION:12\n"), "{text}");
        let empty = write(&Playlist { files: vec![], outlook: Outlook::Growing }, "");
        assert!(empty.contains("#EXT-X-TARGETDURATION:12\n"), "{empty}");
    }
}
