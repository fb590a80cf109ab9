//! What real devices do wrong, or differently: a switch each.
//!
//! Names on the command line and the control port are those of [`Quirk::name`].

use serde::{Deserialize, Serialize};

/// One habit of a device. They combine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quirk {
    /// XAddrs name a host of another network.
    NatXaddr,
    /// XAddrs name 127.0.0.1.
    LoopbackXaddr,
    /// XAddrs name 0.0.0.0.
    ZeroXaddr,
    /// A link-local XAddr stands before the right one.
    LinkLocalXaddr,
    /// XAddrs name a link-local IPv6 address and nothing else.
    Ipv6Xaddr,
    /// Services, the device service apart, are said to be on a port where nobody listens.
    WrongPortXaddr,
    /// XAddrs name the port twice: `http://ip:80:80/`.
    DoublePortXaddr,
    /// The media service is said to be where there is nothing; it is at its usual path.
    WrongPathXaddr,
    /// All services are at `/onvif/service`, as with Tapo; so is the device service.
    OnePath,
    /// A subscription's address names port 1024.
    SubscriptionPort,
    /// A subscription is known by a reference parameter that must come back in every header.
    SubscriptionReference,
    /// Answers about events use `wsa:` and `wsnt:` without declaring them.
    UndeclaredPrefixes,
    /// A relative end of a subscription is taken for now; absolute ends work.
    IgnoresRelativeTermination,
    /// The end of a subscription is told as an hour ago.
    TerminationPast,
    /// PullMessages never waits.
    PullAnswersAtOnce,
    /// Two subscriptions at most; the third is refused until one ends.
    FewPullPoints,
    /// Unsubscribe ends everybody's subscriptions.
    UnsubscribeKillsAll,
    /// Renew is refused.
    RenewFault,
    /// SetSynchronizationPoint is refused.
    SynchronizationFault,
    /// Every third pull is answered 400 with nothing.
    PullBadRequest,
    /// GetServiceCapabilities says that there are no pull points, which is not so.
    DeniesPullSupport,
    /// Streams carry events in a metadata track as well.
    MetadataTrack,
    /// There is no event service: events come in the metadata track of the streams alone.
    MetadataOnly,
    /// Pull points are refused: events come in the metadata track of the streams alone.
    PullPointsRefused,
    /// Streams describe a metadata track that cannot be set up.
    MetadataRefused,
    /// Names in GBK inside a document that claims UTF-8.
    GbkNames,
    /// The query of a stream's address holds a bare `&`.
    BareAmpersand,
    /// The query of a stream's address holds `&amp;amp;`.
    DoubleEscaped,
    /// Children stand in the service's namespace instead of the schema's.
    WrongNamespaces,
    /// A byte order mark in front, comments everywhere.
    BomAndComments,
    /// Versions of services have no minor number.
    MinorMissing,
    /// Events carry dates like `2024-05-01T00:61:16Z` and `0000-00-00T00:00:00Z`.
    OddDates,
    /// Dates have nanoseconds and an offset of `+00:00`.
    NanosecondDates,
    /// UTC is shown eight hours ahead, as local time; logins use the real clock.
    LocalClock,
    /// The clock shows local time only.
    NoUtcClock,
    /// The clock says 2000 after the start.
    ClockUnset,
    /// The time zone reads `UTC+5:00:00DST+4:00:00,M3.2.0/02:00:00,M11.1.0/02:00:00`.
    OddTimeZone,
    /// The picture's address is an `rtsp://` one.
    SnapshotRtsp,
    /// The picture's address names another host.
    SnapshotForeignHost,
    /// The picture never comes.
    SnapshotHangs,
    /// The picture's address is missing in the answer.
    SnapshotMissing,
    /// The picture's address holds a login in its query.
    SnapshotCredentialsInQuery,
    /// The picture is a PNG that calls itself a JPEG.
    SnapshotPng,
    /// The picture is a web page with status 200.
    SnapshotHtml,
    /// A refusal says how many attempts are left.
    AttemptCountdown,
    /// Tokens hold spaces and characters that XML escapes.
    SpacedTokens,
    /// Tokens are numbers: `000`, `001`.
    NumericTokens,
    /// Profiles name picture sources that GetVideoSources does not list.
    UnlistedSources,
    /// Capabilities count fewer picture sources than there are.
    WrongSourceCount,
    /// Profiles without an encoder come between; their stream's address is refused.
    EmptyProfiles,
    /// Connections close after each answer without a word.
    SilentClose,
    /// Answers come in chunks.
    ChunkedAnswers,
    /// Lists take two seconds.
    SlowLists,
    /// A second request at the same time is never answered.
    OneAtATime,
    /// Requests are refused unless the headers are written in their usual case.
    LowercaseHeadersFail,
    /// A security header must be understood and cannot be.
    NoWsse,
    /// Requests are understood only in the shape of the commonest device manager.
    RegexParser,
    /// Requests are dispatched by the action parameter alone.
    ActionOnly,
    /// A WS-Addressing action outside events is refused.
    ActionHeaderFails,
    /// Faults come with status 200.
    FaultStatus200,
    /// Faults come with status 500.
    FaultStatus500,
    /// Faults have no subcode: "Method 'tds:X' not implemented: method name or namespace not recognized".
    FaultWithoutSubcode,
    /// A fault's subcode stands in its detail.
    FaultInDetail,
    /// Faults are those of SOAP 1.1.
    Soap11Faults,
    /// What is not supported is answered by a web page with status 500.
    HtmlErrors,
    /// What is not supported is answered by a stack trace that calls itself SOAP.
    TextErrors,
    /// An unknown operation is answered 200 with an empty response.
    EmptyUnknown,
    /// Everything wants a login, the clock too.
    GuardsAll,
    /// Digest and token are wanted in the same request.
    WantsBothLogins,
    /// A nonce of Digest is good for one request; the next is told that it is stale.
    NonceOnce,
    /// The challenge of Digest names no quality of protection.
    NoQop,
    /// The request's security header comes back in the answer.
    EchoesSecurity,
    /// GetServices is not implemented.
    NoGetServices,
    /// GetCapabilities is not implemented.
    NoGetCapabilities,
    /// There is only Media2.
    NoMedia1,
    /// There is only the old media service.
    NoMedia2,
    /// The old media service says H265.
    H265InMedia1,
    /// Media2 asked for all configurations answers a web page with status 500.
    Media2Crashes,
    /// Media2 lists profiles without configurations whatever is asked for.
    Media2Bare,
    /// A stream's address is given for UDP alone.
    UdpOnlyUri,
    /// A stream's address names another host.
    ForeignStreamHost,
    /// A stream's address is good until the next reboot only.
    InvalidAfterReboot,
    /// PTZ is announced as `ver10/ptz`.
    PtzOldNamespace,
    /// Stop is refused; a move with no speed stops.
    PtzNoStop,
    /// Moves are refused unless they name their space.
    PtzWantsSpace,
    /// Moves with a timeout are refused.
    PtzRefusesTimeout,
    /// The timeout of a move is ignored: it turns until it is stopped.
    PtzIgnoresTimeout,
    /// The range of timeouts goes from zero to zero.
    PtzZeroTimeout,
    /// Storage: a search finds nothing.
    SearchEmpty,
    /// Storage: a replay cannot be set up.
    ReplayRefused,
    /// Storage: what the search has found is not there when it is asked for.
    ReplayRangeMissing,
    /// Storage: pictures say that they are of an hour later.
    ReplayOtherTime,
    /// Storage: a replay falls silent after two seconds of pictures, without a word.
    ReplayEndsEarly,
    /// Storage: a replay comes at a quarter of the pace it was recorded with.
    ReplaySlow,
    /// Discovery: answers only to who asks for transmitters.
    TransmitterOnly,
    /// Discovery: answers only to who asks for devices.
    DeviceTypeOnly,
    /// Discovery: the endpoint reference is one for the whole batch.
    SharedEndpoint,
    /// Discovery: every answer comes twice.
    DuplicateAnswers,
    /// Discovery: the endpoint reference has no `urn:` in front.
    BareUuid,
    /// Discovery: scopes are separated by line breaks.
    NewlineScopes,
    /// Discovery: the answer is no XML.
    MalformedMatch,
    /// Discovery: every address given is unusable; only the sender's helps.
    UnusableXaddrs,
}

/// Each quirk with its name and what it does, in the order of the enum.
const TABLE: &[(Quirk, &str, &str)] = &[
    (Quirk::NatXaddr, "nat_xaddr", "XAddrs name a host of another network."),
    (Quirk::LoopbackXaddr, "loopback_xaddr", "XAddrs name 127.0.0.1."),
    (Quirk::ZeroXaddr, "zero_xaddr", "XAddrs name 0.0.0.0."),
    (Quirk::LinkLocalXaddr, "link_local_xaddr", "A link-local XAddr stands before the right one."),
    (Quirk::Ipv6Xaddr, "ipv6_xaddr", "XAddrs name a link-local IPv6 address and nothing else."),
    (
        Quirk::WrongPortXaddr,
        "wrong_port_xaddr",
        "Services, the device service apart, are said to be on a port where nobody listens.",
    ),
    (Quirk::DoublePortXaddr, "double_port_xaddr", "XAddrs name the port twice: `http://ip:80:80/`."),
    (
        Quirk::WrongPathXaddr,
        "wrong_path_xaddr",
        "The media service is said to be where there is nothing; it is at its usual path.",
    ),
    (Quirk::OnePath, "one_path", "All services are at `/onvif/service`, as with Tapo; so is the device service."),
    (Quirk::SubscriptionPort, "subscription_port", "A subscription's address names port 1024."),
    (
        Quirk::SubscriptionReference,
        "subscription_reference",
        "A subscription is known by a reference parameter that must come back in every header.",
    ),
    (
        Quirk::UndeclaredPrefixes,
        "undeclared_prefixes",
        "Answers about events use `wsa:` and `wsnt:` without declaring them.",
    ),
    (
        Quirk::IgnoresRelativeTermination,
        "ignores_relative_termination",
        "A relative end of a subscription is taken for now; absolute ends work.",
    ),
    (Quirk::TerminationPast, "termination_past", "The end of a subscription is told as an hour ago."),
    (Quirk::PullAnswersAtOnce, "pull_answers_at_once", "PullMessages never waits."),
    (Quirk::FewPullPoints, "few_pull_points", "Two subscriptions at most; the third is refused until one ends."),
    (Quirk::UnsubscribeKillsAll, "unsubscribe_kills_all", "Unsubscribe ends everybody's subscriptions."),
    (Quirk::RenewFault, "renew_fault", "Renew is refused."),
    (Quirk::SynchronizationFault, "synchronization_fault", "SetSynchronizationPoint is refused."),
    (Quirk::PullBadRequest, "pull_bad_request", "Every third pull is answered 400 with nothing."),
    (
        Quirk::DeniesPullSupport,
        "denies_pull_support",
        "GetServiceCapabilities says that there are no pull points, which is not so.",
    ),
    (Quirk::MetadataTrack, "metadata_track", "Streams carry events in a metadata track as well."),
    (
        Quirk::MetadataOnly,
        "metadata_only",
        "There is no event service: events come in the metadata track of the streams alone.",
    ),
    (
        Quirk::PullPointsRefused,
        "pull_points_refused",
        "Pull points are refused: events come in the metadata track of the streams alone.",
    ),
    (Quirk::MetadataRefused, "metadata_refused", "Streams describe a metadata track that cannot be set up."),
    (Quirk::GbkNames, "gbk_names", "Names in GBK inside a document that claims UTF-8."),
    (Quirk::BareAmpersand, "bare_ampersand", "The query of a stream's address holds a bare `&`."),
    (Quirk::DoubleEscaped, "double_escaped", "The query of a stream's address holds `&amp;amp;`."),
    (Quirk::WrongNamespaces, "wrong_namespaces", "Children stand in the service's namespace instead of the schema's."),
    (Quirk::BomAndComments, "bom_and_comments", "A byte order mark in front, comments everywhere."),
    (Quirk::MinorMissing, "minor_missing", "Versions of services have no minor number."),
    (Quirk::OddDates, "odd_dates", "Events carry dates like `2024-05-01T00:61:16Z` and `0000-00-00T00:00:00Z`."),
    (Quirk::NanosecondDates, "nanosecond_dates", "Dates have nanoseconds and an offset of `+00:00`."),
    (Quirk::LocalClock, "local_clock", "UTC is shown eight hours ahead, as local time; logins use the real clock."),
    (Quirk::NoUtcClock, "no_utc_clock", "The clock shows local time only."),
    (Quirk::ClockUnset, "clock_unset", "The clock says 2000 after the start."),
    (
        Quirk::OddTimeZone,
        "odd_time_zone",
        "The time zone reads `UTC+5:00:00DST+4:00:00,M3.2.0/02:00:00,M11.1.0/02:00:00`.",
    ),
    (Quirk::SnapshotRtsp, "snapshot_rtsp", "The picture's address is an `rtsp://` one."),
    (Quirk::SnapshotForeignHost, "snapshot_foreign_host", "The picture's address names another host."),
    (Quirk::SnapshotHangs, "snapshot_hangs", "The picture never comes."),
    (Quirk::SnapshotMissing, "snapshot_missing", "The picture's address is missing in the answer."),
    (
        Quirk::SnapshotCredentialsInQuery,
        "snapshot_credentials_in_query",
        "The picture's address holds a login in its query.",
    ),
    (Quirk::SnapshotPng, "snapshot_png", "The picture is a PNG that calls itself a JPEG."),
    (Quirk::SnapshotHtml, "snapshot_html", "The picture is a web page with status 200."),
    (Quirk::AttemptCountdown, "attempt_countdown", "A refusal says how many attempts are left."),
    (Quirk::SpacedTokens, "spaced_tokens", "Tokens hold spaces and characters that XML escapes."),
    (Quirk::NumericTokens, "numeric_tokens", "Tokens are numbers: `000`, `001`."),
    (Quirk::UnlistedSources, "unlisted_sources", "Profiles name picture sources that GetVideoSources does not list."),
    (Quirk::WrongSourceCount, "wrong_source_count", "Capabilities count fewer picture sources than there are."),
    (
        Quirk::EmptyProfiles,
        "empty_profiles",
        "Profiles without an encoder come between; their stream's address is refused.",
    ),
    (Quirk::SilentClose, "silent_close", "Connections close after each answer without a word."),
    (Quirk::ChunkedAnswers, "chunked_answers", "Answers come in chunks."),
    (Quirk::SlowLists, "slow_lists", "Lists take two seconds."),
    (Quirk::OneAtATime, "one_at_a_time", "A second request at the same time is never answered."),
    (
        Quirk::LowercaseHeadersFail,
        "lowercase_headers_fail",
        "Requests are refused unless the headers are written in their usual case.",
    ),
    (Quirk::NoWsse, "no_wsse", "A security header must be understood and cannot be."),
    (Quirk::RegexParser, "regex_parser", "Requests are understood only in the shape of the commonest device manager."),
    (Quirk::ActionOnly, "action_only", "Requests are dispatched by the action parameter alone."),
    (Quirk::ActionHeaderFails, "action_header_fails", "A WS-Addressing action outside events is refused."),
    (Quirk::FaultStatus200, "fault_status200", "Faults come with status 200."),
    (Quirk::FaultStatus500, "fault_status500", "Faults come with status 500."),
    (
        Quirk::FaultWithoutSubcode,
        "fault_without_subcode",
        "Faults have no subcode: \"Method 'tds:X' not implemented: method name or namespace not recognized\".",
    ),
    (Quirk::FaultInDetail, "fault_in_detail", "A fault's subcode stands in its detail."),
    (Quirk::Soap11Faults, "soap11_faults", "Faults are those of SOAP 1.1."),
    (Quirk::HtmlErrors, "html_errors", "What is not supported is answered by a web page with status 500."),
    (Quirk::TextErrors, "text_errors", "What is not supported is answered by a stack trace that calls itself SOAP."),
    (Quirk::EmptyUnknown, "empty_unknown", "An unknown operation is answered 200 with an empty response."),
    (Quirk::GuardsAll, "guards_all", "Everything wants a login, the clock too."),
    (Quirk::WantsBothLogins, "wants_both_logins", "Digest and token are wanted in the same request."),
    (Quirk::NonceOnce, "nonce_once", "A nonce of Digest is good for one request; the next is told that it is stale."),
    (Quirk::NoQop, "no_qop", "The challenge of Digest names no quality of protection."),
    (Quirk::EchoesSecurity, "echoes_security", "The request's security header comes back in the answer."),
    (Quirk::NoGetServices, "no_get_services", "GetServices is not implemented."),
    (Quirk::NoGetCapabilities, "no_get_capabilities", "GetCapabilities is not implemented."),
    (Quirk::NoMedia1, "no_media1", "There is only Media2."),
    (Quirk::NoMedia2, "no_media2", "There is only the old media service."),
    (Quirk::H265InMedia1, "h265_in_media1", "The old media service says H265."),
    (Quirk::Media2Crashes, "media2_crashes", "Media2 asked for all configurations answers a web page with status 500."),
    (Quirk::Media2Bare, "media2_bare", "Media2 lists profiles without configurations whatever is asked for."),
    (Quirk::UdpOnlyUri, "udp_only_uri", "A stream's address is given for UDP alone."),
    (Quirk::ForeignStreamHost, "foreign_stream_host", "A stream's address names another host."),
    (Quirk::InvalidAfterReboot, "invalid_after_reboot", "A stream's address is good until the next reboot only."),
    (Quirk::PtzOldNamespace, "ptz_old_namespace", "PTZ is announced as `ver10/ptz`."),
    (Quirk::PtzNoStop, "ptz_no_stop", "Stop is refused; a move with no speed stops."),
    (Quirk::PtzWantsSpace, "ptz_wants_space", "Moves are refused unless they name their space."),
    (Quirk::PtzRefusesTimeout, "ptz_refuses_timeout", "Moves with a timeout are refused."),
    (
        Quirk::PtzIgnoresTimeout,
        "ptz_ignores_timeout",
        "The timeout of a move is ignored: it turns until it is stopped.",
    ),
    (Quirk::PtzZeroTimeout, "ptz_zero_timeout", "The range of timeouts goes from zero to zero."),
    (Quirk::SearchEmpty, "search_empty", "Storage: a search finds nothing."),
    (Quirk::ReplayRefused, "replay_refused", "Storage: a replay cannot be set up."),
    (
        Quirk::ReplayRangeMissing,
        "replay_range_missing",
        "Storage: what the search has found is not there when it is asked for.",
    ),
    (Quirk::ReplayOtherTime, "replay_other_time", "Storage: pictures say that they are of an hour later."),
    (
        Quirk::ReplayEndsEarly,
        "replay_ends_early",
        "Storage: a replay falls silent after two seconds of pictures, without a word.",
    ),
    (Quirk::ReplaySlow, "replay_slow", "Storage: a replay comes at a quarter of the pace it was recorded with."),
    (Quirk::TransmitterOnly, "transmitter_only", "Discovery: answers only to who asks for transmitters."),
    (Quirk::DeviceTypeOnly, "device_type_only", "Discovery: answers only to who asks for devices."),
    (Quirk::SharedEndpoint, "shared_endpoint", "Discovery: the endpoint reference is one for the whole batch."),
    (Quirk::DuplicateAnswers, "duplicate_answers", "Discovery: every answer comes twice."),
    (Quirk::BareUuid, "bare_uuid", "Discovery: the endpoint reference has no `urn:` in front."),
    (Quirk::NewlineScopes, "newline_scopes", "Discovery: scopes are separated by line breaks."),
    (Quirk::MalformedMatch, "malformed_match", "Discovery: the answer is no XML."),
    (Quirk::UnusableXaddrs, "unusable_xaddrs", "Discovery: every address given is unusable; only the sender's helps."),
];

impl Quirk {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|(quirk, _, _)| *quirk)
    }

    /// As it is ordered: `nat_xaddr`.
    pub fn name(self) -> &'static str {
        TABLE.get(self as usize).map_or("", |(_, name, _)| name)
    }

    /// What it does, in one English sentence.
    pub fn meaning(self) -> &'static str {
        TABLE.get(self as usize).map_or("", |(_, _, meaning)| meaning)
    }
}

/// Not a name of a quirk.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no quirk; `watchwall camsim --help` lists them")]
pub struct UnknownQuirk(pub String);

impl std::str::FromStr for Quirk {
    type Err = UnknownQuirk;

    fn from_str(text: &str) -> Result<Self, UnknownQuirk> {
        Self::all().find(|quirk| quirk.name() == text).ok_or_else(|| UnknownQuirk(text.to_owned()))
    }
}

/// Several quirks at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct QuirkSet(u128);

impl QuirkSet {
    pub const fn has(self, quirk: Quirk) -> bool {
        self.0 >> quirk as u32 & 1 == 1
    }

    #[must_use]
    pub const fn with(self, quirk: Quirk) -> Self {
        Self(self.0 | 1 << quirk as u32)
    }

    pub fn iter(self) -> impl Iterator<Item = Quirk> {
        Quirk::all().filter(move |quirk| self.has(*quirk))
    }
}

impl FromIterator<Quirk> for QuirkSet {
    fn from_iter<I: IntoIterator<Item = Quirk>>(quirks: I) -> Self {
        quirks.into_iter().fold(Self::default(), Self::with)
    }
}

/// All quirks for people.
pub fn quirk_help() -> String {
    let mut text = String::from("Quirks of virtual ONVIF devices, for --quirk and POST /devices/N/quirks:\n");
    for quirk in Quirk::all() {
        text.push_str(&format!("  {}\n      {}\n", quirk.name(), quirk.meaning()));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_json_and_stand_in_their_order() {
        for (index, quirk) in Quirk::all().enumerate() {
            assert_eq!(quirk as usize, index, "{quirk:?}");
            assert_eq!(serde_json::to_string(&quirk).unwrap(), format!("\"{}\"", quirk.name()));
            assert_eq!(quirk.name().parse(), Ok(quirk));
            assert!(index < 128, "a set holds no more");
        }
        assert!("nonsense".parse::<Quirk>().is_err());
    }

    #[test]
    fn a_set_holds_what_was_put_in() {
        let set: QuirkSet = [Quirk::NatXaddr, Quirk::UnusableXaddrs].into_iter().collect();
        assert_eq!(set.iter().collect::<Vec<_>>(), [Quirk::NatXaddr, Quirk::UnusableXaddrs]);
        assert!(!set.has(Quirk::LoopbackXaddr));
    }
}
