//! How alarms reach people: one message goes to one target and what came of it comes back.
