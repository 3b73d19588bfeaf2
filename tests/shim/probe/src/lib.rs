//! A component that does what it is told by the path of a request, so that a runtime's behaviour can be seen from outside. It
//! is built for the suite only, and is no part of Nudge.

#[cfg(target_arch = "wasm32")]
mod component;
