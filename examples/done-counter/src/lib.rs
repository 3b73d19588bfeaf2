//! The done counter: how many tasks a person has done. An example of a function of one's own: docs/your-own-function.md.

mod routes;

pub use routes::routes;

#[cfg(target_arch = "wasm32")]
function::component!(routes);
