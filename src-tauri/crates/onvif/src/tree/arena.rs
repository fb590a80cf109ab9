//! The elements of one document side by side in memory, and how they are asked.

use std::str::FromStr;

/// A document. Ask its [`Tree::root`].
#[derive(Clone, Debug)]
pub struct Tree {
    elements: Vec<Element>,
    attributes: Vec<Attribute>,
}

/// One element of a [`Tree`].
#[derive(Clone, Copy, Debug)]
pub struct Node<'t> {
    tree: &'t Tree,
    index: u32,
}

#[derive(Clone, Debug)]
struct Element {
    /// As written, with its prefix.
    name: Box<str>,
    text: String,
    parent: u32,
    first_child: u32,
    last_child: u32,
    next: u32,
    attributes: std::ops::Range<u32>,
}

#[derive(Clone, Debug)]
struct Attribute {
    name: Box<str>,
    value: Box<str>,
}

/// No element: parents of the root, children of a leaf.
const NONE: u32 = u32::MAX;

impl Tree {
    pub(super) const fn new() -> Self {
        Self { elements: Vec::new(), attributes: Vec::new() }
    }

    pub fn root(&self) -> Node<'_> {
        Node { tree: self, index: 0 }
    }

    pub(super) const fn node(&self, index: u32) -> Node<'_> {
        Node { tree: self, index }
    }

    /// Elements and attributes.
    pub(super) fn size(&self) -> usize {
        self.elements.len() + self.attributes.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.elements.is_empty()
    }

    /// Adds an element as the last child of `parent`; the first one added is the root.
    pub(super) fn add(&mut self, parent: Option<u32>, name: &str) -> u32 {
        let index = u32::try_from(self.elements.len()).unwrap_or(NONE);
        let attributes = u32::try_from(self.attributes.len()).unwrap_or(NONE);
        self.elements.push(Element {
            name: name.into(),
            text: String::new(),
            parent: parent.unwrap_or(NONE),
            first_child: NONE,
            last_child: NONE,
            next: NONE,
            attributes: attributes..attributes,
        });
        if let Some(parent) = parent.map(|parent| parent as usize) {
            let last = self.elements[parent].last_child;
            if last == NONE {
                self.elements[parent].first_child = index;
            } else {
                self.elements[last as usize].next = index;
            }
            self.elements[parent].last_child = index;
        }
        index
    }

    /// Adds an attribute to the element added last.
    pub(super) fn add_attribute(&mut self, name: &str, value: &str) {
        self.attributes.push(Attribute { name: name.into(), value: value.into() });
        if let Some(element) = self.elements.last_mut() {
            element.attributes.end += 1;
        }
    }

    pub(super) fn add_text(&mut self, element: u32, text: &str) {
        if let Some(element) = self.elements.get_mut(element as usize) {
            element.text.push_str(text);
        }
    }
}

impl<'t> Node<'t> {
    /// Local name: `Uri` of `tt:Uri`.
    pub fn name(self) -> &'t str {
        local(&self.element().name)
    }

    /// Prefix as written, empty without one.
    pub fn prefix(self) -> &'t str {
        self.element().name.rsplit_once(':').map_or("", |(prefix, _)| prefix)
    }

    /// The element's own text without that of its children, trimmed.
    pub fn text(self) -> &'t str {
        self.element().text.trim()
    }

    pub fn parent(self) -> Option<Self> {
        self.at(self.element().parent)
    }

    /// All child elements, in order.
    pub fn elements(self) -> impl Iterator<Item = Self> + 't {
        let mut next = self.at(self.element().first_child);
        std::iter::from_fn(move || {
            let node = next?;
            next = node.at(node.element().next);
            Some(node)
        })
    }

    /// Child elements of that local name.
    pub fn children(self, name: &str) -> impl Iterator<Item = Self> + use<'t, '_> {
        self.elements().filter(move |node| node.name() == name)
    }

    /// The first child of that local name.
    pub fn child(self, name: &str) -> Option<Self> {
        self.elements().find(|node| node.name() == name)
    }

    /// The first child, of its first child, ... by local names.
    pub fn at_path(self, names: &[&str]) -> Option<Self> {
        names.iter().try_fold(self, |node, name| node.child(name))
    }

    /// The first element of that local name at any depth below, in document order.
    pub fn find(self, name: &str) -> Option<Self> {
        self.descendants().find(|node| node.name() == name)
    }

    /// All elements below, in document order.
    pub fn descendants(self) -> impl Iterator<Item = Self> + 't {
        let mut node = self;
        std::iter::from_fn(move || {
            node = node.following(self.index)?;
            Some(node)
        })
    }

    /// The attribute of that local name; when there is none, whatever its case.
    pub fn attribute(self, name: &str) -> Option<&'t str> {
        let own = self.attributes();
        own.iter()
            .find(|attribute| local(&attribute.name) == name && !is_declaration(&attribute.name))
            .or_else(|| own.iter().find(|attribute| local(&attribute.name).eq_ignore_ascii_case(name)))
            .map(|attribute| &*attribute.value)
    }

    /// Attributes with their local names, without declarations of namespaces.
    pub fn attributes_by_name(self) -> impl Iterator<Item = (&'t str, &'t str)> {
        let own = self.attributes().iter().filter(|attribute| !is_declaration(&attribute.name));
        own.map(|attribute| (local(&attribute.name), &*attribute.value))
    }

    /// The namespace a prefix stands for here; `None` when nobody declared it.
    pub fn namespace_of(self, prefix: &str) -> Option<&'t str> {
        let mut node = Some(self);
        while let Some(here) = node {
            let declared = here.attributes().iter().find(|attribute| match attribute.name.split_once(':') {
                Some(("xmlns", declared)) => declared == prefix,
                None => prefix.is_empty() && &*attribute.name == "xmlns",
                Some(_) => false,
            });
            if let Some(declared) = declared {
                return Some(&declared.value);
            }
            node = here.parent();
        }
        None
    }

    /// The namespace of this element.
    pub fn namespace(self) -> Option<&'t str> {
        self.namespace_of(self.prefix())
    }

    /// Text of a child; `None` when it is missing or empty.
    pub fn text_of(self, name: &str) -> Option<&'t str> {
        self.children(name).map(Node::text).find(|text| !text.is_empty())
    }

    /// Text of a child as an owned string; empty when it is missing.
    pub fn string_of(self, name: &str) -> String {
        self.text_of(name).unwrap_or_default().to_owned()
    }

    /// A number in a child's text; `None` when it is missing or no number.
    pub fn number_of<N: Number>(self, name: &str) -> Option<N> {
        self.text_of(name).and_then(N::read)
    }

    /// A truth value in a child's text.
    pub fn flag_of(self, name: &str) -> Option<bool> {
        self.text_of(name).and_then(read_flag)
    }

    pub fn number_in<N: Number>(self, attribute: &str) -> Option<N> {
        self.attribute(attribute).and_then(|value| N::read(value.trim()))
    }

    pub fn flag_in(self, attribute: &str) -> Option<bool> {
        self.attribute(attribute).and_then(|value| read_flag(value.trim()))
    }

    /// The `token` attribute; some devices send it as an element.
    pub fn token(self) -> Option<&'t str> {
        let attribute = self.attribute("token").filter(|token| !token.is_empty());
        attribute.or_else(|| self.text_of("token")).or_else(|| self.text_of("Token"))
    }

    /// Where a copy of this element is wanted elsewhere: as XML that stands for itself, every prefix declared.
    pub fn to_xml(self) -> String {
        super::parse::write(self)
    }

    pub(super) fn raw_name(self) -> &'t str {
        &self.element().name
    }

    pub(super) fn raw_attributes(self) -> impl Iterator<Item = (&'t str, &'t str)> {
        self.attributes().iter().map(|attribute| (&*attribute.name, &*attribute.value))
    }

    fn element(self) -> &'t Element {
        &self.tree.elements[self.index as usize]
    }

    fn attributes(self) -> &'t [Attribute] {
        let range = &self.element().attributes;
        &self.tree.attributes[range.start as usize..range.end as usize]
    }

    fn at(self, index: u32) -> Option<Self> {
        (index != NONE).then_some(Self { tree: self.tree, index })
    }

    /// The next element in document order that lies below `top`.
    fn following(self, top: u32) -> Option<Self> {
        if let Some(child) = self.at(self.element().first_child) {
            return Some(child);
        }
        let mut node = self;
        while node.index != top {
            if let Some(next) = node.at(node.element().next) {
                return Some(next);
            }
            node = node.parent()?;
        }
        None
    }
}

/// Numbers as devices write them: `25`, `25.0`, `+25`, ` 25 `.
pub trait Number: Sized {
    fn read(text: &str) -> Option<Self>;
}

macro_rules! whole_numbers {
    ($($kind:ty),*) => {$(
        impl Number for $kind {
            fn read(text: &str) -> Option<Self> {
                <$kind>::from_str(text).ok().or_else(|| {
                    // `25.000` is a whole number to several vendors.
                    let (whole, part) = text.split_once('.')?;
                    part.bytes().all(|digit| digit.is_ascii_digit()).then(|| <$kind>::from_str(whole).ok())?
                })
            }
        }
    )*};
}

whole_numbers!(u16, u32, u64, i32, i64);

impl Number for f32 {
    fn read(text: &str) -> Option<Self> {
        // A decimal comma comes from firmware that prints with its user's locale.
        Self::from_str(text).or_else(|_| Self::from_str(&text.replace(',', "."))).ok().filter(|n| n.is_finite())
    }
}

fn read_flag(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Some(true),
        "false" | "0" | "no" | "off" => Some(false),
        _ => None,
    }
}

fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

fn is_declaration(name: &str) -> bool {
    name == "xmlns" || name.starts_with("xmlns:")
}
