//! What people write about their tasks, and how Nudge writes back. Pure: no clock, no I/O.

pub mod describe;
