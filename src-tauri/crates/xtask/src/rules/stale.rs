//! What is generated is committed, and this says when it is old.

use crate::{
    generate::{self, OPENAPI, SCHEMA},
    repository::Repository,
};
use anyhow::Result;

pub fn check(repository: &Repository) -> Result<Vec<String>> {
    let mut complaints = Vec::new();
    let document = generate::openapi()?;
    if repository.read(OPENAPI).unwrap_or_default() != document {
        complaints.push(format!("{OPENAPI} is stale: run `make gen`"));
    }
    for (path, document) in generate::engine_protocol()? {
        if repository.read(path).unwrap_or_default() != document {
            complaints.push(format!("{path} is stale: run `make gen`"));
        }
    }
    if repository.exists("ui/package.json") {
        let schema = repository.read(SCHEMA).unwrap_or_default();
        if !schema.starts_with(&generate::schema_head(&document)) {
            complaints.push(format!("{SCHEMA} is stale: run `make gen`"));
        }
    }
    Ok(complaints)
}
