//! Lists and texts that do not grow with what a peer sends.

use serde::{
    Deserialize, Deserializer,
    de::{self, MapAccess, SeqAccess, Visitor},
};
use std::{borrow::Cow, fmt, marker::PhantomData};

/// A list of at most `MOST`; one more is an error as soon as it is read.
pub struct List<T, const MOST: usize>(pub Vec<T>);

impl<T, const MOST: usize> Default for List<T, MOST> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>, const MOST: usize> Deserialize<'de> for List<T, MOST> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Reader<T, const MOST: usize>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>, const MOST: usize> Visitor<'de> for Reader<T, MOST> {
            type Value = List<T, MOST>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a list of at most {MOST}")
            }

            fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
                Ok(List::default())
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut list = Vec::new();
                while let Some(item) = seq.next_element()? {
                    if list.len() == MOST {
                        return Err(de::Error::invalid_length(MOST + 1, &self));
                    }
                    list.push(item);
                }
                Ok(List(list))
            }
        }

        from.deserialize_any(Reader(PhantomData))
    }
}

/// Pairs of an object of at most `MOST`, in the order they were sent.
pub struct Pairs<'a, T, const MOST: usize>(pub Vec<(Cow<'a, str>, T)>);

impl<T, const MOST: usize> Default for Pairs<'_, T, MOST> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de: 'a, 'a, T: Deserialize<'de>, const MOST: usize> Deserialize<'de> for Pairs<'a, T, MOST> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Reader<'a, T, const MOST: usize>(PhantomData<(&'a (), T)>);

        impl<'de: 'a, 'a, T: Deserialize<'de>, const MOST: usize> Visitor<'de> for Reader<'a, T, MOST> {
            type Value = Pairs<'a, T, MOST>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "an object of at most {MOST} entries")
            }

            fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
                Ok(Pairs::default())
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::new();
                while let Some((Text(key), value)) = map.next_entry()? {
                    if pairs.len() == MOST {
                        return Err(de::Error::invalid_length(MOST + 1, &self));
                    }
                    pairs.push((key, value));
                }
                Ok(Pairs(pairs))
            }
        }

        from.deserialize_any(Reader(PhantomData))
    }
}

/// Text that is borrowed where nothing in it had to be unescaped.
pub struct Text<'a>(pub Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Reader<'a>(PhantomData<&'a ()>);

        impl<'de: 'a, 'a> Visitor<'de> for Reader<'a> {
            type Value = Text<'a>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text")
            }

            fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }

        from.deserialize_str(Reader(PhantomData))
    }
}

/// At most so many characters of it, and no control characters: it is shown and logged.
pub fn words(text: &str, most_chars: usize) -> String {
    let clean = |c: &char| !c.is_control() || *c == '\n';
    text.chars().filter(clean).take(most_chars).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_is_refused_while_it_is_read() {
        let check = |text: &str, expect: Option<usize>| {
            let list = serde_json::from_str::<List<u8, 3>>(text).ok().map(|list| list.0.len());
            assert_eq!(list, expect, "{text}");
        };
        check("[1,2,3]", Some(3));
        check("[]", Some(0));
        check("null", Some(0));
        check("[1,2,3,4]", None);
        check("7", None);
        let pairs = |text: &'static str| serde_json::from_str::<Pairs<'_, u8, 2>>(text).ok().map(|pairs| pairs.0.len());
        assert_eq!(pairs(r#"{"a":1,"b\n":2}"#), Some(2));
        assert_eq!(pairs(r#"{"a":1,"b":2,"c":3}"#), None);
    }

    #[test]
    fn words_are_cut_between_characters() {
        assert_eq!(words("人物\u{7}\u{1b}[31m", 3), "人物[");
    }
}
