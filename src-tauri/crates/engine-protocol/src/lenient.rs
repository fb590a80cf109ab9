//! Numbers and flags as engines in many languages write them.

use serde::{
    Deserialize, Deserializer,
    de::{self, Visitor},
};
use std::fmt;

/// A whole number, also written as `7.0` or `"7"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Whole(pub i64);

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Reader;

        impl Visitor<'_> for Reader {
            type Value = Whole;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number")
            }

            fn visit_i64<E: de::Error>(self, n: i64) -> Result<Whole, E> {
                Ok(Whole(n))
            }

            fn visit_u64<E: de::Error>(self, n: u64) -> Result<Whole, E> {
                i64::try_from(n).map(Whole).map_err(|_| E::invalid_value(de::Unexpected::Unsigned(n), &self))
            }

            fn visit_f64<E: de::Error>(self, n: f64) -> Result<Whole, E> {
                // Up to 2^53 every whole number has a form of its own.
                if n.fract() == 0.0 && n.abs() <= 9_007_199_254_740_992.0 {
                    Ok(Whole(n as i64))
                } else {
                    Err(E::invalid_value(de::Unexpected::Float(n), &self))
                }
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Whole, E> {
                text.trim().parse().map(Whole).map_err(|_| E::invalid_value(de::Unexpected::Str(text), &self))
            }
        }

        from.deserialize_any(Reader)
    }
}

/// Yes or no, also written as 1 and 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flag(pub bool);

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Reader;

        impl Visitor<'_> for Reader {
            type Value = Flag;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("true or false")
            }

            fn visit_bool<E: de::Error>(self, flag: bool) -> Result<Flag, E> {
                Ok(Flag(flag))
            }

            fn visit_u64<E: de::Error>(self, n: u64) -> Result<Flag, E> {
                match n {
                    0 | 1 => Ok(Flag(n == 1)),
                    _ => Err(E::invalid_value(de::Unexpected::Unsigned(n), &self)),
                }
            }

            fn visit_unit<E: de::Error>(self) -> Result<Flag, E> {
                Ok(Flag(false))
            }
        }

        from.deserialize_any(Reader)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_flags_are_read_as_they_are_meant() {
        let whole = |text: &str, expect: Option<i64>| {
            assert_eq!(serde_json::from_str::<Whole>(text).ok().map(|n| n.0), expect, "{text}");
        };
        whole("7", Some(7));
        whole("-7.0", Some(-7));
        whole("\" 7\"", Some(7));
        whole("7.5", None);
        whole("1e300", None);
        whole("18446744073709551615", None);
        whole("\"seven\"", None);
        whole("null", None);
        whole("true", None);
        let flag = |text: &str, expect: Option<bool>| {
            assert_eq!(serde_json::from_str::<Flag>(text).ok().map(|flag| flag.0), expect, "{text}");
        };
        flag("true", Some(true));
        flag("1", Some(true));
        flag("0", Some(false));
        flag("null", Some(false));
        flag("2", None);
        flag("\"true\"", None);
    }
}
