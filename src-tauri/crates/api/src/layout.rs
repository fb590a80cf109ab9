//! Saved arrangements of tiles.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct LayoutView {
    pub id: i64,
    pub name: String,
    pub owner_id: i64,
    pub shared: bool,
    pub grid: GridView,
    pub version: i64,
}

/// Columns by rows, 1 to 8 each, and the tiles on it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct GridView {
    pub columns: u8,
    pub rows: u8,
    pub tiles: Vec<TileView>,
}

/// A rectangle of cells, counted from zero at the top left.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct TileView {
    pub column: u8,
    pub row: u8,
    pub column_span: u8,
    pub row_span: u8,
    pub camera_id: Option<i64>,
    /// Kept when a camera is called or cameras are dropped; false when absent.
    #[serde(default)]
    pub pinned: bool,
}

/// `POST /api/v1/layouts` and `PUT /api/v1/layouts/{id}`.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct NewLayout {
    pub name: String,
    #[serde(default)]
    pub shared: bool,
    pub grid: GridView,
}
