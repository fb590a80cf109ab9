//! Pictures that nodes sent with their results, as rows name them: below the data folder, kept as long as the results.

use super::retention::SNAPSHOTS;
use bytes::Bytes;
use std::{
    io,
    path::{Component, Path, PathBuf},
};
use watchwall_model::AiResultRow;

/// Where pictures lie. Cheap to clone.
#[derive(Clone)]
pub struct ResultPictures {
    data_folder: PathBuf,
}

impl ResultPictures {
    pub fn new(data_folder: &Path) -> Self {
        Self { data_folder: data_folder.to_owned() }
    }

    /// A JPEG.
    ///
    /// # Errors
    /// What the disk says; not found also for a picture that lies at the node, and for a row without one.
    pub async fn read(&self, row: &AiResultRow) -> io::Result<Bytes> {
        let file = row.snapshot.as_deref().and_then(ours).ok_or(io::ErrorKind::NotFound)?;
        tokio::fs::read(self.data_folder.join(file)).await.map(Bytes::from)
    }
}

/// A path of the node's own is nothing here, nor is one that leads out of the folder of pictures.
fn ours(name: &str) -> Option<&Path> {
    let file = Path::new(name);
    let mut parts = file.components();
    let is_below = parts.next() == Some(Component::Normal(SNAPSHOTS.as_ref()));
    (is_below && parts.all(|part| matches!(part, Component::Normal(_)))).then_some(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_file_of_ours_is_read() {
        let check = |name: &str, expect: bool| assert_eq!(ours(name).is_some(), expect, "{name}");
        check("snapshots/2026-03-01/1-17.jpg", true);
        check("node:snapshots/2026-03-01/1-17.jpg", false);
        check("node:/etc/passwd", false);
        check("snapshots/../watchwall.db", false);
        check("snapshots/2026-03-01/../../local-token", false);
        check("/snapshots/1.jpg", false);
        check("alarm-pictures/2026-03-01/1.jpg", false);
        check("", false);
    }
}
