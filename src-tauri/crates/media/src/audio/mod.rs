//! Audio repacking.
