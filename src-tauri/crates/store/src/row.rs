//! Reading columns into the model's types.

use crate::StoreError;
use sqlx::{
    Row,
    sqlite::{SqliteQueryResult, SqliteRow},
};
use watchwall_model::StreamPath;

/// A column by name; a missing or mistyped one is a fault of ours, told as such.
pub fn column<'r, T>(row: &'r SqliteRow, name: &str) -> Result<T, StoreError>
where
    T: sqlx::Decode<'r, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite>,
{
    Ok(row.try_get(name)?)
}

/// Why an update with a version touched nothing: the row, looked for again, was changed or is gone.
pub fn untouched(what: &'static str, row: Option<SqliteRow>) -> StoreError {
    match row {
        Some(_) => StoreError::VersionConflict { what },
        None => StoreError::NotFound { what },
    }
}

/// What a refused insert or update of something named means.
pub fn name_taken(error: sqlx::Error, name: &str) -> StoreError {
    if StoreError::is_unique_violation(&error) { StoreError::NameTaken { name: name.to_owned() } } else { error.into() }
}

/// # Errors
/// [`StoreError::NotFound`] when nothing was deleted.
pub fn deleted(what: &'static str, done: &SqliteQueryResult) -> Result<(), StoreError> {
    if done.rows_affected() == 0 { Err(StoreError::NotFound { what }) } else { Ok(()) }
}

/// The text of a closed set, as serde spells it in JSON.
pub fn word<T: serde::Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => text,
        _ => String::new(),
    }
}

/// Back from [`word`].
pub fn from_word<T: serde::de::DeserializeOwned>(what: &str, text: &str) -> Result<T, StoreError> {
    serde_json::from_value(serde_json::Value::String(text.to_owned()))
        .map_err(|_| StoreError::Value { what: format!("{what} {text}") })
}

/// JSON columns.
pub fn from_json<T: serde::de::DeserializeOwned>(what: &str, text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|e| StoreError::Value { what: format!("{what}: {e}") })
}

/// Streams as statements take them that ask for several at once.
pub fn list(paths: &[StreamPath]) -> Result<String, StoreError> {
    let paths: Vec<&str> = paths.iter().map(StreamPath::as_str).collect();
    to_json("paths", &paths)
}

pub fn to_json<T: serde::Serialize>(what: &str, value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|e| StoreError::Value { what: format!("{what}: {e}") })
}
