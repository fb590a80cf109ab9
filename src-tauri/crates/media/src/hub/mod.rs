//! Where a stream arrives and fans out.
