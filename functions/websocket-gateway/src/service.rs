//! What the handlers of the gateway work with.

use dapr::Dapr;
use function::{Function, Service};

use crate::proxies::Proxies;

/// What the handlers work with.
#[derive(Debug)]
pub struct Gateway<D> {
    /// A function's means.
    pub function: Function<D>,
    /// What the proxy proves itself with.
    pub grip_key: String,
    /// Base addresses of the proxies' publish endpoints, with commas between.
    pub proxies: String,
}

impl<D: Dapr + 'static> Service for Gateway<D> {
    type Dapr = D;

    fn function(&self) -> &Function<D> {
        &self.function
    }
}

impl<D: Clone> Gateway<D> {
    pub(crate) fn proxies(&self) -> Proxies<D> {
        Proxies {
            dapr: self.function.dapr.clone(),
            addresses: self.proxies.clone(),
        }
    }
}
