//! The metadata track of a session of retina's: set up where it is wanted, and never at the cost of the pictures.

use super::{
    Job,
    retina::{failure, rtp_transport},
    retina_params::Chosen,
};
use crate::ingest::{
    failure::{Failure, first_line},
    metadata::MetadataTrack,
};
use retina::client::{Described, Session, SetupOptions};
use tokio::time::timeout;
use watchwall_model::{ErrorCode, Problem, Transport};

/// The metadata track of one opening.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    pub is_wanted: bool,
    /// It was asked for, and not refused in a way that leaves the session whole.
    pub is_under_way: bool,
}

/// Asks for the metadata track, after those of the pictures. Refused by an answer it is left out; any other failure ends
/// the session.
pub async fn set_up_metadata(
    job: &Job,
    session: &mut Session<Described>,
    chosen: &mut Chosen,
    transport: Transport,
    wish: &mut Wish,
) -> Result<MetadataTrack, Failure> {
    let Some(number) = chosen.metadata else { return Ok(MetadataTrack::Absent) };
    if !wish.is_wanted {
        chosen.metadata = None;
        return Ok(job.holders.metadata.left_out());
    }
    wish.is_under_way = true;
    let options = SetupOptions::default().transport(rtp_transport(transport));
    let limit = job.options.read_timeout;
    match timeout(limit, session.setup(number, options)).await {
        Ok(Ok(())) => {
            chosen.take_metadata();
            Ok(MetadataTrack::Taken)
        }
        Ok(Err(error)) if error.status_code().is_some_and(|status| status >= 300) => {
            tracing::debug!(path = %job.request.path, error = first_line(&error.to_string()), "the metadata track is refused");
            job.holders.metadata.note_refused();
            (chosen.metadata, wish.is_under_way) = (None, false);
            Ok(MetadataTrack::Refused)
        }
        Ok(Err(error)) => Err(failure(&error, job, "setup")),
        Err(_) => Err(Problem::new(ErrorCode::ConnectTimeout).at("setup").with("timeout_ms", limit.as_millis()).into()),
    }
}

/// Whether a packet of this track could not be read. retina says it to people only; what programs would ask for stands in
/// its `Debug`.
pub fn is_of_track(error: &retina::Error, number: usize) -> bool {
    names_track(&format!("{error:?}"), number)
}

fn names_track(text: &str, number: usize) -> bool {
    text.split_once("stream_id: ").is_some_and(|(_, rest)| {
        rest.split(|c: char| !c.is_ascii_digit()).next().is_some_and(|digits| digits.parse() == Ok(number))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_a_track_is_read_whole() {
        let check = |text, number, expect| assert_eq!(names_track(text, number), expect, "{text} {number}");
        check("RtpPacketError { stream_id: 2, ssrc: 21 }", 2, true);
        check("RtpPacketError { stream_id: 21, ssrc: 2 }", 2, false);
        check("RtspReadError { source: 2 }", 2, false);
        check("stream_id: 2", 2, true);
    }
}
