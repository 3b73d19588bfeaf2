//! The notification service through its routes, over a Dapr in memory.

mod bells;
mod check;
mod confirm;
mod fixture;
mod inbox;
mod mail;
mod once;
