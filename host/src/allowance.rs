//! Instances for each kind of work, apart from each other: people can't take those that Dapr's deliveries need, and nobody
//! those that a function needs to answer another function.
//!
//! A call waits only for instances of its own [`Source`] and depth. What holds one of those waits at most for a deeper one,
//! and the deepest waits for none: so calls can't wait for each other in a circle.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::engine::MAX_INSTANCES;

/// How deep functions may call each other.
const DEPTHS: usize = 3;

/// What a chain of calls began with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// A request of a person, or of an operator.
    Outside,
    /// What a WebSocket said.
    Socket,
    /// A message of a topic.
    Delivery,
    /// A cron.
    Tick,
}

/// Most instances at work for each source: those that it calls, those that these call, and those that those call.
const ALLOWANCES: [[usize; DEPTHS]; 4] =
    [[76, 24, 4], [16, 8, 2], [MAX_DELIVERIES, 16, 4], [16, 8, 2]];

/// Most deliveries at work at once. The sidecar divides them among the subscriptions.
pub const MAX_DELIVERIES: usize = 80;

const _: () = assert!(
    sum() == MAX_INSTANCES as usize,
    "as many are allowed as there are instances"
);

const fn sum() -> usize {
    let (mut sum, mut at) = (0, 0);
    while at < ALLOWANCES.len() * DEPTHS {
        sum += ALLOWANCES[at / DEPTHS][at % DEPTHS];
        at += 1;
    }
    sum
}

/// Where in a chain of calls a request stands. Travels as an extension of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chain {
    source: Source,
    depth: usize,
}

impl Chain {
    /// The first call of a chain.
    #[must_use]
    pub fn from(source: Source) -> Self {
        Self { source, depth: 0 }
    }

    /// A call by a function that was called in this chain.
    #[must_use]
    pub fn deeper(self) -> Self {
        Self {
            depth: self.depth + 1,
            ..self
        }
    }
}

/// The instances that are free, by source and depth.
pub(crate) struct Allowances([[Arc<Semaphore>; DEPTHS]; 4]);

impl Allowances {
    pub(crate) fn new() -> Self {
        Self(ALLOWANCES.map(|depths| depths.map(|count| Arc::new(Semaphore::new(count)))))
    }

    /// Waits for an instance; `None`: functions called each other too often.
    pub(crate) async fn take(&self, chain: Chain) -> Option<OwnedSemaphorePermit> {
        let free = self.0[chain.source as usize].get(chain.depth)?;
        // The semaphores are never closed.
        Arc::clone(free).acquire_owned().await.ok()
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    const SOURCES: [Source; 4] = [
        Source::Outside,
        Source::Socket,
        Source::Delivery,
        Source::Tick,
    ];

    /// Whatever one kind of work has taken at one depth, all others find theirs, and deeper calls an end.
    ///
    /// Seen to fail: with one semaphore for all.
    #[test]
    fn kinds_of_work_leave_each_other_theirs() {
        for greedy in SOURCES {
            let allowances = Allowances::new();
            let free = |chain: Chain| allowances.take(chain).now_or_never();
            let mut chain = Chain::from(greedy);
            let mut taken = Vec::new();
            for depth in 0..DEPTHS {
                // Nobody has come to its end, and each of them calls somebody.
                while let Some(permit) = free(chain) {
                    taken.push(permit.expect("not too deep"));
                }
                for other in SOURCES.into_iter().filter(|other| *other != greedy) {
                    let mut chain = Chain::from(other);
                    for _ in 0..DEPTHS {
                        assert!(matches!(free(chain), Some(Some(_))), "{greedy:?} {chain:?}");
                        chain = chain.deeper();
                    }
                }
                chain = chain.deeper();
                assert_eq!(chain.depth, depth + 1);
            }
            assert!(matches!(free(chain), Some(None)), "{greedy:?}: too deep");
        }
    }
}
