//! The audit service: its chain, and the whole of it through its routes over a Dapr in memory.

mod chain;
mod record;
mod replay;
