//! From which of a camera's streams its metadata is taken. Pure.

use watchwall_media::ingest::MetadataTrack;
use watchwall_model::{StreamPath, StreamRole};

/// What is known of the metadata in one stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    pub path: StreamPath,
    pub role: StreamRole,
    /// The device says that the stream's profile has metadata.
    pub is_announced: bool,
    /// What the newest connection found.
    pub track: MetadataTrack,
    /// It was tried a while ago and could not be opened.
    pub is_shunned: bool,
}

/// The one stream to read; `None` where none is known to have any, for a stream is not kept open to find out.
///
/// The one that is read already, so that nothing is opened anew without need; then the sub stream, which costs the least
/// to keep open and whose interruption, when it has to be opened anew, leaves no gap in a recording; and before one that
/// cannot be opened, another.
pub fn pick(offers: &[Offer]) -> Option<&StreamPath> {
    let rank = |offer: &&Offer| {
        let known = match offer.track {
            MetadataTrack::Absent | MetadataTrack::Refused => return 0,
            MetadataTrack::Unknown if !offer.is_announced => return 0,
            // Better than none.
            _ if offer.is_shunned => 1,
            MetadataTrack::Unknown | MetadataTrack::Offered => 3,
            MetadataTrack::Taken => 5,
        };
        known + u8::from(offer.role == StreamRole::Sub)
    };
    offers.iter().max_by_key(rank).filter(|best| rank(best) > 0).map(|offer| &offer.path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use MetadataTrack::{Absent, Offered, Refused, Taken, Unknown};

    #[track_caller]
    fn check(main: (bool, MetadataTrack), sub: (bool, MetadataTrack), expect: Option<&str>) {
        let offer = |path: &str, role, (is_announced, track)| Offer {
            path: StreamPath::parse(path).unwrap(),
            role,
            is_announced,
            track,
            is_shunned: false,
        };
        let offers = [offer("main", StreamRole::Main, main), offer("sub", StreamRole::Sub, sub)];
        assert_eq!(pick(&offers).map(StreamPath::as_str), expect, "{main:?} {sub:?}");
    }

    #[test]
    fn the_cheapest_stream_that_is_known_to_have_it() {
        check((true, Unknown), (true, Unknown), Some("sub"));
        check((true, Unknown), (false, Unknown), Some("main"));
        check((false, Unknown), (false, Unknown), None);
        check((false, Offered), (false, Unknown), Some("main"));
        check((true, Taken), (true, Unknown), Some("main"));
        check((true, Taken), (true, Taken), Some("sub"));
    }

    #[test]
    fn what_a_stream_turned_out_to_have_counts_more_than_what_was_announced() {
        check((true, Unknown), (true, Absent), Some("main"));
        check((true, Absent), (true, Refused), None);
        assert_eq!(pick(&[]), None);
    }

    #[test]
    fn a_stream_that_cannot_be_opened_makes_way() {
        let offer = |role, is_shunned| Offer {
            path: StreamPath::parse(if role == StreamRole::Main { "main" } else { "sub" }).unwrap(),
            role,
            is_announced: true,
            track: Unknown,
            is_shunned,
        };
        let check = |main, sub, expect| {
            let offers = [offer(StreamRole::Main, main), offer(StreamRole::Sub, sub)];
            assert_eq!(pick(&offers).map(StreamPath::as_str), Some(expect), "{main} {sub}");
        };
        check(false, true, "main");
        check(true, true, "sub");
        check(true, false, "sub");
    }
}
