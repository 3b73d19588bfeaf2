//! What the handlers of the web app work with.

use dapr::Dapr;
use function::{Function, Service};

use crate::session::SignIn;
use crate::site::Site;

/// What the handlers work with.
#[derive(Debug)]
pub struct WebApp<D> {
    /// A function's means.
    pub function: Function<D>,
    /// The built screen.
    pub site: Site,
    /// Whether people reach it by HTTPS, which browsers are then told to keep to.
    pub is_https: bool,
    /// Where people sign in.
    pub sign_in: SignIn,
}

impl<D: Dapr + 'static> Service for WebApp<D> {
    type Dapr = D;

    fn function(&self) -> &Function<D> {
        &self.function
    }
}
