//! The answer of `smartctl --json --health --attributes`. Pure.

use serde_json::Value;

/// Attributes of ATA disks (ACS-4, SMART READ DATA; numbers as every maker uses them).
const REALLOCATED: u64 = 5;
const PENDING: u64 = 197;
const UNCORRECTABLE: u64 = 198;
/// Bits of an NVMe disk's critical warning (NVM Express Base Specification, SMART / Health Information): all but the
/// temperature, which passes.
const NVME_SERIOUS: u64 = 0b1_1101;
const NVME_WORN_PERCENT: u64 = 90;

/// One disk and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiskWarning {
    /// As the system calls it, for example `sda`.
    pub disk: String,
    pub sign: DiskSign,
    /// How many, or how many percent; `None` where there is no number.
    pub value: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiskSign {
    /// The disk itself expects to fail.
    Failing,
    /// Sectors that were replaced by spare ones.
    Reallocated,
    /// Sectors that cannot be read now.
    Pending,
    /// Sectors that were lost.
    Uncorrectable,
    /// Percent of its writes are used up.
    Worn,
}

impl DiskSign {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Failing => "failing",
            Self::Reallocated => "reallocated",
            Self::Pending => "pending",
            Self::Uncorrectable => "uncorrectable",
            Self::Worn => "worn",
        }
    }
}

/// What is wrong with a disk, worst first; nothing for an answer without a health.
pub fn warnings(disk: &str, answer: &Value) -> Vec<DiskWarning> {
    let mut found = Vec::new();
    let mut note = |sign, value| found.push(DiskWarning { disk: disk.to_owned(), sign, value });
    let nvme = &answer["nvme_smart_health_information_log"];
    let is_critical = nvme["critical_warning"].as_u64().is_some_and(|bits| bits & NVME_SERIOUS != 0);
    if answer["smart_status"]["passed"] == false || is_critical {
        note(DiskSign::Failing, None);
    }
    for (sign, count) in [
        (DiskSign::Uncorrectable, attribute(answer, UNCORRECTABLE).or_else(|| nvme["media_errors"].as_u64())),
        (DiskSign::Pending, attribute(answer, PENDING)),
        (DiskSign::Reallocated, attribute(answer, REALLOCATED).or_else(|| answer["scsi_grown_defect_list"].as_u64())),
    ] {
        if let Some(count) = count.filter(|count| *count > 0) {
            note(sign, Some(count));
        }
    }
    if let Some(percent) = nvme["percentage_used"].as_u64().filter(|percent| *percent >= NVME_WORN_PERCENT) {
        note(DiskSign::Worn, Some(percent));
    }
    found
}

fn attribute(answer: &Value, id: u64) -> Option<u64> {
    let table = answer["ata_smart_attributes"]["table"].as_array()?;
    // Some makers pack other figures into the upper bytes.
    table.iter().find(|row| row["id"] == id)?["raw"]["value"].as_u64().map(|raw| raw & 0xffff_ffff)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(answer: &Value, expect: &[(DiskSign, Option<u64>)]) {
        let found: Vec<_> = warnings("sda", answer).into_iter().map(|warning| (warning.sign, warning.value)).collect();
        assert_eq!(found, expect, "{answer}");
    }

    #[test]
    fn disks_are_believed_when_they_complain() {
        let row = |id: u64, raw: u64| json!({ "id": id, "raw": { "value": raw } });
        let ata = |passed: bool, rows: Vec<Value>| json!({ "smart_status": { "passed": passed }, "ata_smart_attributes": { "table": rows } });
        check(&ata(true, vec![row(5, 0), row(194, 38), row(197, 0), row(198, 0)]), &[]);
        check(
            &ata(true, vec![row(5, 12), row(197, 3)]),
            &[(DiskSign::Pending, Some(3)), (DiskSign::Reallocated, Some(12))],
        );
        check(
            &ata(false, vec![row(198, (7 << 32) + 2)]),
            &[(DiskSign::Failing, None), (DiskSign::Uncorrectable, Some(2))],
        );
        let nvme = |warning: u64, used: u64, errors: u64| {
            json!({ "smart_status": { "passed": true }, "nvme_smart_health_information_log":
                { "critical_warning": warning, "percentage_used": used, "media_errors": errors } })
        };
        check(&nvme(0, 12, 0), &[]);
        // Hot, and that passes.
        check(&nvme(2, 89, 0), &[]);
        check(
            &nvme(1, 104, 5),
            &[(DiskSign::Failing, None), (DiskSign::Uncorrectable, Some(5)), (DiskSign::Worn, Some(104))],
        );
        check(
            &json!({ "smart_status": { "passed": true }, "scsi_grown_defect_list": 4 }),
            &[(DiskSign::Reallocated, Some(4))],
        );
        // A virtual disk has none.
        check(&json!({ "smartctl": { "exit_status": 4 } }), &[]);
        check(&Value::Null, &[]);
    }
}
