//! A request's XML as a tree of local names.

use quick_xml::{
    Reader,
    events::{BytesStart, Event},
};
use std::collections::BTreeMap;

/// One element. Prefixes are resolved where it matters, which is for the namespace of the operation and for types.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Element {
    /// Without prefix.
    pub name: String,
    /// Empty where none was declared.
    pub namespace: String,
    attributes: Vec<(String, String)>,
    pub text: String,
    pub children: Vec<Element>,
}

/// Requests are flat and small; more is an attack.
const DEEPEST: usize = 64;
const MOST: usize = 20_000;

impl Element {
    /// `None` for what is no well-formed document, or a hostile one.
    pub fn parse(text: &str) -> Option<Self> {
        let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}'));
        let mut open: Vec<(Self, Prefixes)> = vec![(Self::default(), Prefixes::default())];
        let mut count = 0;
        loop {
            match reader.read_event().ok()? {
                Event::Start(start) => {
                    let opened = begin(&start, &open.last()?.1)?;
                    open.push(opened);
                    count += 1;
                    if open.len() > DEEPEST || count > MOST {
                        return None;
                    }
                }
                Event::Empty(start) => {
                    let (element, _) = begin(&start, &open.last()?.1)?;
                    open.last_mut()?.0.children.push(element);
                }
                Event::End(_) => {
                    let (mut element, _) = open.pop()?;
                    element.text = element.text.trim().to_owned();
                    open.last_mut()?.0.children.push(element);
                }
                Event::Text(text) => open.last_mut()?.0.text.push_str(&text.xml10_content()),
                Event::CData(text) => open.last_mut()?.0.text.push_str(&text.xml10_content()),
                Event::GeneralRef(reference) => open.last_mut()?.0.text.push(entity(&reference)?),
                Event::DocType(_) => return None,
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
                Event::Eof => break,
            }
        }
        if open.len() != 1 {
            return None;
        }
        open.pop()?.0.children.into_iter().next()
    }

    pub fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    pub fn children_of<'e>(&'e self, name: &'e str) -> impl Iterator<Item = &'e Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The element of that name at any depth, itself included.
    pub fn find(&self, name: &str) -> Option<&Self> {
        if self.name == name {
            return Some(self);
        }
        self.children.iter().find_map(|child| child.find(name))
    }

    /// The text of a child; `None` when it is missing or empty.
    pub fn text_of(&self, name: &str) -> Option<&str> {
        self.child(name).map(|child| child.text.as_str()).filter(|text| !text.is_empty())
    }

    pub fn number_of<N: std::str::FromStr>(&self, name: &str) -> Option<N> {
        self.text_of(name)?.parse().ok()
    }

    /// By local name.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    pub fn number_in<N: std::str::FromStr>(&self, name: &str) -> Option<N> {
        self.attribute(name)?.trim().parse().ok()
    }

    /// The namespace that a prefix in this element's text stands for, as declared at it.
    pub fn declared(&self, prefix: &str) -> Option<&str> {
        let wanted = format!("xmlns:{prefix}");
        self.attributes.iter().find(|(own, _)| *own == wanted).map(|(_, value)| value.as_str())
    }
}

type Prefixes = BTreeMap<String, String>;

fn begin(start: &BytesStart<'_>, outer: &Prefixes) -> Option<(Element, Prefixes)> {
    let mut prefixes = outer.clone();
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.ok()?;
        let name: &str = attribute.key.into_inner();
        let value = unescape(&attribute.value);
        match name.split_once(':') {
            Some(("xmlns", prefix)) => {
                prefixes.insert(prefix.to_owned(), value.clone());
                attributes.push((name.to_owned(), value));
            }
            None if name == "xmlns" => {
                prefixes.insert(String::new(), value);
            }
            other => attributes.push((other.map_or(name, |(_, local)| local).to_owned(), value)),
        }
    }
    // Types in a text carry prefixes that may be declared further out.
    for (prefix, namespace) in outer {
        let name = format!("xmlns:{prefix}");
        if !prefix.is_empty() && !attributes.iter().any(|(own, _)| *own == name) {
            attributes.push((name, namespace.clone()));
        }
    }
    let written: &str = start.name().into_inner();
    let (prefix, local) = written.split_once(':').unwrap_or(("", written));
    let namespace = prefixes.get(prefix).cloned().unwrap_or_default();
    Some((Element { name: local.to_owned(), namespace, attributes, ..Element::default() }, prefixes))
}

fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest.find(';').unwrap_or(0);
        match rest.get(1..end).and_then(entity) {
            Some(c) => {
                out.push(c);
                rest = &rest[end + 1..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

/// The five of XML, and characters by number.
fn entity(name: &str) -> Option<char> {
    match name {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        number => {
            let number = number.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code).filter(|c| *c != '\0')
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn namespaces_texts_and_attributes() {
        let root = Element::parse(
            "<?xml version=\"1.0\"?><s:E xmlns:s=\"urn:s\" xmlns:dn=\"urn:dn\"><s:Body><Op xmlns=\"urn:o\"><A x=\"1&amp;2\">a &lt;\
             <!-- no -->&#x5BC6;</A></Op></s:Body><T>dn:X</T></s:E>",
        )
        .unwrap();
        let operation = &root.child("Body").unwrap().children[0];
        assert_eq!((operation.name.as_str(), operation.namespace.as_str()), ("Op", "urn:o"));
        assert_eq!(operation.text_of("A"), Some("a <密"));
        assert_eq!(operation.child("A").unwrap().attribute("x"), Some("1&2"));
        assert_eq!(root.find("T").unwrap().declared("dn"), Some("urn:dn"));
    }

    #[test]
    fn hostile_documents_are_refused() {
        let deep = "<a>".repeat(1000) + &"</a>".repeat(1000);
        let many = format!("<a>{}</a>", "<b></b>".repeat(30_000));
        for text in [
            "",
            "no",
            "<a>",
            "<a></b>",
            "<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>",
            "<a>&undeclared;</a>",
            &deep,
            &many,
        ] {
            assert_eq!(Element::parse(text), None, "{}", &text[..text.len().min(40)]);
        }
    }
}
