//! Who may open which stream: random words, each good for one path for as long as somebody holds its pass.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Weak},
};
use tokio_util::sync::CancellationToken;
use watchwall_model::{Secret, StreamPath};

/// 128 random bits. Prints nothing of itself.
#[derive(Clone, Copy)]
pub struct Token(u128);

/// Passes at once. More than all nodes with all their tasks need; the token of the oldest gives way.
const MOST: usize = 4_096;
const DIGITS: usize = 32;

/// The right to open one stream, again and again. When nobody holds it any more its token opens nothing, and what was
/// opened with it ends.
#[derive(Debug)]
pub struct Pass {
    token: Token,
    taken_back: CancellationToken,
}

impl Drop for Pass {
    fn drop(&mut self) {
        self.taken_back.cancel();
    }
}

/// All that are good now, the oldest first.
#[derive(Debug, Default)]
pub struct Tokens {
    issued: VecDeque<Issued>,
}

#[derive(Debug)]
struct Issued {
    token: Token,
    path: StreamPath,
    holder: String,
    pass: Weak<Pass>,
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

impl Pass {
    pub(super) const fn token(&self) -> Token {
        self.token
    }
}

impl Tokens {
    /// Whoever holds a pass to this path gets the same again: an address it was told stays good.
    pub fn issue(&mut self, path: &StreamPath, holder: &str) -> Arc<Pass> {
        self.forget();
        let own = self.issued.iter().find(|issued| issued.holder == holder && issued.path == *path);
        if let Some(pass) = own.and_then(|issued| issued.pass.upgrade()) {
            return pass;
        }
        if self.issued.len() >= MOST {
            self.issued.pop_front();
        }
        let pass = Arc::new(Pass { token: Token(rand::random()), taken_back: CancellationToken::new() });
        let (token, path, holder) = (pass.token, path.clone(), holder.to_owned());
        self.issued.push_back(Issued { token, path, holder, pass: Arc::downgrade(&pass) });
        pass
    }

    /// What says when the right to this path ends; `None` when there is none. Looks at all tokens, whichever fits.
    pub fn opens(&mut self, token: Token, path: &StreamPath) -> Option<CancellationToken> {
        self.forget();
        let fits = |issued: &&Issued| (issued.token == token) & (issued.path == *path);
        let found = self.issued.iter().filter(fits).fold(None, |_, issued| Some(&issued.pass));
        found.and_then(Weak::upgrade).map(|pass| pass.taken_back.clone())
    }

    fn forget(&mut self) {
        self.issued.retain(|issued| issued.pass.strong_count() > 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(name: &str) -> StreamPath {
        StreamPath::parse(name).unwrap()
    }

    #[test]
    fn a_token_opens_its_own_path_while_its_pass_is_held() {
        let mut tokens = Tokens::default();
        let (one, other) = (tokens.issue(&path("a"), "n1"), tokens.issue(&path("b"), "n1"));
        for (token, name, expect) in [
            (one.token, "a", true),
            // Good for opening more than once: a node may lose its connection at any time.
            (one.token, "a", true),
            (one.token, "b", false),
            (other.token, "b", true),
            (Token(one.token.0 ^ 1), "a", false),
            (Token(one.token.0 ^ 1 << 127), "a", false),
        ] {
            assert_eq!(tokens.opens(token, &path(name)).is_some(), expect, "{name}");
        }
        let (token, taken_back) = (one.token, tokens.opens(one.token, &path("a")).unwrap());
        assert!(!taken_back.is_cancelled());
        drop(one);
        assert!(taken_back.is_cancelled(), "what was opened ends");
        assert!(tokens.opens(token, &path("a")).is_none());
        drop(other);
        tokens.forget();
        assert!(tokens.issued.is_empty());
    }

    #[test]
    fn whoever_asks_again_while_it_holds_a_pass_gets_the_same() {
        let mut tokens = Tokens::default();
        let first = tokens.issue(&path("a"), "n1");
        assert_eq!(tokens.issue(&path("a"), "n1").token, first.token);
        assert_ne!(tokens.issue(&path("a"), "n2").token, first.token);
        assert_ne!(tokens.issue(&path("b"), "n1").token, first.token);
        let old = first.token;
        drop(first);
        assert_ne!(tokens.issue(&path("a"), "n1").token, old);
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
        let mut tokens = Tokens::default();
        let passes: Vec<_> = (0..=MOST).map(|n| tokens.issue(&path("a"), &n.to_string())).collect();
        assert!(tokens.opens(passes[0].token, &path("a")).is_none());
        assert!(tokens.opens(passes[1].token, &path("a")).is_some());
        assert_eq!(tokens.issued.len(), MOST);
    }
}
