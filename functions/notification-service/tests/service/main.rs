//! The notification service through its routes, over a Dapr in memory.

mod check;
mod fixture;
mod inbox;
mod mail;
mod once;
