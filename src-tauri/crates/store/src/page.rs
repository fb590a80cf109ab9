//! Lists page by an opaque cursor: the sort key and id of the last item seen.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use watchwall_model::{ErrorCode, Problem};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// `None` on the last page.
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// A page of items that were read from where it begins on, one more than it holds when another page follows.
    pub fn cut(mut items: Vec<T>, limit: usize, key: impl Fn(&T) -> String) -> Self {
        let more = items.len() > limit;
        items.truncate(limit);
        let next_cursor = items.last().filter(|_| more).map(|item| encode(&key(item)));
        Self { items, next_cursor }
    }
}

#[derive(Clone, Debug, Default)]
pub struct PageRequest {
    pub cursor: Option<String>,
    /// 1 to 500.
    pub limit: Option<u32>,
    pub search: Option<String>,
    pub descending: bool,
}

impl PageRequest {
    pub const DEFAULT_LIMIT: u32 = 100;
    pub const MAX_LIMIT: u32 = 500;

    /// Items of a page.
    pub fn limit(&self) -> usize {
        self.limit.unwrap_or(Self::DEFAULT_LIMIT).clamp(1, Self::MAX_LIMIT) as usize
    }

    /// The key of the last item seen.
    ///
    /// # Errors
    /// `request_invalid` for a made-up cursor.
    pub fn after(&self) -> Result<Option<String>, Problem> {
        self.cursor.as_deref().map(decode).transpose()
    }

    /// Cuts a sorted list into the asked page. For lists of at most some thousand items; larger tables page in SQL.
    pub fn cut<T>(&self, items: Vec<T>, key: impl Fn(&T) -> String) -> Result<Page<T>, Problem> {
        let after = self.after()?;
        let rest: Vec<T> = match &after {
            Some(after) if self.descending => items.into_iter().filter(|item| key(item) < *after).collect(),
            Some(after) => items.into_iter().filter(|item| key(item) > *after).collect(),
            None => items,
        };
        Ok(Page::cut(rest, self.limit(), key))
    }
}

/// Where a list that goes down by row id continues.
///
/// # Errors
/// `request_invalid` for a made-up cursor.
pub(crate) fn before(request: &PageRequest) -> Result<i64, Problem> {
    match &request.cursor {
        Some(cursor) => Ok(decode(cursor)?.parse().unwrap_or(i64::MAX)),
        None => Ok(i64::MAX),
    }
}

/// One row more than a page holds tells whether another page follows.
pub(crate) fn one_more(limit: usize) -> i64 {
    i64::try_from(limit.saturating_add(1)).unwrap_or(i64::MAX)
}

/// The page of rows that were read by [`before`] and [`one_more`].
pub(crate) fn cut_by_id<T>(items: Vec<T>, limit: usize, id: impl Fn(&T) -> i64) -> Page<T> {
    Page::cut(items, limit, |item| id(item).to_string())
}

pub(crate) fn encode(key: &str) -> String {
    URL_SAFE_NO_PAD.encode(key)
}

/// # Errors
/// `request_invalid` naming the cursor.
pub(crate) fn decode(cursor: &str) -> Result<String, Problem> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok();
    bytes
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or_else(|| Problem::new(ErrorCode::RequestInvalid).with("field", "cursor"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_each_other_without_gap_or_repeat() {
        let all: Vec<u32> = (0..250).collect();
        let mut request = PageRequest { limit: Some(100), ..PageRequest::default() };
        let mut seen = Vec::new();
        loop {
            let page = request.cut(all.clone(), |n| format!("{n:05}")).unwrap();
            seen.extend(page.items);
            match page.next_cursor {
                Some(cursor) => request.cursor = Some(cursor),
                None => break,
            }
        }
        assert_eq!(seen, all);
    }

    #[test]
    fn a_made_up_cursor_is_refused() {
        let request = PageRequest { cursor: Some("%%%".into()), ..PageRequest::default() };
        assert!(request.cut(vec![1], |n| n.to_string()).is_err());
    }
}
