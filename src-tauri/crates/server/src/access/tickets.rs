//! Tickets for players: in an address, for one stream's recordings, where a program can send neither cookie nor header.

use super::{Caller, lock, token::Token};
use std::{
    collections::HashMap,
    sync::Mutex,
    time::{Duration, Instant},
};
use watchwall_model::StreamPath;

/// Beyond this the oldest are dropped.
const MOST: usize = 1_024;
/// A shift, and some.
pub const TICKET_LIFE: Duration = Duration::from_secs(12 * 3_600);

#[derive(Default)]
pub struct Tickets(Mutex<HashMap<[u8; 32], Ticket>>);

struct Ticket {
    path: StreamPath,
    /// Who asked for it; it ends with their session.
    caller: Caller,
    until: Instant,
}

impl Tickets {
    pub fn issue(&self, caller: &Caller, path: &StreamPath) -> Token {
        // Without randomness the ticket is empty, which `caller` never accepts.
        let Ok(token) = Token::random() else { return Token::received("") };
        let now = Instant::now();
        let mut tickets = lock(&self.0);
        tickets.retain(|_, ticket| ticket.is_good(now));
        if tickets.len() >= MOST
            && let Some(first) = tickets.iter().min_by_key(|(_, ticket)| ticket.until).map(|(hash, _)| *hash)
        {
            tickets.remove(&first);
        }
        let ticket = Ticket { path: path.clone(), caller: caller.clone(), until: now + TICKET_LIFE };
        tickets.insert(token.hash(), ticket);
        token
    }

    /// For whom this ticket opens the recordings of this stream.
    pub fn caller(&self, ticket: &str, path: &str) -> Option<Caller> {
        if ticket.is_empty() {
            return None;
        }
        let tickets = lock(&self.0);
        let held = tickets.get(&Token::received(ticket).hash())?;
        (held.path.as_str() == path && held.is_good(Instant::now())).then(|| held.caller.clone())
    }
}

impl Ticket {
    fn is_good(&self, now: Instant) -> bool {
        now < self.until && !self.caller.ended.is_cancelled()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{IpAddr, Ipv4Addr};

    #[test]
    fn a_ticket_opens_one_stream_until_its_session_ends() {
        let tickets = Tickets::default();
        let caller = Caller::local_tool(IpAddr::V4(Ipv4Addr::LOCALHOST));
        let path = StreamPath::parse("cam_a_ch1_main").unwrap();
        let ticket = tickets.issue(&caller, &path);
        let opens = |text: &str, path: &str| tickets.caller(text, path).is_some();
        assert!(opens(ticket.reveal(), "cam_a_ch1_main") && opens(ticket.reveal(), "cam_a_ch1_main"));
        assert!(!opens(ticket.reveal(), "cam_b_ch1_main"));
        assert!(!opens("", "cam_a_ch1_main") && !opens("guess", "cam_a_ch1_main"));
        let many: Vec<_> = (0..MOST).map(|_| tickets.issue(&caller, &path)).collect();
        assert!(!opens(ticket.reveal(), "cam_a_ch1_main"), "the oldest went");
        assert!(opens(many[MOST - 1].reveal(), "cam_a_ch1_main"));
        caller.ended.cancel();
        assert!(!opens(many[MOST - 1].reveal(), "cam_a_ch1_main"));
    }
}
