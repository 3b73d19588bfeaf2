//! The notification service: who is told what, by which channel, and trying again.
//!
//! [`notice`] says what an event means to a person; `inbox` is what they see in the app; `delivery` is a message on its
//! way through a [`channel`]; `preferences` is what they want.

mod bells;
pub mod channel;
mod check;
mod confirm;
mod delivery;
mod erase;
mod inbox;
mod inner;
pub mod notice;
mod people;
mod preferences;
mod react;
mod refusal;
mod routes;
mod service;

pub use routes::routes;
pub use service::Notifications;

#[cfg(target_arch = "wasm32")]
mod component {
    use function::shell::variable;

    use crate::channel::{self, Message, Request};

    wit_bindgen::generate!({ path: "../../wit", world: "notification-service" });

    use nudge::channels::email;

    /// The channels, as the manifest's dependencies fill them.
    #[derive(Debug)]
    struct Slots;

    impl channel::Channels for Slots {
        fn email(&self, message: &Message, address: &str) -> Result<Request, String> {
            let notification = email::Notification {
                id: message.id.clone(),
                kind: message.kind.clone(),
                title: message.title.clone(),
                body: message.body.clone(),
                link: message.link.clone(),
            };
            let request = email::prepare(&notification, address)?;
            Ok(Request {
                name: request.name,
                operation: request.operation,
                data: request.data,
                metadata: request.metadata,
            })
        }
    }

    function::component!(super::routes, |function| super::Notifications {
        function,
        channels: Slots,
        public_url: variable("public_url"),
        // Whoever sets nothing has a mail server, as before there was a variable for it.
        mail_available: variable("mail_available") != "false",
    });
}
