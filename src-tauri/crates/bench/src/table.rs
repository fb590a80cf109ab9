//! Rows with median and spread.

use serde::Serialize;
use std::io::Write;

#[derive(Serialize)]
pub struct Table {
    pub title: String,
    pub columns: Vec<String>,
    pub rows: Vec<Row>,
    /// Absent peers, flagged rounds, conditions.
    pub notes: Vec<String>,
}

#[derive(Serialize)]
pub struct Row {
    pub name: String,
    pub cells: Vec<String>,
}

impl Table {
    pub fn new(title: impl Into<String>, columns: &[&str]) -> Self {
        Self {
            title: title.into(),
            columns: columns.iter().map(|c| (*c).to_owned()).collect(),
            rows: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Markdown on standard output, ready for `docs/benchmarks.md`.
    pub fn print(&self) {
        let mut out = format!("\n### {}\n\n| contender | {} |\n|---|", self.title, self.columns.join(" | "));
        out.push_str(&"---|".repeat(self.columns.len()));
        out.push('\n');
        for row in &self.rows {
            out.push_str(&format!("| {} | {} |\n", row.name, row.cells.join(" | ")));
        }
        for note in &self.notes {
            out.push_str(&format!("\n{note}\n"));
        }
        // A closed pipe is the reader's choice.
        let _ = std::io::stdout().write_all(out.as_bytes());
    }
}

/// Median with the smallest and largest value.
pub fn spread(values: &[f64], digits: usize) -> String {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    match (sorted.first(), sorted.last()) {
        (Some(low), Some(high)) => {
            format!("{:.digits$} ({low:.digits$} to {high:.digits$})", sorted[sorted.len() / 2])
        }
        _ => "none".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spread_shows_median_and_extremes() {
        assert_eq!(spread(&[3.0, 1.0, 2.0], 1), "2.0 (1.0 to 3.0)");
    }
}
