//! The site's memory: SQLite in WAL mode, one writer connection, a few readers. The only crate that knows SQL.
//!
//! One file per table; every statement is a `const` listed in its file's `STATEMENTS`, and a test prepares each
//! against a migrated database. Nothing here spawns a task; waits are bounded by SQLite's busy timeout and the
//! pools' acquire timeout. Types of sqlx appear in no public signature.

mod ai_nodes;
mod ai_tasks;
mod alarm_rules;
mod alarms;
mod audit;
mod backup;
mod bookmarks;
mod camera_events;
mod cameras;
mod cases;
mod checksums;
mod credential_sets;
mod database;
mod devices;
mod doctor_reports;
mod error;
mod events;
mod evidence_locks;
mod exports;
mod fragments;
mod gap_fills;
mod groups;
mod layouts;
mod lock;
mod migrations;
mod offline_events;
mod page;
mod patrols;
mod pieces;
mod plans;
mod push;
mod recovery;
mod refused_logins;
mod results;
mod row;
mod seal;
mod segments;
mod sessions;
mod settings;
mod users;
mod volumes;

pub use ai_nodes::AiNodeTable;
pub use ai_tasks::{AiTaskTable, Lease};
pub use alarm_rules::AlarmRuleTable;
pub use alarms::{
    Acted, AlarmBatch, AlarmCounts, AlarmFilter, AlarmLock, AlarmNumber, AlarmRef, AlarmStatistics, AlarmTable,
    BucketRow, NewAlarm, NewPush, RepeatedAlarm, StateFilter, Written,
};
pub use audit::{AuditEntry, AuditLog, NewAuditEntry};
pub use bookmarks::{BookmarkFilter, BookmarkTable};
pub use camera_events::CameraEventTable;
pub use cameras::{CameraTable, NewCameraRow};
pub use cases::CaseTable;
pub use checksums::ChecksumTable;
pub use credential_sets::CredentialSetTable;
pub use database::{OpenOutcome, Store};
pub use devices::{DeviceTable, NewChannelRow, NewDeviceRow, NewStreamRow};
pub use doctor_reports::DoctorReportTable;
pub use error::StoreError;
pub use events::{EventTable, RecordingEvent, RecordingEventKind};
pub use evidence_locks::{EvidenceLockTable, LockFilter, NewEvidenceLock};
pub use exports::{ExportEnd, ExportTable, NewExport};
pub use fragments::{decode_fragments, encode_fragments};
pub use gap_fills::{GapFillNote, GapFillTable, NewGapFill};
pub use groups::GroupTable;
pub use layouts::LayoutTable;
pub use lock::DataFolder;
pub use offline_events::{OfflineChange, OfflineEventTable};
pub use page::{Page, PageRequest};
pub use patrols::PatrolTable;
pub use plans::PlanTable;
pub use push::{ChannelChange, OutboxRow, PushChannelRow, PushLogRow, PushOutcome, PushRoutes, PushTables, Settled};
pub use refused_logins::RefusedLogins;
pub use results::{Inserted, ResultFiles, ResultFilter};
pub use seal::Seal;
pub use segments::{NewSegment, SegmentProgress, SegmentTable, VolumeTotals};
pub use sessions::{NewSession, SessionRow, SessionTable};
pub use settings::SettingsTable;
pub use users::{NewUser, UserTable};
pub use volumes::VolumeTable;

#[cfg(test)]
mod statements {
    use super::*;

    #[tokio::test]
    async fn every_statement_prepares_against_the_schema() {
        let folder = tempfile::tempdir().unwrap();
        let lock = DataFolder::lock(folder.path()).unwrap();
        let (store, outcome) = Store::open(&lock).await.unwrap();
        assert_eq!(outcome, OpenOutcome::Created);
        let all = [
            ai_nodes::STATEMENTS,
            ai_tasks::STATEMENTS,
            alarm_rules::STATEMENTS,
            &alarms::statements(),
            audit::STATEMENTS,
            backup::STATEMENTS,
            bookmarks::STATEMENTS,
            camera_events::STATEMENTS,
            cameras::STATEMENTS,
            cases::STATEMENTS,
            checksums::STATEMENTS,
            credential_sets::STATEMENTS,
            devices::STATEMENTS,
            doctor_reports::STATEMENTS,
            events::STATEMENTS,
            evidence_locks::STATEMENTS,
            exports::STATEMENTS,
            gap_fills::STATEMENTS,
            groups::STATEMENTS,
            layouts::STATEMENTS,
            offline_events::STATEMENTS,
            patrols::STATEMENTS,
            plans::STATEMENTS,
            &push::statements(),
            recovery::STATEMENTS,
            segments::STATEMENTS,
            sessions::STATEMENTS,
            settings::STATEMENTS,
            users::STATEMENTS,
            volumes::STATEMENTS,
        ];
        let mut connection = store.writer().acquire().await.unwrap();
        for statement in all.concat() {
            let prepared = sqlx::Executor::prepare(&mut *connection, sqlx::SqlStr::from_static(statement)).await;
            assert!(prepared.is_ok(), "{statement}: {:?}", prepared.err());
        }
    }
}
