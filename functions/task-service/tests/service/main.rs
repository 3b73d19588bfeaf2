//! The task service through its routes, over a Dapr in memory.

mod fixture;
mod http;
mod lists;
mod outbox;
mod transfer;
mod versions;
