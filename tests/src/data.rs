//! A data folder that is gone after the test.

use anyhow::Result;
use std::path::Path;
use tempfile::TempDir;

pub struct DataFolder(TempDir);

impl DataFolder {
    /// # Errors
    /// When the system gives no folder.
    pub fn new() -> Result<Self> {
        Ok(Self(tempfile::Builder::new().prefix("watchwall-test-").tempdir()?))
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }
}
