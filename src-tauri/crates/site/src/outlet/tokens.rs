//! Who may open which stream: random words, each good for one path, live or a stretch of its recording, and for a while.

use std::{collections::VecDeque, fmt, time::Instant};
use watchwall_model::{Secret, StreamPath, TimeRange};

/// 128 random bits. Prints nothing of itself.
#[derive(Clone, Copy)]
pub struct Token(u128);

/// Kept at once. More than all nodes with all their tasks can be told in five minutes; the oldest gives way.
const MOST: usize = 4_096;
const DIGITS: usize = 32;

/// All that are good now, the oldest first.
#[derive(Debug, Default)]
pub struct Tokens {
    issued: VecDeque<Issued>,
}

/// What of its path a token opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    Live,
    Recorded(TimeRange),
}

#[derive(Debug)]
struct Issued {
    token: Token,
    path: StreamPath,
    scope: Scope,
    until: Instant,
}

impl Token {
    /// As it stands in an address; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let is_ours = text.len() == DIGITS && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        is_ours.then(|| u128::from_str_radix(text, 16).ok().map(Self)).flatten()
    }

    pub fn text(self) -> Secret {
        Secret::new(format!("{:032x}", self.0))
    }
}

/// In the same time wherever they differ.
impl PartialEq for Token {
    fn eq(&self, other: &Self) -> bool {
        let difference = std::hint::black_box(self.0 ^ other.0);
        (difference | difference.wrapping_neg()) >> 127 == 0
    }
}

impl Eq for Token {}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(***)")
    }
}

impl Tokens {
    pub fn issue(&mut self, path: &StreamPath, scope: Scope, until: Instant, now: Instant) -> Token {
        self.forget(now);
        if self.issued.len() >= MOST {
            self.issued.pop_front();
        }
        let token = Token(rand::random());
        self.issued.push_back(Issued { token, path: path.clone(), scope, until });
        token
    }

    /// What the token opens of this path now. Looks at all of them, whichever fits.
    pub fn opens(&mut self, token: Token, path: &StreamPath, now: Instant) -> Option<Scope> {
        self.forget(now);
        let fits = |issued: &Issued| (issued.token == token) & (issued.path == *path);
        self.issued.iter().fold(None, |opens, issued| if fits(issued) { Some(issued.scope) } else { opens })
    }

    /// It opens nothing from now on.
    pub fn revoke(&mut self, token: Token) {
        self.issued.retain(|issued| issued.token != token);
    }

    fn forget(&mut self, now: Instant) {
        self.issued.retain(|issued| now < issued.until);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const LIFETIME: Duration = Duration::from_secs(300);

    fn path(name: &str) -> StreamPath {
        StreamPath::parse(name).unwrap()
    }

    #[test]
    fn a_token_opens_its_own_path_for_its_time() {
        let (mut tokens, now) = (Tokens::default(), Instant::now());
        let late = now + LIFETIME;
        let range = TimeRange::new(watchwall_model::UtcMillis(1), watchwall_model::UtcMillis(2)).unwrap();
        let recorded = Scope::Recorded(range);
        let token = tokens.issue(&path("a"), Scope::Live, late, now);
        let other = tokens.issue(&path("b"), recorded, late, now);
        let revoked = tokens.issue(&path("a"), Scope::Live, late, now);
        tokens.revoke(revoked);
        for (token, name, at, expect) in [
            (token, "a", now, Some(Scope::Live)),
            (token, "b", now, None),
            (other, "b", now, Some(recorded)),
            (revoked, "a", now, None),
            (Token(token.0 ^ 1), "a", now, None),
            (Token(token.0 ^ 1 << 127), "a", now, None),
            // Good for opening more than once: a node may lose its connection at once.
            (token, "a", late - Duration::from_millis(1), Some(Scope::Live)),
            (token, "a", late, None),
        ] {
            assert_eq!(tokens.opens(token, &path(name), at), expect, "{name}");
        }
        assert!(tokens.issued.is_empty());
    }

    #[test]
    fn a_token_reads_back_and_prints_nothing() {
        let token = Token(0x0f);
        assert_eq!(Token::parse(token.text().reveal()), Some(token));
        assert_eq!(token.text().reveal().len(), DIGITS);
        assert_eq!(format!("{token:?}"), "Token(***)");
    }

    #[test]
    fn the_oldest_gives_way() {
        let (mut tokens, now) = (Tokens::default(), Instant::now());
        let issue = |tokens: &mut Tokens| tokens.issue(&path("a"), Scope::Live, now + LIFETIME, now);
        let (first, second) = (issue(&mut tokens), issue(&mut tokens));
        for _ in 0..MOST - 1 {
            issue(&mut tokens);
        }
        assert_eq!(tokens.opens(first, &path("a"), now), None);
        assert_eq!(tokens.opens(second, &path("a"), now), Some(Scope::Live));
        assert_eq!(tokens.issued.len(), MOST);
    }
}
