//! The reminder service through its routes, over a Dapr in memory.

mod check;
mod fixture;
mod life;
mod rings;
