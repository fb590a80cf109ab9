//! camsim
