//! Text to tree and back.

use super::{Limits, Node, Tree, TreeError};
use crate::soap::escape;
use quick_xml::{
    Reader,
    events::{BytesStart, Event},
};
use std::{borrow::Cow, fmt::Write};

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Strictness {
    Strict,
    Lenient,
}

/// Of one element: each is compared with all before it. Axis declares 70 namespaces.
const MOST_ATTRIBUTES: usize = 1024;

pub(super) fn read(text: &str, limits: Limits, strictness: Strictness) -> Result<Tree, TreeError> {
    let mut reader = Reader::from_str(text);
    let config = reader.config_mut();
    if strictness == Strictness::Lenient {
        config.check_end_names = false;
        config.allow_unmatched_ends = true;
        config.allow_dangling_amp = true;
    }
    let mut tree = Tree::new();
    let mut open: Vec<u32> = Vec::new();
    let mut is_closed = false;
    loop {
        let event = reader.read_event().map_err(|error| damaged(reader.error_position(), &error))?;
        match event {
            Event::Start(start) => {
                if is_closed {
                    break;
                }
                let element = add(&mut tree, open.last().copied(), &start, limits, strictness)?;
                open.push(element);
                if open.len() > limits.depth {
                    return Err(TreeError::TooDeep { limit: limits.depth });
                }
            }
            Event::Empty(start) => {
                if is_closed {
                    break;
                }
                add(&mut tree, open.last().copied(), &start, limits, strictness)?;
                is_closed = open.is_empty();
            }
            Event::End(end) => {
                close(&tree, &mut open, end.name().into_inner(), strictness);
                is_closed = open.is_empty();
            }
            Event::Text(text) => add_text(&mut tree, &open, &text.xml10_content()),
            Event::CData(text) => add_text(&mut tree, &open, &text.xml10_content()),
            Event::GeneralRef(reference) => match entity(&reference) {
                Some(text) => add_text(&mut tree, &open, &text),
                // Not declared anywhere: kept as it was written.
                None => add_text(&mut tree, &open, &format!("&{};", &*reference)),
            },
            Event::DocType(declaration) => {
                if declaration.to_ascii_uppercase().contains("<!ENTITY") {
                    return Err(TreeError::DeclaresEntities);
                }
            }
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            Event::Eof => break,
        }
    }
    if !open.is_empty() {
        return Err(TreeError::Truncated);
    }
    if tree.is_empty() {
        return Err(TreeError::NotXml);
    }
    Ok(tree)
}

fn add(
    tree: &mut Tree,
    parent: Option<u32>,
    start: &BytesStart<'_>,
    limits: Limits,
    strictness: Strictness,
) -> Result<u32, TreeError> {
    let element = tree.add(parent, start.name().into_inner());
    let mut count = 0;
    for attribute in start.attributes().with_checks(strictness == Strictness::Strict) {
        let attribute = match attribute {
            Ok(attribute) => attribute,
            Err(_) if strictness == Strictness::Lenient => break,
            Err(error) => return Err(TreeError::Damaged { offset: 0, reason: error.to_string() }),
        };
        tree.add_attribute(attribute.key.into_inner(), &unescape(&attribute.value));
        count += 1;
        if count > MOST_ATTRIBUTES {
            return Err(TreeError::TooManyNodes { limit: MOST_ATTRIBUTES });
        }
    }
    if tree.size() > limits.nodes {
        return Err(TreeError::TooManyNodes { limit: limits.nodes });
    }
    Ok(element)
}

/// Resolves the entities of XML and characters by number; any other `&` stays as it is written.
fn unescape(value: &str) -> Cow<'_, str> {
    let Some(first) = value.find('&') else { return Cow::Borrowed(value) };
    let mut out = value[..first].to_owned();
    let mut rest = &value[first..];
    while !rest.is_empty() {
        let end = rest.bytes().take(12).position(|byte| byte == b';');
        match end.and_then(|end| Some((end, entity(&rest[1..end])?))) {
            Some((end, text)) => {
                out.push_str(&text);
                rest = &rest[end + 1..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
        let plain = rest.find('&').unwrap_or(rest.len());
        out.push_str(&rest[..plain]);
        rest = &rest[plain..];
    }
    Cow::Owned(out)
}

fn entity(name: &str) -> Option<String> {
    let text = match name {
        "lt" => "<",
        "gt" => ">",
        "amp" => "&",
        "quot" => "\"",
        "apos" => "'",
        "nbsp" => "\u{a0}",
        number => {
            let number = number.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            return char::from_u32(code).filter(|c| *c != '\0').map(String::from);
        }
    };
    Some(text.to_owned())
}

/// Closes the innermost element of that name; a stray end tag closes nothing.
fn close(tree: &Tree, open: &mut Vec<u32>, name: &str, strictness: Strictness) {
    if strictness == Strictness::Strict {
        open.pop();
        return;
    }
    let is_same = |written: &str| written.trim() == name.trim();
    if let Some(depth) = open.iter().rposition(|element| is_same(tree.node(*element).raw_name())) {
        open.truncate(depth);
    }
}

fn add_text(tree: &mut Tree, open: &[u32], text: &str) {
    if let Some(element) = open.last() {
        tree.add_text(*element, text);
    }
}

fn damaged(offset: u64, error: &quick_xml::Error) -> TreeError {
    use quick_xml::errors::{IllFormedError, SyntaxError};
    match error {
        quick_xml::Error::IllFormed(IllFormedError::MissingEndTag(_)) => TreeError::Truncated,
        quick_xml::Error::Syntax(
            SyntaxError::UnclosedTag
            | SyntaxError::UnclosedComment
            | SyntaxError::UnclosedCData
            | SyntaxError::UnclosedPI
            | SyntaxError::UnclosedXmlDecl
            | SyntaxError::UnclosedDoctype,
        ) => TreeError::Truncated,
        other => TreeError::Damaged { offset, reason: other.to_string() },
    }
}

pub(super) fn write(node: Node<'_>) -> String {
    let mut out = String::new();
    write_into(&mut out, node, true);
    out
}

fn write_into(out: &mut String, node: Node<'_>, is_top: bool) {
    let name = node.raw_name();
    let _ = write!(out, "<{name}");
    for (name, value) in node.raw_attributes() {
        let _ = write!(out, " {name}=\"{}\"", escape(value));
    }
    if is_top {
        for prefix in prefixes(node) {
            let is_own = node.raw_attributes().any(|(name, _)| match prefix {
                "" => name == "xmlns",
                prefix => name.strip_prefix("xmlns:") == Some(prefix),
            });
            if let Some(namespace) = node.namespace_of(prefix).filter(|_| !is_own) {
                let colon = if prefix.is_empty() { "" } else { ":" };
                let _ = write!(out, " xmlns{colon}{prefix}=\"{}\"", escape(namespace));
            }
        }
    }
    out.push('>');
    out.push_str(&escape(node.text()));
    for child in node.elements() {
        write_into(out, child, false);
    }
    let _ = write!(out, "</{name}>");
}

/// Prefixes in names of elements and attributes of this part of the document.
fn prefixes(node: Node<'_>) -> std::collections::BTreeSet<&str> {
    std::iter::once(node)
        .chain(node.descendants())
        .flat_map(|node| {
            let attributes =
                node.raw_attributes().filter_map(|(name, _)| name.split_once(':').map(|(prefix, _)| prefix));
            std::iter::once(node.prefix()).chain(attributes.filter(|prefix| !matches!(*prefix, "xmlns" | "xml")))
        })
        .collect()
}
