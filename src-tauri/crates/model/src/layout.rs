//! An arrangement of tiles, saved on the server.

use crate::{CameraId, ErrorCode, LayoutId, Problem, UserId};
use serde::{Deserialize, Serialize};

/// Columns by rows, and the tiles on it. Cells count from zero at the top left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayoutGrid {
    pub columns: u8,
    pub rows: u8,
    pub tiles: Vec<Tile>,
}

/// A rectangle of cells showing one camera, or nothing yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tile {
    pub column: u8,
    pub row: u8,
    pub column_span: u8,
    pub row_span: u8,
    pub camera: Option<CameraId>,
    /// Kept when a camera is called or cameras are dropped; only its own commands change what it shows.
    #[serde(default)]
    pub pinned: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    pub id: LayoutId,
    pub name: String,
    pub owner: UserId,
    /// Seen by everyone with the live right, changed by its owner and administrators.
    pub shared: bool,
    pub grid: LayoutGrid,
    pub version: i64,
}

impl LayoutGrid {
    pub const MAX_SIDE: u8 = 8;

    /// # Errors
    /// `layout_invalid` when a tile leaves the grid, is empty or overlaps another.
    pub fn check(&self) -> Result<(), Problem> {
        let invalid = |why: &str| Err(Problem::new(ErrorCode::LayoutInvalid).with("reason", why));
        if self.columns == 0 || self.rows == 0 || self.columns > Self::MAX_SIDE || self.rows > Self::MAX_SIDE {
            return invalid("grid");
        }
        let mut taken = [[false; Self::MAX_SIDE as usize]; Self::MAX_SIDE as usize];
        for tile in &self.tiles {
            let right = u16::from(tile.column) + u16::from(tile.column_span);
            let bottom = u16::from(tile.row) + u16::from(tile.row_span);
            if tile.column_span == 0 || tile.row_span == 0 {
                return invalid("empty_tile");
            }
            if right > u16::from(self.columns) || bottom > u16::from(self.rows) {
                return invalid("outside");
            }
            for row in &mut taken[usize::from(tile.row)..usize::from(bottom)] {
                for cell in &mut row[usize::from(tile.column)..usize::from(right)] {
                    if std::mem::replace(cell, true) {
                        return invalid("overlap");
                    }
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(tiles: &[(u8, u8, u8, u8)], expect: Option<&str>) {
        let tiles = tiles
            .iter()
            .map(|&(column, row, column_span, row_span)| Tile {
                column,
                row,
                column_span,
                row_span,
                camera: None,
                pinned: false,
            })
            .collect();
        let got = LayoutGrid { columns: 3, rows: 2, tiles }.check();
        assert_eq!(got.err().and_then(|p| p.params.get("reason").cloned()).as_deref(), expect);
    }

    #[test]
    fn tiles_stay_inside_and_apart() {
        check(&[(0, 0, 1, 1), (1, 0, 2, 2)], None);
        check(&[(0, 0, 2, 1), (1, 0, 1, 1)], Some("overlap"));
        check(&[(2, 0, 2, 1)], Some("outside"));
        check(&[(255, 0, 255, 1)], Some("outside"));
        check(&[(0, 0, 0, 1)], Some("empty_tile"));
    }

    #[test]
    fn a_layout_from_before_pins_has_none() {
        let tile: Tile =
            serde_json::from_str(r#"{"column":0,"row":0,"column_span":1,"row_span":1,"camera":7}"#).unwrap();
        assert!(!tile.pinned);
    }
}
