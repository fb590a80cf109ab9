//! Recordings on the device: what there is, how it is searched, where it is replayed (Profile G).

use super::tokens;
use crate::{
    onvif::{
        Quirk,
        address::host_of,
        call::{Answer, Call, Refusal, Service, escape},
        dates::utc_text,
    },
    rtsp::storage_path,
};
use watchwall_model::TimeRange;

/// Searches that nobody ends; the oldest go.
const MOST_SEARCHES: usize = 16;

pub(super) fn answer(call: &Call<'_>) -> Answer {
    match (call.service, call.operation) {
        (Service::Recording, "GetRecordings") => {
            let items = (0..call.channels()).filter_map(|channel| Some(recording_item(call, channel, recorded(call)?)));
            call.answer(items.collect::<String>())
        }
        (Service::Recording, "GetRecordingJobs") => {
            call.answer((0..call.channels()).map(|channel| job_item(call, channel)).collect::<String>())
        }
        (Service::Search, "GetRecordingSummary") => {
            let range = recorded(call).ok_or_else(Refusal::unsupported)?;
            call.answer(format!(
                "<tse:Summary><tt:DataFrom>{}</tt:DataFrom><tt:DataUntil>{}</tt:DataUntil>\
                 <tt:NumberRecordings>{}</tt:NumberRecordings></tse:Summary>",
                utc_text(range.start),
                utc_text(range.end),
                call.channels()
            ))
        }
        (Service::Search, "FindRecordings") => find(call),
        (Service::Search, "GetRecordingSearchResults") => results(call),
        (Service::Search, "EndSearch") => end(call),
        (Service::Replay, "GetReplayUri") => replay_uri(call),
        _ => Err(Refusal::unsupported()),
    }
}

/// By the device's clock.
fn recorded(call: &Call<'_>) -> Option<TimeRange> {
    let range = call.device.recorded(call.house)?;
    TimeRange::new(call.device.by_own_clock(range.start), call.device.by_own_clock(range.end))
}

fn recording_token(channel: usize) -> String {
    format!("REC_{}", channel + 1)
}

fn source(call: &Call<'_>, channel: usize) -> String {
    format!(
        "<tt:Source><tt:SourceId>{}</tt:SourceId><tt:Name>{}</tt:Name><tt:Location/><tt:Description/><tt:Address/></tt:Source>",
        tokens::listed_source(channel),
        escape(call.channel_name(channel))
    )
}

fn recording_item(call: &Call<'_>, channel: usize, range: TimeRange) -> String {
    format!(
        "<trc:RecordingItem><tt:RecordingToken>{}</tt:RecordingToken><tt:Configuration>{}<tt:Content>Continuous</tt:Content>\
         <tt:MaximumRetentionTime>PT0S</tt:MaximumRetentionTime></tt:Configuration><tt:Tracks><tt:Track>\
         <tt:TrackToken>VIDEO</tt:TrackToken><tt:Configuration><tt:TrackType>Video</tt:TrackType><tt:Description/>\
         </tt:Configuration><tt:DataFrom>{}</tt:DataFrom><tt:DataTo>{}</tt:DataTo></tt:Track></tt:Tracks></trc:RecordingItem>",
        recording_token(channel),
        source(call, channel),
        utc_text(range.start),
        utc_text(range.end)
    )
}

fn job_item(call: &Call<'_>, channel: usize) -> String {
    format!(
        "<trc:JobItem><tt:JobToken>JOB_{}</tt:JobToken><tt:JobConfiguration><tt:RecordingToken>{}</tt:RecordingToken>\
         <tt:Mode>Active</tt:Mode><tt:Priority>1</tt:Priority><tt:Source><tt:SourceToken><tt:Token>{}</tt:Token>\
         </tt:SourceToken></tt:Source></tt:JobConfiguration></trc:JobItem>",
        channel + 1,
        recording_token(channel),
        escape(&tokens::profile(call, channel, watchwall_model::StreamRole::Main))
    )
}

fn find(call: &Call<'_>) -> Answer {
    let mut state = call.device.state();
    let token = format!("SEARCH_{}", state.fresh());
    state.searches.push(token.clone());
    if state.searches.len() > MOST_SEARCHES {
        state.searches.remove(0);
    }
    drop(state);
    call.answer(format!("<tse:SearchToken>{token}</tse:SearchToken>"))
}

fn results(call: &Call<'_>) -> Answer {
    let token = call.text("SearchToken")?;
    if !call.device.state().searches.iter().any(|own| own == token) {
        return Err(no_token("The search token does not exist"));
    }
    let found = |channel| {
        let range = recorded(call).filter(|_| !call.has(Quirk::SearchEmpty))?;
        let (from, until) = (utc_text(range.start), utc_text(range.end));
        Some(format!(
            "<tt:RecordingInformation><tt:RecordingToken>{}</tt:RecordingToken>{}\
             <tt:EarliestRecording>{from}</tt:EarliestRecording><tt:LatestRecording>{until}</tt:LatestRecording>\
             <tt:Content>Continuous</tt:Content><tt:Track><tt:TrackToken>VIDEO</tt:TrackToken><tt:TrackType>Video</tt:TrackType>\
             <tt:Description/><tt:DataFrom>{from}</tt:DataFrom><tt:DataTo>{until}</tt:DataTo></tt:Track>\
             <tt:RecordingStatus>Recording</tt:RecordingStatus></tt:RecordingInformation>",
            recording_token(channel),
            source(call, channel)
        ))
    };
    let list: String = (0..call.channels()).filter_map(found).collect();
    call.answer(format!("<tse:ResultList><tt:SearchState>Completed</tt:SearchState>{list}</tse:ResultList>"))
}

fn end(call: &Call<'_>) -> Answer {
    let token = call.text("SearchToken")?;
    let mut state = call.device.state();
    let before = state.searches.len();
    state.searches.retain(|own| own != token);
    if state.searches.len() == before {
        return Err(no_token("The search token does not exist"));
    }
    drop(state);
    call.answer(format!("<tse:Endpoint>{}</tse:Endpoint>", utc_text(call.device.now())))
}

fn replay_uri(call: &Call<'_>) -> Answer {
    let token = call.text("RecordingToken")?;
    let channel = (0..call.channels()).find(|channel| recording_token(*channel) == token);
    let camera = channel.and_then(|channel| call.device.spec.cameras.get(channel)).copied();
    let Some(camera) = camera else { return Err(no_token("The recording token does not exist")) };
    let port = call.house.cameras.get(camera).map_or(554, |camera| camera.address.port());
    let uri = escape(&format!("rtsp://{}:{port}/{}", host_of(call.authority), storage_path(camera)));
    call.answer(format!("<trp:Uri>{uri}</trp:Uri>"))
}

fn no_token(reason: &str) -> Refusal {
    Refusal::sender(&["InvalidArgVal", "InvalidToken"], reason)
}
