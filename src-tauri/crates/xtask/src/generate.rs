//! Writes what is generated: the OpenAPI document, the TypeScript made of it, and what the AI engines' protocol says of
//! itself.

use crate::repository::Repository;
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::process::Command;

pub const OPENAPI: &str = "tests/snapshots/openapi.json";
pub const SCHEMA: &str = "ui/src/lib/api/schema.ts";

pub const ENGINE_SCHEMA: &str = "docs/ai-engine.schema.json";
pub const ENGINE_ASYNCAPI: &str = "docs/ai-engine.asyncapi.json";

pub fn all(repository: &Repository) -> Result<()> {
    let document = openapi()?;
    repository.write(OPENAPI, &document)?;
    for (path, document) in engine_protocol()? {
        repository.write(path, &document)?;
    }
    if !repository.exists("ui/package.json") {
        return Ok(());
    }
    let status = Command::new("npx")
        .args(["--no-install", "openapi-typescript", "../tests/snapshots/openapi.json", "-o", "src/lib/api/schema.ts"])
        .current_dir(repository.root.join("ui"))
        .status()
        .context("npx openapi-typescript")?;
    ensure!(status.success(), "openapi-typescript failed");
    let body = repository.read(SCHEMA)?;
    repository.write(SCHEMA, &format!("{}{body}", schema_head(&document)))
}

/// The document as it is committed: what the server says of itself.
pub fn openapi() -> Result<String> {
    Ok(format!("{}\n", watchwall_server::openapi().to_pretty_json()?))
}

/// Both documents of the AI engines' protocol, with where they are committed.
pub fn engine_protocol() -> Result<[(&'static str, String); 2]> {
    let pretty = |document: &Value| serde_json::to_string_pretty(document).map(|text| format!("{text}\n"));
    Ok([
        (ENGINE_SCHEMA, pretty(&watchwall_engine_protocol::json_schema())?),
        (ENGINE_ASYNCAPI, pretty(&watchwall_engine_protocol::asyncapi())?),
    ])
}

/// The first line of the TypeScript: it carries a mark of the document, so that a stale file shows without npm.
pub fn schema_head(document: &str) -> String {
    format!("// Generated from {OPENAPI} ({}) by `make gen`; do not edit.\n", mark(document))
}

/// FNV-1a, 64 bits, in hexadecimal.
pub fn mark(text: &str) -> String {
    let hash = text
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    format!("{hash:016x}")
}
