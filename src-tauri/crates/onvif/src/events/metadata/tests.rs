use super::*;
use crate::events::{EventKind, EventState};

const NOW: UtcMillis = UtcMillis(1_700_000_000_000);

fn notification(prefix: &str, topic: &str, state: &str) -> String {
    format!(
        "<{prefix}NotificationMessage><{prefix}Topic>{topic}</{prefix}Topic><{prefix}Message><tt:Message \
         UtcTime=\"2023-11-14T22:13:19Z\" PropertyOperation=\"Changed\"><tt:Source><tt:SimpleItem Name=\"Source\" \
         Value=\"v1\"/></tt:Source><tt:Data><tt:SimpleItem Name=\"State\" Value=\"{state}\"/></tt:Data></tt:Message>\
         </{prefix}Message></{prefix}NotificationMessage>"
    )
}

fn motion(state: &str) -> String {
    notification("wsnt:", "tns1:VideoSource/MotionAlarm", state)
}

fn document(inside: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?><tt:MetadataStream xmlns:tt=\"http://www.onvif.org/ver10/schema\" \
         xmlns:wsnt=\"http://docs.oasis-open.org/wsn/b-2\"><tt:VideoAnalytics><tt:Frame UtcTime=\"x\"><tt:Object ObjectId=\"1\"/>\
         </tt:Frame></tt:VideoAnalytics><tt:Event>{inside}</tt:Event></tt:MetadataStream>"
    )
}

#[track_caller]
fn check(document: &str, expect: &[EventState]) {
    let events = read_metadata(document.as_bytes(), NOW, 0).unwrap();
    let states: Vec<_> = events.iter().map(|event| event.state).collect();
    assert_eq!(states, expect, "{document}");
    assert!(events.iter().all(|event| event.kind == EventKind::Motion && event.source.as_deref() == Some("v1")));
}

#[test]
fn a_document_tells_what_a_pull_point_tells() {
    let events = read_metadata(document(&motion("true")).as_bytes(), NOW, 500).unwrap();
    let event = &events[0];
    assert_eq!((&event.kind, event.state, event.is_initial), (&EventKind::Motion, EventState::Began, false));
    assert_eq!(event.at, NOW.saturating_add_ms(-1_500));
    assert_eq!((event.topic.as_str(), event.value.as_ref().unwrap().1.as_str()), ("VideoSource/MotionAlarm", "true"));
}

#[test]
fn documents_come_in_pieces_together_and_damaged() {
    use EventState::{Began, Ended};
    check(&document(&(motion("true") + &motion("false"))), &[Began, Ended]);
    // The beginning was lost, in the middle of a notification; the end did not come yet.
    let whole = document(&(motion("false") + &motion("true") + &motion("false")));
    let middle = &whole[whole.find("Topic").unwrap()..whole.rfind("<tt:Data>").unwrap()];
    check(middle, &[Began]);
    check(&(document(&motion("true")) + &document(&motion("false"))), &[Began, Ended]);
    check(&document(&motion("true")).replace("<tt:Object ObjectId", "<tt:Object <& ObjectId"), &[Began]);
    check(&document(&notification("", "tns1:VideoSource/MotionAlarm", "true")), &[Began]);
    // A prefix that nobody declared, and two in one document.
    check(&document(&(notification("b-2:", "t:VideoSource/MotionAlarm", "true") + &motion("false"))), &[Began, Ended]);
}

#[test]
fn what_is_no_notification_is_left() {
    check(&document(""), &[]);
    check("", &[]);
    check("no XML NotificationMessage", &[]);
    check(&document("<wsnt:NotificationMessage/>"), &[]);
    check(&document("<wsnt:NotificationMessages>x</wsnt:NotificationMessages>"), &[]);
    check(&document("<wsnt:NotificationMessage><wsnt:Message/></wsnt:NotificationMessage>"), &[]);
}

#[test]
fn hostile_documents_are_refused_or_cut_short() {
    let large = document(&motion("true")) + &" ".repeat(LARGEST_DOCUMENT);
    assert!(matches!(read_metadata(large.as_bytes(), NOW, 0), Err(MetadataError::TooLarge { .. })));
    let bomb = "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\">]>".to_owned() + &document(&motion("&a;&a;"));
    assert_eq!(read_metadata(bomb.as_bytes(), NOW, 0), Err(MetadataError::DeclaresType));
    let deep = format!(
        "<wsnt:NotificationMessage>{}{}</wsnt:NotificationMessage>",
        "<a>".repeat(10_000),
        "</a>".repeat(10_000)
    );
    check(&document(&(deep + &motion("true"))), &[EventState::Began]);
    let wide = format!("<wsnt:NotificationMessage>{}</wsnt:NotificationMessage>", "<a/>".repeat(10_000));
    check(&document(&(wide + &motion("true"))), &[EventState::Began]);
    let many = document(&motion("true").repeat(1_000));
    assert_eq!(read_metadata(many.as_bytes(), NOW, 0).unwrap().len(), MOST_NOTIFICATIONS);
}

#[test]
fn a_megabyte_of_half_tags_is_read_in_one_way() {
    let started = std::time::Instant::now();
    for half in ["<a:NotificationMessage>", "NotificationMessage", "</a:NotificationMessage ", "<NotificationMessage "]
    {
        let text = half.repeat(LARGEST_DOCUMENT / half.len());
        assert_eq!(read_metadata(text.as_bytes(), NOW, 0), Ok(Vec::new()));
    }
    assert!(started.elapsed() < std::time::Duration::from_secs(10), "{:?}", started.elapsed());
}
