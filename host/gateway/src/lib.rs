//! Holds the WebSockets, and speaks to the function behind them as Pushpin does: WebSocket-over-HTTP one way, GRIP
//! publishing the other. The function can't tell this from a Pushpin in front of it.

mod connection;
mod gateway;
mod upgrade;

pub use gateway::{Gateway, Origin, Refused, Settings, Visitor};
