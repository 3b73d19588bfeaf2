//! The reminder service through its routes, over a Dapr in memory.

mod fixture;
mod life;
mod rings;
