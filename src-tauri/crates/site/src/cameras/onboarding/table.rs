//! A table of devices as a file: CSV from a spreadsheet, in whatever encoding and with whatever separator it wrote. Pure.

use super::row::{MOST_ROWS, NewRow, row_invalid};
use encoding_rs::{Encoding, GB18030, UTF_8};
use watchwall_model::{ErrorCode, Problem, Secret};

/// Longest file, in bytes.
pub const MOST_BYTES: usize = 4 * 1024 * 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Name,
    Address,
    Port,
    User,
    Password,
    Group,
    Url,
    Vendor,
}

/// Header names in both languages, lower case without spaces.
const HEADERS: &[(&str, Column)] = &[
    ("name", Column::Name),
    ("camera", Column::Name),
    ("名称", Column::Name),
    ("摄像机", Column::Name),
    ("摄像机名称", Column::Name),
    ("address", Column::Address),
    ("host", Column::Address),
    ("ip", Column::Address),
    ("ipaddress", Column::Address),
    ("地址", Column::Address),
    ("ip地址", Column::Address),
    ("port", Column::Port),
    ("端口", Column::Port),
    ("user", Column::User),
    ("username", Column::User),
    ("login", Column::User),
    ("用户", Column::User),
    ("用户名", Column::User),
    ("password", Column::Password),
    ("密码", Column::Password),
    ("group", Column::Group),
    ("分组", Column::Group),
    ("组", Column::Group),
    ("url", Column::Url),
    ("stream", Column::Url),
    ("码流地址", Column::Url),
    ("视频地址", Column::Url),
    ("vendor", Column::Vendor),
    ("brand", Column::Vendor),
    ("品牌", Column::Vendor),
    ("厂商", Column::Vendor),
];

/// Line number of each row, and the row or why it cannot be read. Empty lines are left out.
pub type TableRows = Vec<(u32, Result<NewRow, Problem>)>;

/// Reads a file: UTF-8 with or without a mark, UTF-16 with one, or GB18030; separated by comma, semicolon or tab.
///
/// # Errors
/// `csv_invalid` with the reason, `too_many_rows`, `body_too_large`.
pub fn read_table(bytes: &[u8]) -> Result<TableRows, Problem> {
    if bytes.len() > MOST_BYTES {
        return Err(Problem::new(ErrorCode::BodyTooLarge));
    }
    let text = decode(bytes)?;
    let first = text.lines().find(|line| !line.trim().is_empty()).ok_or_else(|| invalid("empty"))?;
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(separator(first))
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let mut columns: Option<Vec<Option<Column>>> = None;
    let mut rows = Vec::new();
    let mut lines = Lines { text: &text, offset: 0, line: 1 };
    for record in reader.records() {
        let record = record.map_err(|error| invalid(&error.to_string()))?;
        if record.iter().all(|field| field.trim().is_empty()) {
            continue;
        }
        let Some(columns) = &columns else {
            columns = Some(read_header(&record)?);
            continue;
        };
        let start = record.position().map_or(0, csv::Position::byte);
        let line = lines.at(usize::try_from(start).unwrap_or(usize::MAX));
        rows.push((line, read_row(line, columns, &record)));
        if rows.len() > MOST_ROWS {
            return Err(too_many(rows.len()));
        }
    }
    Ok(rows)
}

/// Counts lines as a spreadsheet does. The reader counts from where it stopped, which is before the end of the last line
/// and before empty ones.
struct Lines<'t> {
    text: &'t str,
    offset: usize,
    line: u32,
}

impl Lines<'_> {
    /// The line in which the record begins that the reader found from `start` on. Starts ascend.
    fn at(&mut self, start: usize) -> u32 {
        let bytes = self.text.as_bytes();
        let passed = bytes.get(self.offset..start).unwrap_or_default();
        let gap =
            bytes.get(start..).unwrap_or_default().iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let between = bytes.get(start..start + gap).unwrap_or_default();
        let ends = passed.iter().chain(between).filter(|byte| **byte == b'\n').count();
        self.line = self.line.saturating_add(u32::try_from(ends).unwrap_or(u32::MAX));
        self.offset = start + gap;
        self.line
    }
}

pub fn too_many(count: usize) -> Problem {
    Problem::new(ErrorCode::TooManyRows).with("count", count).with("limit", MOST_ROWS)
}

fn invalid(reason: &str) -> Problem {
    Problem::new(ErrorCode::CsvInvalid).with("reason", reason)
}

fn decode(bytes: &[u8]) -> Result<String, Problem> {
    let marked = Encoding::for_bom(bytes).map(|(encoding, length)| (encoding, &bytes[length..]));
    let (encoding, body) = match marked {
        Some(marked) => marked,
        None if std::str::from_utf8(bytes).is_ok() => (UTF_8, bytes),
        // What spreadsheets on Chinese systems write; it holds GBK and GB2312.
        None => (GB18030, bytes),
    };
    let (text, has_errors) = encoding.decode_without_bom_handling(body);
    if has_errors || text.contains('\0') {
        return Err(invalid("encoding"));
    }
    Ok(text.into_owned())
}

/// The separator that the header has most of.
fn separator(header: &str) -> u8 {
    let count = |separator: char| header.chars().filter(|c| *c == separator).count();
    let best = [(',', b','), (';', b';'), ('\t', b'\t')];
    // The first wins a draw.
    best.into_iter().rev().max_by_key(|(separator, _)| count(*separator)).map_or(b',', |(_, byte)| byte)
}

fn read_header(record: &csv::StringRecord) -> Result<Vec<Option<Column>>, Problem> {
    let columns: Vec<Option<Column>> = record
        .iter()
        .map(|field| {
            let word: String = field.to_lowercase().chars().filter(|c| !c.is_whitespace() && *c != '_').collect();
            HEADERS.iter().find(|(name, _)| *name == word).map(|(_, column)| *column)
        })
        .collect();
    let has = |column: Column| columns.contains(&Some(column));
    if !has(Column::Address) && !has(Column::Url) {
        return Err(invalid("there is no column address"));
    }
    Ok(columns)
}

fn read_row(line: u32, columns: &[Option<Column>], record: &csv::StringRecord) -> Result<NewRow, Problem> {
    if record.len() > columns.len() && record.iter().skip(columns.len()).any(|field| !field.trim().is_empty()) {
        return Err(row_invalid(line, &(columns.len() + 1).to_string(), "more fields than columns"));
    }
    let mut row = NewRow::default();
    for (column, field) in columns.iter().zip(record) {
        let Some(column) = column else { continue };
        let trimmed = field.trim();
        if trimmed.is_empty() {
            continue;
        }
        let text = Some(trimmed.to_owned());
        match column {
            Column::Name => row.name = text,
            Column::Address => row.address = trimmed.to_owned(),
            Column::Port => {
                let port = trimmed.parse().ok().filter(|port| *port != 0);
                row.port = Some(port.ok_or_else(|| row_invalid(line, "port", "not a port"))?);
            }
            Column::User => row.username = text,
            // Spaces may belong to it.
            Column::Password => row.password = Some(Secret::new(field)),
            Column::Group => row.group_path = text,
            Column::Url => row.url = text,
            Column::Vendor => row.vendor = text,
        }
    }
    Ok(row)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: &[u8], expect: &[(u32, &str, &str, &str)]) {
        let rows = read_table(bytes).unwrap();
        let got: Vec<_> = rows
            .iter()
            .map(|(line, row)| {
                let row = row.as_ref().unwrap();
                let password = row.password.as_ref().map_or("", Secret::reveal);
                (*line, row.name.as_deref().unwrap_or_default(), row.address.as_str(), password)
            })
            .collect();
        assert_eq!(got, expect);
    }

    const CHINESE: &str =
        "名称,地址,端口,用户名,密码,分组\r\n大门,192.168.1.64,80,管理员,\"p@:/%&<>\"\"密码\",一楼/东侧\r\n";

    #[test]
    fn every_encoding_reads_the_same() {
        let expect = [(2, "大门", "192.168.1.64", "p@:/%&<>\"密码")];
        check(CHINESE.as_bytes(), &expect);
        check(format!("\u{feff}{CHINESE}").as_bytes(), &expect);
        check(&GB18030.encode(CHINESE).0, &expect);
        let wide: Vec<u8> = [0xff, 0xfe].into_iter().chain(CHINESE.encode_utf16().flat_map(u16::to_le_bytes)).collect();
        check(&wide, &expect);
    }

    #[test]
    fn separators_and_empty_lines() {
        check(
            b"Name;IP Address;Password\n\nGate;10.0.0.5;a,b\n;;\nYard;10.0.0.6;\n",
            &[(3, "Gate", "10.0.0.5", "a,b"), (5, "Yard", "10.0.0.6", "")],
        );
        check(b"address\tuser\n10.0.0.5\tadmin", &[(2, "", "10.0.0.5", "")]);
    }

    #[test]
    fn bad_tables_and_bad_rows() {
        let code = |bytes: &[u8]| read_table(bytes).map(|rows| rows.len()).map_err(|problem| problem.code);
        assert_eq!(code(b""), Err(ErrorCode::CsvInvalid));
        assert_eq!(code(b"a,b\n1,2\n"), Err(ErrorCode::CsvInvalid));
        assert_eq!(code(b"address\n\xff\xff\n"), Err(ErrorCode::CsvInvalid));
        let many = format!("address\n{}", "10.0.0.5\n".repeat(MOST_ROWS + 1));
        assert_eq!(code(many.as_bytes()), Err(ErrorCode::TooManyRows));
        let rows = read_table(b"address,port\n10.0.0.5,eighty\n10.0.0.6,80,x\n10.0.0.7\n").unwrap();
        let columns: Vec<_> =
            rows.iter().map(|(_, row)| row.as_ref().err().map(|problem| problem.params["column"].clone())).collect();
        assert_eq!(columns, [Some("port".to_owned()), Some("3".to_owned()), None]);
    }
}
