//! Changes bytes as a fuzzer does, the same way each time for the same seed.

/// Numbers from a seed.
pub struct Numbers(u64);

/// No input is longer: readers that work on this work on more, and short ones are read more often.
const LONGEST: usize = 8192;

const WORDS: &[&str] = &[
    "<",
    ">",
    "/>",
    "</",
    "<a>",
    "</a>",
    "<![CDATA[",
    "]]>",
    "<!--",
    "-->",
    "<?xml version=\"1.0\" encoding=\"GBK\"?>",
    "<!DOCTYPE a [<!ENTITY b \"c\">]>",
    " xmlns:q=\"urn:q\"",
    "q:",
    "&",
    "&amp;",
    "&#x41;",
    "&#1114112;",
    "\u{feff}",
    "\u{e000}",
    "\0",
    "ProbeMatch",
    "XAddrs",
    "http://[fe80::1%25eth0]:8106:8106/a",
    "Fault",
    "ter:NotAuthorized",
    "You still have 3 attempt(s)",
    "PT",
    "T",
    "Z",
    "-",
    "+14:00",
    "9999",
    "0000",
    "99999999999999999999",
    "%C3%C5",
];

impl Numbers {
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// SplitMix64.
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit.max(1) as u64).unwrap()
    }

    pub fn pick<'t, T>(&mut self, of: &'t [T]) -> &'t T {
        &of[self.below(of.len())]
    }

    /// One to eight changes of an input, some of them a piece of another.
    pub fn change(&mut self, input: &mut Vec<u8>, other: &[u8]) {
        for _ in 0..=self.below(8) {
            self.change_once(input, other);
        }
        input.truncate(LONGEST);
    }

    fn change_once(&mut self, input: &mut Vec<u8>, other: &[u8]) {
        let at = self.below(input.len() + 1);
        let end = (at + self.below(33)).min(input.len());
        match self.below(8) {
            0 if at < input.len() => input[at] ^= 1 << self.below(8),
            1 if at < input.len() => input[at] = self.next().to_le_bytes()[0],
            2 => drop(input.drain(at..end)),
            3 => {
                let copy = input[at..end].to_vec();
                let to = self.below(input.len() + 1);
                input.splice(to..to, copy);
            }
            4 if !other.is_empty() => {
                let from = self.below(other.len());
                let until = (from + self.below(129)).min(other.len());
                input.splice(at..end, other[from..until].iter().copied());
            }
            5 => input.truncate(at),
            6 => {
                let to = self.below(input.len() + 1);
                let (first, last) = (at.min(to), at.max(to));
                input[first..last].reverse();
            }
            _ => {
                let word = self.pick(WORDS).bytes();
                input.splice(at..at, word);
            }
        }
    }
}
