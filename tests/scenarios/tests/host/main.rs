//! The host as a process: how it starts, stops, starts again, and what keeps it from starting.

mod backup;
mod check;
mod embedded;
mod erase;
mod example;
mod flood;
mod refusals;
mod replay;
mod start;
mod stop;
mod transfer;
