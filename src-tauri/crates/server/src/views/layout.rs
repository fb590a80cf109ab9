//! Layouts on the wire.

use watchwall_api::{GridView, LayoutView, TileView};
use watchwall_model::{CameraId, Layout, LayoutGrid, Problem, Tile};

pub fn layout_view(layout: &Layout) -> LayoutView {
    let tile = |tile: &Tile| TileView {
        column: tile.column,
        row: tile.row,
        column_span: tile.column_span,
        row_span: tile.row_span,
        camera_id: tile.camera.map(|camera| camera.0),
        pinned: tile.pinned,
    };
    LayoutView {
        id: layout.id.0,
        name: layout.name.clone(),
        owner_id: layout.owner.0,
        shared: layout.shared,
        grid: GridView {
            columns: layout.grid.columns,
            rows: layout.grid.rows,
            tiles: layout.grid.tiles.iter().map(tile).collect(),
        },
        version: layout.version,
    }
}

/// # Errors
/// `layout_invalid`.
pub fn grid_of(view: &GridView) -> Result<LayoutGrid, Problem> {
    let tile = |tile: &TileView| Tile {
        column: tile.column,
        row: tile.row,
        column_span: tile.column_span,
        row_span: tile.row_span,
        camera: tile.camera_id.map(CameraId),
        pinned: tile.pinned,
    };
    let grid = LayoutGrid { columns: view.columns, rows: view.rows, tiles: view.tiles.iter().map(tile).collect() };
    grid.check()?;
    Ok(grid)
}
