//! No file names a folder that exists on one person's machine only.

use crate::repository::Repository;
use anyhow::Result;

/// Split so that this file does not complain about itself.
const PLACES: [&str; 4] =
    [concat!("/ro", "ot/"), concat!("/ho", "me/"), concat!("/Us", "ers/"), concat!("C:\\", "Users\\")];
/// Places that stand for any machine.
const EXAMPLES: [&str; 2] = ["user/", "watchwall/"];

pub fn check(repository: &Repository) -> Result<Vec<String>> {
    let mut complaints = Vec::new();
    for source in repository.sources(&[])? {
        // A lock file names no machine, and a licence text is not ours.
        if source.path.ends_with(".lock") || source.path.ends_with("package-lock.json") {
            continue;
        }
        for (number, line) in source.text.lines().enumerate() {
            if PLACES.iter().any(|place| names(line, place)) {
                complaints.push(format!("{}:{} names a folder of one machine", source.path, number + 1));
            }
        }
    }
    Ok(complaints)
}

fn names(line: &str, place: &str) -> bool {
    line.match_indices(place).any(|(start, _)| {
        let begins_a_path =
            !line[..start].ends_with(|before: char| before.is_alphanumeric() || ".}_-".contains(before));
        let after = &line[start + place.len()..];
        begins_a_path && !EXAMPLES.iter().any(|example| after.starts_with(example))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_start_of_a_path_counts() {
        let place = PLACES[1];
        assert!(names(&format!("cd {place}jo/videos"), place));
        assert!(!names(&format!("cd {place}user/videos"), place));
        assert!(!names(&format!("https://example.com{place}jo"), place));
    }
}
