//! Recording: plans, recorders, volume, index, retention, playback.
