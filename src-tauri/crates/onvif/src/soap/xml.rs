//! Writes the few elements of a request.

use std::{
    borrow::Cow,
    fmt::{Display, Write},
};

/// A request's body under construction. Elements of the operation's own namespace have no prefix, those of the schema
/// carry `tt:`. Small devices match requests with regular expressions: nothing is written that is not needed.
#[derive(Clone, Debug, Default)]
pub struct Xml {
    text: String,
}

impl Xml {
    pub fn new() -> Self {
        Self::default()
    }

    /// An element with text.
    pub fn leaf(&mut self, name: &str, text: impl Display) -> &mut Self {
        let text = text.to_string();
        let _ = write!(self.text, "<{name}>{}</{name}>", escape(&text));
        self
    }

    /// An element with text when there is any.
    pub fn leaf_if<T: Display>(&mut self, name: &str, text: Option<T>) -> &mut Self {
        if let Some(text) = text {
            self.leaf(name, text);
        }
        self
    }

    /// An element with neither text nor children.
    pub fn empty(&mut self, name: &str, attributes: &[(&str, &str)]) -> &mut Self {
        self.open(name, attributes);
        self.text.truncate(self.text.len() - 1);
        self.text.push_str("/>");
        self
    }

    /// An element with children.
    pub fn parent(&mut self, name: &str, children: impl FnOnce(&mut Self)) -> &mut Self {
        self.parent_with(name, &[], children)
    }

    /// An element with attributes and children.
    pub fn parent_with(
        &mut self,
        name: &str,
        attributes: &[(&str, &str)],
        children: impl FnOnce(&mut Self),
    ) -> &mut Self {
        self.open(name, attributes);
        children(self);
        let _ = write!(self.text, "</{name}>");
        self
    }

    /// XML that stands for itself, for example what the device asked us to send back.
    pub fn raw(&mut self, xml: &str) -> &mut Self {
        self.text.push_str(xml);
        self
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    fn open(&mut self, name: &str, attributes: &[(&str, &str)]) {
        let _ = write!(self.text, "<{name}");
        for (name, value) in attributes {
            let _ = write!(self.text, " {name}=\"{}\"", escape(value));
        }
        self.text.push('>');
    }
}

/// Escapes text for elements and attributes alike. Characters XML cannot carry are left out.
pub fn escape(text: &str) -> Cow<'_, str> {
    let is_plain = |c: char| !matches!(c, '&' | '<' | '>' | '"' | '\'') && is_allowed(c);
    if text.chars().all(is_plain) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars().filter(|c| is_allowed(*c)) {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

const fn is_allowed(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies() {
        let mut xml = Xml::new();
        xml.leaf("Name", "a & b").leaf_if("None", None::<&str>).empty("Pos", &[("x", "1")]).parent("Outer", |xml| {
            xml.leaf("tt:Inner", 5);
        });
        assert_eq!(xml.as_str(), "<Name>a &amp; b</Name><Pos x=\"1\"/><Outer><tt:Inner>5</tt:Inner></Outer>");
    }

    #[test]
    fn every_character_of_a_password_survives() {
        assert_eq!(escape("@:/%&<>\"'密码"), "@:/%&amp;&lt;&gt;&quot;&apos;密码");
        assert_eq!(escape("a\u{1}b"), "ab");
    }
}
