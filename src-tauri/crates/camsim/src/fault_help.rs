//! The faults for people: one order each, as it is sent, and what it does.

/// The JSON body of an order, and its meaning.
const ORDERS: &[(&str, &str)] = &[
    (r#"{"kind":"drop_connection"}"#, "cuts the sessions that exist now"),
    (r#"{"kind":"freeze"}"#, "sockets stay open and answer, no packet leaves"),
    (r#"{"kind":"stall","ms":3000}"#, "no packet for so long, then all at once"),
    (r#"{"kind":"vanish"}"#, "sockets stay open, nothing is read, answered or sent, as after a pulled cable"),
    (r#"{"kind":"offline"}"#, "nobody answers until it is healed"),
    (r#"{"kind":"reboot","ms":5000}"#, "offline for so long"),
    (r#"{"kind":"packet_loss","percent":3}"#, "loses RTP packets at random"),
    (r#"{"kind":"packet_reorder","percent":10}"#, "swaps neighbouring UDP packets at random"),
    (r#"{"kind":"wrong_password"}"#, "the password that is asked for is another one"),
    (r#"{"kind":"refuse_second_session","status":453}"#, "a stream that has a session refuses another (453 or 503)"),
    (r#"{"kind":"session_limit","sessions":2}"#, "a stream allows so many sessions and refuses others (453)"),
    (r#"{"kind":"udp_only"}"#, "refuses RTP over the RTSP connection (461)"),
    (r#"{"kind":"odd_content_type"}"#, "labels the description in a way strict clients refuse"),
    (r#"{"kind":"unknown_codec"}"#, "names a video codec that nobody knows"),
    (r#"{"kind":"unknown_sound"}"#, "names an audio codec that nobody knows"),
    (r#"{"kind":"html_answer"}"#, "answers everything with a web page"),
    (r#"{"kind":"no_key_frames"}"#, "leaves key frames out"),
    (r#"{"kind":"b_frames"}"#, "two B-frames between the others"),
    (r#"{"kind":"smart_codec"}"#, "key frames after one and two of the set lengths in turn, as H.264+ and H.265+ do"),
    (r#"{"kind":"parameter_change","width":800,"height":600}"#, "another size in the middle of the stream"),
    (r#"{"kind":"odd_size"}"#, "six pixels wider and two higher: no multiple of a macroblock"),
    (r#"{"kind":"variable_frame_rate"}"#, "frames at uneven distances"),
    (r#"{"kind":"burst","kbps":100000}"#, "filler up to this bit rate"),
    (r#"{"kind":"timestamp_jump","ticks":900000}"#, "RTP time jumps by ticks of 1/90000 s; negative jumps back"),
    (r#"{"kind":"timestamp_wrap"}"#, "RTP time wraps five seconds from now"),
    (r#"{"kind":"clock_skew","ppm":200,"offset_ms":-3000}"#, "RTP time runs fast, the camera's clock is off"),
    (r#"{"kind":"clock_unset"}"#, "the camera's clock says 1970"),
];

/// How to order faults, and all of them.
pub fn fault_help() -> String {
    let mut text = String::from(
        "Faults are commanded over HTTP at the control address; N counts cameras from 0:\n  \
         GET    /cameras               all cameras with URLs, faults and counters\n  \
         GET    /cameras/N             one camera\n  \
         POST   /cameras/N/faults      one of the orders below; with \"role\":\"sub\" for one stream only\n  \
         DELETE /cameras/N/faults      heals the camera\n\n\
         Devices (--onvif) are commanded in the same way:\n  \
         GET    /devices               all devices with address, quirks, faults and counters\n  \
         POST   /devices/N/quirks      {\"quirk\":\"nat_xaddr\"}; DELETE for good manners\n  \
         POST   /devices/N/soap-faults {\"operation\":\"GetProfiles\",\"answer\":{\"kind\":\"huge\"}}; kinds: fault, status,\n                                \
         html, huge, deep, entity_bomb, drip, late, nothing, close; DELETE heals\n  \
         POST   /devices/N/events      {\"topic\":\"motion\",\"index\":0,\"state\":true}\n  \
         POST   /devices/N/clock       {\"offset_ms\":86400000}\n\nOrders:\n",
    );
    for (order, meaning) in ORDERS {
        text.push_str(&format!("  {order}\n      {meaning}\n"));
    }
    text.push('\n');
    text.push_str(&crate::quirk_help());
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Fault;
    use std::collections::BTreeSet;

    /// Without a default arm: a new fault does not compile before it is counted here and explained above.
    const fn number(fault: Fault) -> usize {
        match fault {
            Fault::DropConnection => 0,
            Fault::Freeze => 1,
            Fault::Stall { .. } => 2,
            Fault::PacketLoss { .. } => 3,
            Fault::PacketReorder { .. } => 4,
            Fault::Vanish => 5,
            Fault::UdpOnly => 6,
            Fault::OddContentType => 7,
            Fault::UnknownSound => 8,
            Fault::WrongPassword => 9,
            Fault::RefuseSecondSession { .. } => 10,
            Fault::ParameterChange { .. } => 11,
            Fault::BFrames => 12,
            Fault::TimestampJump { .. } => 13,
            Fault::TimestampWrap => 14,
            Fault::ClockSkew { .. } => 15,
            Fault::ClockUnset => 16,
            Fault::NoKeyFrames => 17,
            Fault::HtmlAnswer => 18,
            Fault::UnknownCodec => 19,
            Fault::Burst { .. } => 20,
            Fault::VariableFrameRate => 21,
            Fault::OddSize => 22,
            Fault::Offline => 23,
            Fault::Reboot { .. } => 24,
            Fault::SessionLimit { .. } => 25,
            Fault::SmartCodec => 26,
        }
    }

    #[test]
    fn every_fault_is_explained_by_an_order_that_works() {
        let orders = ORDERS.iter().map(|(order, _)| number(serde_json::from_str(order).unwrap()));
        let known: BTreeSet<_> = orders.collect();
        assert_eq!((known.len(), known.last()), (27, Some(&26)));
        assert_eq!(ORDERS.len(), known.len());
        assert!(ORDERS.iter().all(|(order, _)| fault_help().contains(order)));
    }
}
