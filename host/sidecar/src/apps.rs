//! The functions, and what else is answered inside the process.

use bytes::Bytes;
use futures::future::BoxFuture;
use http::{Request, Response};

/// Why the sidecar itself calls a function: among the extensions of such a request. An invocation has none of its own, and
/// keeps the extensions of the request that asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// To deliver a message.
    Delivery,
    /// A cron.
    Tick,
}

/// The functions, as the sidecar calls them.
pub trait Apps: Send + Sync + 'static {
    /// The answer of the function `app_id`; an error when there is none.
    fn call(
        &self,
        app_id: &str,
        request: Request<Bytes>,
    ) -> BoxFuture<'static, Result<Response<Bytes>, String>>;
}

/// Addresses that are answered inside the process; asked before an external call leaves it.
pub trait Internal: Send + Sync + 'static {
    /// `None`: not one of these.
    fn call(&self, request: &Request<Bytes>) -> Option<BoxFuture<'static, Response<Bytes>>>;
}
