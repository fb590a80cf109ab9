//! What a model's classes are called.

use super::ModelError;
use std::{path::Path, sync::Arc};
use watchwall_engine_protocol::AiResult;

/// By class, none empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels(Vec<Arc<str>>);

impl Labels {
    /// More classes than any model of the family has.
    pub const MOST: usize = 1_000;

    /// One label a line; lines at the end may be empty.
    ///
    /// # Errors
    /// [`ModelError::File`], [`ModelError::LabelLine`].
    pub fn read(file: &Path) -> Result<Self, ModelError> {
        let name = || file.display().to_string();
        let text = std::fs::read_to_string(file).map_err(|because| ModelError::File { file: name(), because })?;
        Self::parse(&text).map_err(|line| ModelError::LabelLine { file: name(), line, most: Self::MOST })
    }

    /// # Errors
    /// The number of the line that is wrong.
    fn parse(text: &str) -> Result<Self, usize> {
        let mut labels = Vec::new();
        for (number, line) in (1..).zip(text.trim_end().lines()) {
            let label = line.trim();
            if !is_label(label) || number > Self::MOST {
                return Err(number);
            }
            labels.push(label.into());
        }
        if labels.is_empty() { Err(1) } else { Ok(Self(labels)) }
    }

    /// From what exporters write into a model: `{0: 'person', 1: 'car'}`. `None` for what is no such list, or one with
    /// holes.
    pub fn of_model(names: &str) -> Option<Self> {
        let mut rest = names.trim().strip_prefix('{')?.trim_start();
        let mut labels: Vec<Arc<str>> = Vec::new();
        while !rest.starts_with('}') {
            let (number, after) = rest.split_once(':')?;
            let after = after.trim_start();
            let quote = after.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
            let (label, after) = after[1..].split_once(quote)?;
            let is_next = number.trim().trim_matches(['\'', '"']).parse() == Ok(labels.len());
            if !is_next || !is_label(label) || labels.len() == Self::MOST {
                return None;
            }
            labels.push(label.into());
            rest = after.trim_start().trim_start_matches(',').trim_start();
        }
        (!labels.is_empty()).then_some(Self(labels))
    }

    /// `class 0`, `class 1`: of a model that says nothing of its classes.
    pub fn numbered(classes: usize) -> Self {
        Self((0..classes.min(Self::MOST)).map(|n| format!("class {n}").into()).collect())
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn get(&self, class: usize) -> Option<&Arc<str>> {
        self.0.get(class)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Arc<str>> {
        self.0.iter()
    }
}

fn is_label(text: &str) -> bool {
    (1..=AiResult::MOST_LABEL_CHARS).contains(&text.chars().count()) && !text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(labels: &Labels) -> Vec<&str> {
        labels.iter().map(AsRef::as_ref).collect()
    }

    #[test]
    fn a_file_has_one_a_line() {
        let check = |text: &str, expect: Result<&[&str], usize>| {
            let found = Labels::parse(text);
            assert_eq!(
                found.as_ref().map(|labels| told(labels)).map_err(|line| *line),
                expect.map(<[&str]>::to_vec),
                "{text:?}"
            );
        };
        check("person\n car \n\n", Ok(&["person", "car"]));
        check("行人\r\n车辆", Ok(&["行人", "车辆"]));
        check("", Err(1));
        check("person\n\ncar", Err(2));
        check(&format!("person\n{}", "x".repeat(65)), Err(2));
        check("per\u{7}son", Err(1));
        check(&"x\n".repeat(1_001), Err(1_001));
    }

    #[test]
    fn a_model_may_name_them_itself() {
        let check = |text: &str, expect: Option<&[&str]>| {
            assert_eq!(Labels::of_model(text).as_ref().map(told), expect.map(<[&str]>::to_vec), "{text}");
        };
        check("{0: 'person', 1: 'bicycle'}", Some(&["person", "bicycle"]));
        check("{\"0\": \"person\", \"1\": \"driver's seat\"}", Some(&["person", "driver's seat"]));
        check("{0: 'a: b, c', 1: \"it's\"}", Some(&["a: b, c", "it's"]));
        check("{0: 'person', 2: 'car'}", None);
        check("{0: person}", None);
        check("{0: 'person'", None);
        check("{}", None);
        check("", None);
        check("['person']", None);
    }
}
