//! The WebSocket gateway: who may listen to what. It owns nothing; a proxy that speaks GRIP holds the sockets.

mod inner;
mod proxies;
mod routes;
mod service;
mod socket;
mod talk;

pub use routes::routes;
pub use service::Gateway;

#[cfg(target_arch = "wasm32")]
mod component {
    use function::shell::variable;

    function::component!(super::routes, |function| super::Gateway {
        function,
        grip_key: variable("grip_key"),
        proxies: variable("pushpin_urls"),
    });
}
