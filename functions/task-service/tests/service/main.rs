//! The task service through its routes, over a Dapr in memory.

mod fixture;
mod http;
mod outbox;
mod transfer;
mod versions;
