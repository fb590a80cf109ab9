//! Tokens that open one session: for the desktop's window and the address a demo prints.

use super::{lock, token::Token};
use std::{
    collections::HashMap,
    sync::Mutex,
    time::{Duration, Instant},
};
use watchwall_model::Secret;

/// Unused ones beyond this are dropped, oldest first.
const MOST: usize = 32;

#[derive(Default)]
pub struct OneTimeTokens(Mutex<HashMap<[u8; 32], Instant>>);

impl OneTimeTokens {
    pub fn issue(&self, lives: Duration) -> Token {
        // Without randomness the token is empty, which `take` never accepts.
        let Ok(token) = Token::random() else { return Token::received("") };
        let now = Instant::now();
        let mut tokens = lock(&self.0);
        tokens.retain(|_, until| *until > now);
        if tokens.len() >= MOST
            && let Some(first) = tokens.iter().min_by_key(|(_, until)| **until).map(|(hash, _)| *hash)
        {
            tokens.remove(&first);
        }
        tokens.insert(token.hash(), now + lives);
        token
    }

    /// True while a token waits to be taken.
    pub fn holds(&self, token: &Secret) -> bool {
        let until = lock(&self.0).get(&Token::received(token.reveal()).hash()).copied();
        until.is_some_and(|until| until > Instant::now()) && !token.is_empty()
    }

    /// True once per token.
    pub fn take(&self, token: &Secret) -> bool {
        let until = lock(&self.0).remove(&Token::received(token.reveal()).hash());
        until.is_some_and(|until| until > Instant::now()) && !token.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_works_once_and_not_for_long() {
        let tokens = OneTimeTokens::default();
        let token = Secret::new(tokens.issue(Duration::from_secs(60)).reveal());
        assert!(tokens.holds(&token) && tokens.holds(&token));
        assert!(tokens.take(&token));
        assert!(!tokens.holds(&token) && !tokens.take(&token));
        let late = Secret::new(tokens.issue(Duration::ZERO).reveal());
        assert!(!tokens.take(&late));
        assert!(!tokens.take(&Secret::new("")));
    }
}
