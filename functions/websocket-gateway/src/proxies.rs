//! The proxies that hold the sockets, as far as they are told something.

use std::time::Duration;

use dapr::{Dapr, Invocation, Target};
use futures::future::join_all;
use grip::{Item, Items};
use http::Method;

use crate::talk::{self, Message};

/// How often an update is offered to a proxy: it may be lost, so the others don't wait for one that does not answer.
const TRIES: u32 = 2;
/// How long a proxy may take for an update. The next update of the same people waits for that.
const PROXY_LIMIT: Duration = Duration::from_secs(2);

/// All of them: which of them holds a person's sockets is not known.
#[derive(Debug, Clone)]
pub(crate) struct Proxies<D> {
    pub(crate) dapr: D,
    /// Base addresses of the publish endpoints, with commas between.
    pub(crate) addresses: String,
}

impl<D: Dapr> Proxies<D> {
    /// Tells every proxy at once. One that does not take it loses it: its sockets are gone too, or see by the revision
    /// that they missed something, and must not keep everybody else's updates waiting. `id` is the message's own.
    ///
    /// # Panics
    /// Never: the items have string keys.
    pub(crate) async fn tell(&self, channel: String, id: &str, message: &Message) {
        let items = Items {
            items: vec![Item::text(channel, id, talk::text(message))],
        };
        let body = serde_json::to_vec(&items).expect("items with string keys");
        let addresses = self.addresses.split(',').map(str::trim);
        let tell = |address| {
            let body = body.clone();
            async move {
                let told = self.dapr.within(PROXY_LIMIT, self.publish(address, body));
                let told = told
                    .await
                    .unwrap_or_else(|| Err("no answer in time".to_owned()));
                if let Err(reason) = told {
                    eprintln!("{address} did not take message {id}: {reason}");
                }
            }
        };
        join_all(addresses.filter(|address| !address.is_empty()).map(tell)).await;
    }

    /// One proxy, tried a few times.
    async fn publish(&self, address: &str, body: Vec<u8>) -> Result<(), String> {
        let call = Invocation {
            target: Target::Url(address.to_owned()),
            method: Method::POST,
            path: "/publish/".to_owned(),
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body,
        };
        let mut last = String::new();
        for _ in 0..TRIES {
            match self.dapr.invoke(call.clone()).await {
                Ok(response) if response.status().is_success() => return Ok(()),
                Ok(response) => last = format!("it answered {}", response.status()),
                Err(error) => last = error.to_string(),
            }
        }
        Err(last)
    }
}
