//! What a value may be, as JSON Schema. A reader that forgives takes several forms of the same value; all of them are
//! said, the plain one first.
//!
//! Only words that JSON Schema 2020-12 and draft 7 both know, because AsyncAPI reads the latter.

use serde_json::{Map, Value, json};
use std::ops::RangeInclusive;

/// Where the named schemas of the document stand.
pub const NAMED: &str = "#/$defs/";
/// A whole number as text; its bounds are those of the number, which a pattern does not say.
pub const WHOLE_TEXT: &str = "WholeText";

/// Any of these forms. None at all: whatever it is.
#[derive(Clone, Debug)]
pub struct Kind(Vec<Value>);

impl Kind {
    pub const fn anything() -> Self {
        Self(Vec::new())
    }

    pub fn text() -> Self {
        Self(vec![json!({"type": "string"})])
    }

    /// One of these words, written exactly so.
    pub fn word(words: &[&str]) -> Self {
        Self(vec![json!({"type": "string", "enum": words})])
    }

    pub fn number() -> Self {
        Self(vec![json!({"type": "number"})])
    }

    pub fn number_in(range: RangeInclusive<f64>) -> Self {
        Self(vec![json!({"type": "number", "minimum": range.start(), "maximum": range.end()})])
    }

    /// As `lenient::Whole` reads it.
    pub fn whole(range: RangeInclusive<i64>) -> Self {
        let Self(mut forms) = Self::plain_whole(range);
        forms.push(json!({"$ref": format!("{NAMED}{WHOLE_TEXT}")}));
        Self(forms)
    }

    /// A whole number as serde itself reads it: never text.
    pub fn plain_whole(range: RangeInclusive<i64>) -> Self {
        Self(vec![json!({"type": "integer", "minimum": range.start(), "maximum": range.end()})])
    }

    pub fn plain_flag() -> Self {
        Self(vec![json!({"type": "boolean"})])
    }

    /// As `lenient::Flag` reads it.
    pub fn flag() -> Self {
        Self(vec![json!({"type": "boolean"}), json!({"enum": [0, 1]}), json!({"type": "null"})])
    }

    pub fn list(item: Self, most: usize) -> Self {
        Self(vec![json!({"type": "array", "maxItems": most, "items": item.value()})])
    }

    pub fn endless_list(item: Self) -> Self {
        Self(vec![json!({"type": "array", "items": item.value()})])
    }

    /// A list of exactly so many.
    pub fn row(item: Self, length: usize) -> Self {
        Self(vec![json!({"type": "array", "minItems": length, "maxItems": length, "items": item.value()})])
    }

    /// An object with any keys of this kind.
    pub fn map(key: Self, value: Self, most: Option<usize>) -> Self {
        let mut form = json!({"type": "object", "propertyNames": key.value(), "additionalProperties": value.value()});
        if let Some(most) = most {
            form["maxProperties"] = most.into();
        }
        Self(vec![form])
    }

    pub fn named(name: &str) -> Self {
        Self(vec![json!({"$ref": format!("{NAMED}{name}")})])
    }

    pub fn or(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// The reader takes `null` as if the field were absent.
    pub fn or_null(self) -> Self {
        self.or(Self(vec![json!({"type": "null"})]))
    }

    pub fn value(mut self) -> Value {
        match self.0.len() {
            0 => json!({}),
            1 => self.0.remove(0),
            _ => json!({ "anyOf": self.0 }),
        }
    }

    /// The same with words about it. A reference takes no words beside it in draft 7 and is wrapped.
    fn described(self, description: &str) -> Map<String, Value> {
        let mut schema = match self.value() {
            Value::Object(schema) if !schema.contains_key("$ref") => schema,
            other => Map::from_iter([("allOf".to_owned(), json!([other]))]),
        };
        schema.insert("description".into(), description.into());
        schema
    }
}

/// The fields of an object. What it does not name is passed over.
#[derive(Clone, Debug, Default)]
pub struct Fields {
    properties: Map<String, Value>,
    required: Vec<&'static str>,
}

impl Fields {
    /// Of a message: its `type` is needed.
    pub fn of_message(kind: &str) -> Self {
        let mut fields = Self::default();
        fields.properties.insert("type".into(), json!({"const": kind}));
        fields.required.push("type");
        fields
    }

    pub fn needed(mut self, name: &'static str, kind: Kind, description: &str) -> Self {
        self.properties.insert(name.into(), kind.described(description).into());
        self.required.push(name);
        self
    }

    pub fn optional(mut self, name: &'static str, kind: Kind, description: &str) -> Self {
        self.properties.insert(name.into(), kind.described(description).into());
        self
    }

    /// One that has this value when it is absent.
    pub fn defaulting(mut self, name: &'static str, kind: Kind, default: impl Into<Value>, description: &str) -> Self {
        let mut schema = kind.described(description);
        schema.insert("default".into(), default.into());
        self.properties.insert(name.into(), schema.into());
        self
    }

    pub fn and(mut self, more: Self) -> Self {
        self.properties.extend(more.properties);
        self.required.extend(more.required);
        self
    }

    pub fn object(self, title: &str, description: &str) -> Map<String, Value> {
        let mut schema = Map::new();
        schema.insert("type".into(), "object".into());
        schema.insert("title".into(), title.into());
        schema.insert("description".into(), description.into());
        schema.insert("properties".into(), self.properties.into());
        if !self.required.is_empty() {
            schema.insert("required".into(), self.required.into());
        }
        schema
    }
}
