//! Documents come out whole: every page, in both scripts.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use watchwall_paper::{Cell, Column, Document, Finding, Mark, Part, Table, write_pdf};

fn document(rows: usize, name: &str) -> Document {
    let columns = vec![Column::new("Camera", 3.0), Column::new("Address", 2.0), Column::new("Away", 1.0).right()];
    let row = |number: usize| {
        vec![
            Cell::new(format!("{name} {number}")).below("Maker Model, 1.0"),
            Cell::new(format!("10.0.0.{number}")),
            Cell::new("0.1 %").marked(Mark::Fine),
        ]
    };
    Document {
        title: "Site report".into(),
        subtitle: vec!["Made today".into()],
        footer: "A site".into(),
        page_number: "{page} / {pages}".into(),
        language: "zh-CN".into(),
        parts: vec![
            Part::Heading("Open".into()),
            Part::Findings(vec![Finding { mark: Mark::Bad, word: "Problem".into(), text: "A clock is wrong".into() }]),
            Part::Facts(vec![("Version".into(), "1".into()), ("Machine".into(), "m".into()), ("x".into(), "y".into())]),
            Part::Heading("Cameras".into()),
            Part::Table(Table { columns, rows: (0..rows).map(row).collect() }),
        ],
    }
}

#[test]
fn a_short_document_is_one_page() {
    let pdf = write_pdf(&document(3, "Gate")).unwrap();
    assert!(pdf.bytes.starts_with(b"%PDF-") && pdf.bytes.trim_ascii_end().ends_with(b"%%EOF"));
    assert_eq!(pdf.pages, 1);
}

#[test]
fn a_long_table_breaks_over_pages() {
    let pdf = write_pdf(&document(400, "北门停车场入口高清摄像机（夜间红外）")).unwrap();
    assert!((8..40).contains(&pdf.pages), "{} pages", pdf.pages);
}

#[test]
fn nothing_and_too_much_are_documents_too() {
    assert_eq!(write_pdf(&Document::default()).unwrap().pages, 1);
    let endless = "word ".repeat(20_000) + "\0\u{7}";
    let table = Table {
        columns: vec![Column::new("a", 1.0)],
        rows: vec![vec![Cell::new(endless.clone()), Cell::new("beyond the columns")], Vec::new()],
    };
    let parts = vec![Part::Paragraph(endless.clone()), Part::Table(table), Part::Table(Table::default())];
    let pdf = write_pdf(&Document { title: endless, parts, ..Document::default() }).unwrap();
    assert!(pdf.pages < 12, "{} pages", pdf.pages);
}
