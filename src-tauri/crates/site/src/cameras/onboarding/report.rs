//! A job's result as a table for the customer's file. Pure.

/// One line. Texts are whatever the caller's language says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReportLine {
    pub row: u32,
    pub name: String,
    pub address: String,
    pub state: String,
    pub step: String,
    pub code: String,
    pub message: String,
    pub suggestion: String,
    pub device: String,
    pub cameras: String,
    pub paths: String,
    pub took_ms: u64,
}

const HEADER: [&str; 12] = [
    "row",
    "name",
    "address",
    "state",
    "step",
    "code",
    "message",
    "suggestion",
    "device",
    "cameras",
    "paths",
    "took_ms",
];

/// UTF-8 with a mark, so that spreadsheets read it rightly.
pub fn write_report(lines: &[ReportLine]) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer("\u{feff}".as_bytes().to_vec());
    // Writing to memory cannot fail.
    let _ = writer.write_record(HEADER);
    for line in lines {
        let _ = writer.write_record([
            line.row.to_string(),
            safe(&line.name),
            safe(&line.address),
            line.state.clone(),
            line.step.clone(),
            line.code.clone(),
            safe(&line.message),
            safe(&line.suggestion),
            safe(&line.device),
            line.cameras.clone(),
            line.paths.clone(),
            line.took_ms.to_string(),
        ]);
    }
    writer.into_inner().unwrap_or_default()
}

/// A spreadsheet runs what begins like a formula, and a device chooses its own name.
fn safe(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spreadsheet_reads_it_and_runs_nothing() {
        let line = ReportLine {
            row: 2,
            name: "=cmd()".into(),
            address: "10.0.0.5:80".into(),
            state: "failed".into(),
            message: "No, \"really\"".into(),
            ..ReportLine::default()
        };
        let text = String::from_utf8(write_report(&[line])).unwrap();
        let mut lines = text.lines();
        assert!(lines.next().unwrap().starts_with("\u{feff}row,name,address,"));
        assert_eq!(lines.next().unwrap(), "2,'=cmd(),10.0.0.5:80,failed,,,\"No, \"\"really\"\"\",,,,,0");
    }
}
