//! The list of migrations that are out in the world and may never change again.

use crate::{generate::mark, repository::Repository};
use anyhow::Result;
use std::collections::BTreeMap;

const LIST: &str = "migrations/sealed.txt";
const HEAD: &str = "# Migrations that a release has shipped, with a mark of their text. They never change again;\n\
                    # `cargo xtask seal` adds the newer ones when a release is made.\n";

/// Every migration by file name.
fn present(repository: &Repository) -> Result<BTreeMap<String, String>> {
    let files = repository.sources(&[".sql"])?;
    Ok(files
        .into_iter()
        .filter_map(|file| Some((file.path.strip_prefix("migrations/")?.to_owned(), mark(&file.text))))
        .collect())
}

fn sealed(repository: &Repository) -> BTreeMap<String, String> {
    let list = repository.read(LIST).unwrap_or_default();
    list.lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(' '))
        .map(|(name, mark)| (name.to_owned(), mark.to_owned()))
        .collect()
}

/// Adds what is not sealed yet; what is sealed stays as it is.
pub fn seal(repository: &Repository) -> Result<()> {
    let mut list = present(repository)?;
    list.extend(sealed(repository));
    let lines: String = list.iter().map(|(name, mark)| format!("{name} {mark}\n")).collect();
    repository.write(LIST, &format!("{HEAD}{lines}"))
}

/// Sealed ones unchanged, numbers without a hole.
pub fn check(repository: &Repository) -> Result<Vec<String>> {
    let present = present(repository)?;
    let mut complaints: Vec<String> = sealed(repository)
        .into_iter()
        .filter(|(name, mark)| present.get(name) != Some(mark))
        .map(|(name, _)| format!("migrations/{name} has shipped and was changed or removed: write a new migration"))
        .collect();
    for (index, name) in present.keys().enumerate() {
        if !name.starts_with(&format!("{:04}_", index + 1)) {
            complaints.push(format!("migrations/{name} should have the number {:04}", index + 1));
        }
    }
    Ok(complaints)
}
