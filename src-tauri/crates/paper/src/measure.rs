//! From a document to pages.

use crate::{
    Cell, Column, Document, Finding, Part, Side, Table,
    mark::SIZE,
    pages::{INNER, Item, MARGIN, Pages, Shade},
    text::{BODY, CELL, DETAIL, HEAD, HEADING, LABEL, Laid, Printer, SUBTITLE, Style, TITLE, WORD},
};

const PADDING: f64 = 3.5;
const MARK_SPACE: f64 = SIZE + 4.0;
/// Of a heading's page: it never stands alone at the foot.
const WITH_HEADING: f64 = 60.0;

pub fn pages(document: &Document, printer: &Printer<'_>) -> Pages {
    let mut sheet = Sheet { printer, pages: Pages::new() };
    sheet.front(document);
    for part in &document.parts {
        match part {
            Part::Heading(text) => sheet.heading(text),
            Part::Paragraph(text) => sheet.paragraph(text, BODY),
            Part::Facts(facts) => sheet.facts(facts),
            Part::Findings(findings) => sheet.findings(findings),
            Part::Table(table) => sheet.table(table),
        }
    }
    sheet.pages
}

struct Sheet<'p, 'c> {
    printer: &'p Printer<'c>,
    pages: Pages,
}

impl Sheet<'_, '_> {
    fn front(&mut self, document: &Document) {
        self.paragraph(&document.title, TITLE);
        self.pages.space(2.0);
        for line in &document.subtitle {
            self.paragraph(line, SUBTITLE);
        }
        self.pages.space(6.0);
        let y = self.pages.take(2.0);
        self.pages.put(Item::Rule { x: MARGIN, y, width: INNER, shade: Shade::Strong });
    }

    fn heading(&mut self, text: &str) {
        let laid = self.printer.lay(text, HEADING, INNER);
        self.pages.space(16.0);
        if !self.pages.fits(laid.height + WITH_HEADING) {
            self.pages.turn();
        }
        let y = self.pages.take(laid.height + 5.0);
        self.pages.put(Item::Text { laid, x: MARGIN, y });
    }

    fn paragraph(&mut self, text: &str, style: Style) {
        let laid = self.printer.lay(text, style, INNER);
        let y = self.pages.take(laid.height + 2.0);
        self.pages.put(Item::Text { laid, x: MARGIN, y });
    }

    /// Two pairs beside each other.
    fn facts(&mut self, facts: &[(String, String)]) {
        let half = INNER / 2.0;
        let name_width = half * 0.34;
        for pair in facts.chunks(2) {
            let laid: Vec<_> = pair
                .iter()
                .map(|(name, value)| {
                    let name = self.printer.lay(name, LABEL, name_width - 6.0);
                    (name, self.printer.lay(value, BODY, half - name_width - 10.0))
                })
                .collect();
            let height = laid.iter().map(|(name, value)| name.height.max(value.height)).fold(0.0, f64::max);
            let y = self.pages.take(height + 3.0);
            for (column, (name, value)) in laid.into_iter().enumerate() {
                let x = MARGIN + half * column as f64;
                self.pages.put(Item::Text { laid: name, x, y });
                self.pages.put(Item::Text { laid: value, x: x + name_width, y });
            }
        }
    }

    fn findings(&mut self, findings: &[Finding]) {
        let words = findings.iter().map(|finding| self.printer.lay(&finding.word, WORD, INNER).width);
        let word_width = words.fold(0.0, f64::max) + 8.0;
        let text_x = MARGIN + MARK_SPACE + word_width;
        for finding in findings {
            let word = self.printer.lay(&finding.word, WORD, word_width);
            let text = self.printer.lay(&finding.text, BODY, MARGIN + INNER - text_x);
            let y = self.pages.take(text.height.max(word.height) + 4.0);
            self.pages.put(Item::Mark { mark: finding.mark, x: MARGIN, y: y + 2.6 });
            self.pages.put(Item::Text { laid: word, x: MARGIN + MARK_SPACE, y });
            self.pages.put(Item::Text { laid: text, x: text_x, y });
        }
    }

    fn table(&mut self, table: &Table) {
        let widths = widths(&table.columns);
        let mut rows = table.rows.iter().peekable();
        self.head(table, &widths, rows.peek().map_or(0.0, |row| self.row(table, &widths, row).height));
        for row in rows {
            let laid = self.row(table, &widths, row);
            if !self.pages.fits(laid.height) {
                self.pages.turn();
                self.head(table, &widths, laid.height);
            }
            self.put_row(laid, &widths, table);
        }
        self.pages.space(4.0);
    }

    /// The head never stands without a row below it.
    fn head(&mut self, table: &Table, widths: &[f64], row_height: f64) {
        let titles: Vec<_> = table
            .columns
            .iter()
            .zip(widths)
            .map(|(column, width)| aligned(self.printer.lay(&column.title, HEAD, width - 2.0 * PADDING), column.side))
            .collect();
        let height = titles.iter().map(|laid| laid.height).fold(0.0, f64::max) + 2.0 * PADDING;
        if !self.pages.fits(height + row_height) && !self.pages.is_empty() {
            self.pages.turn();
        }
        let y = self.pages.take(height);
        self.pages.put(Item::Ground { x: MARGIN, y, width: INNER, height });
        let mut x = MARGIN;
        for (laid, width) in titles.into_iter().zip(widths) {
            self.pages.put(Item::Text { laid, x: x + PADDING, y: y + PADDING });
            x += width;
        }
    }

    fn row(&self, table: &Table, widths: &[f64], cells: &[Cell]) -> LaidRow {
        let cells = table.columns.iter().zip(widths).zip(cells).map(|((column, width), cell)| {
            let before = if cell.mark.is_some() { MARK_SPACE } else { 0.0 };
            let room = width - 2.0 * PADDING - before;
            LaidCell {
                mark: cell.mark,
                text: aligned(self.printer.lay(&cell.text, CELL, room), column.side),
                detail: (!cell.detail.is_empty())
                    .then(|| aligned(self.printer.lay(&cell.detail, DETAIL, room), column.side)),
            }
        });
        let cells: Vec<_> = cells.collect();
        let height = cells.iter().map(LaidCell::height).fold(0.0, f64::max) + 2.0 * PADDING;
        LaidRow { cells, height }
    }

    fn put_row(&mut self, row: LaidRow, widths: &[f64], table: &Table) {
        let y = self.pages.take(row.height);
        let mut x = MARGIN;
        for (cell, (width, _)) in row.cells.into_iter().zip(widths.iter().zip(&table.columns)) {
            let mut left = x + PADDING;
            if let Some(mark) = cell.mark {
                self.pages.put(Item::Mark { mark, x: left, y: y + PADDING + 2.0 });
                left += MARK_SPACE;
            }
            let below = y + PADDING + cell.text.height + 1.0;
            self.pages.put(Item::Text { laid: cell.text, x: left, y: y + PADDING });
            if let Some(detail) = cell.detail {
                self.pages.put(Item::Text { laid: detail, x: left, y: below });
            }
            x += width;
        }
        self.pages.put(Item::Rule { x: MARGIN, y: y + row.height, width: INNER, shade: Shade::Pale });
    }
}

struct LaidRow {
    cells: Vec<LaidCell>,
    height: f64,
}

struct LaidCell {
    mark: Option<crate::Mark>,
    text: Laid,
    detail: Option<Laid>,
}

impl LaidCell {
    fn height(&self) -> f64 {
        self.text.height + self.detail.as_ref().map_or(0.0, |detail| detail.height + 1.0)
    }
}

fn aligned(laid: Laid, side: Side) -> Laid {
    match side {
        Side::Left => laid,
        Side::Right => laid.at_the_right(),
    }
}

fn widths(columns: &[Column]) -> Vec<f64> {
    let all: f64 = columns.iter().map(|column| column.share).sum();
    columns.iter().map(|column| INNER * column.share / all.max(f64::EPSILON)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_share_the_width() {
        let columns = [Column::new("a", 1.0), Column::new("b", 3.0)];
        assert_eq!(widths(&columns), [INNER / 4.0, INNER * 0.75]);
    }
}
