//! The audit service: its chain, and the whole of it through its routes over a Dapr in memory; and its component in the host.

mod chain;
mod component;
mod counting;
mod erase;
mod fixture;
mod limits;
mod record;
mod reference;
mod replay;
mod verify;
