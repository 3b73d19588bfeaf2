//! The task service: what a task is and who may change it. The only writer of tasks.
//!
//! A command is `load → decide → commit → answer → publish`: the pure part is in [`decide`], the transaction in
//! `commit`, the lists in `list`.

mod account;
mod answer;
mod check;
mod commit;
pub mod decide;
mod erase;
mod fields;
mod head;
mod inner;
mod list;
mod people;
mod place;
mod record;
mod routes;
mod summary;
mod transfer;

pub use routes::routes;

#[cfg(target_arch = "wasm32")]
function::component!(routes);
