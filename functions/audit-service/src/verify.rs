//! Whether a person's chain is whole: nothing changed, left out or put in, and no event gone but those that were erased.

use api::history::Verification;
use dapr::{Dapr, DaprError, Document};
use function::Problem;

use crate::batch::{BATCH_BYTES, Bodies, Flaw, Known, known, parsed};
use crate::chain::{BEGINNING, Record};
use crate::documents::{Extent, record_key};

/// Most records that one request verifies.
const MOST_VERIFIED: u64 = 5_000;
/// How many bytes of events one request reads; then it ends with the batch at hand.
const MOST_BYTES: usize = 32 * 1024 * 1024;
/// How many records are read at a time.
const BATCH: u64 = 100;

fn broken(record: u64, reason: impl Into<String>) -> Verification {
    Verification::Broken {
        valid: false,
        record,
        reason: reason.into(),
    }
}

/// Walks the chain from number `from`.
///
/// # Errors
/// 422 when there is no such number; else what the store answered.
pub(crate) async fn verify<D: Dapr>(
    dapr: &D,
    user: &str,
    from: u64,
) -> Result<Verification, Problem> {
    let extent = Extent::read(dapr, user).await?;
    let end = extent.head.number;
    let behind = end.saturating_add(1);
    if from == 0 || from > behind {
        let detail = format!("takes 1 to {behind}");
        return Err(Problem::invalid_field("?from", detail));
    }
    let mut walk = Walk {
        number: from,
        previous: match before(dapr, user, from).await? {
            Ok(hash) => hash,
            Err(reason) => return Ok(broken(from - 1, reason)),
        },
        erased: 0,
        erased_through: extent.erased_through(),
    };
    let last = end.min(from.saturating_add(MOST_VERIFIED - 1));
    let mut bytes = 0;
    while walk.number <= last && bytes < MOST_BYTES {
        let numbers: Vec<u64> = (walk.number..=last.min(walk.number + BATCH - 1)).collect();
        let known = known(dapr, user, &numbers, extent.erasure.as_ref()).await?;
        let mut bodies = Bodies::of(&known);
        while let Some(batch) = bodies.next(dapr, user, BATCH_BYTES).await? {
            for (known, body) in batch {
                if let Err(reason) = walk.step(known, body.as_ref()) {
                    return Ok(broken(known.number, reason));
                }
            }
        }
        bytes += bodies.read;
    }
    let to = walk.number - 1;
    if to == end && walk.previous != extent.head.hash {
        let reason = "the chain ends otherwise than was recorded";
        return Ok(broken(to, reason));
    }
    Ok(Verification::Whole {
        valid: true,
        records: end,
        from,
        to,
        erased: walk.erased,
        next_from: (to < end).then_some(to + 1),
        hash: walk.previous,
    })
}

/// The hash that record `from` has to follow, or what is wrong with the record before it.
async fn before<D: Dapr>(
    dapr: &D,
    user: &str,
    from: u64,
) -> Result<Result<String, String>, DaprError> {
    if from == 1 {
        return Ok(Ok(BEGINNING.to_owned()));
    }
    let document = dapr.get(&record_key(user, from - 1)).await?;
    let record = parsed::<Record>(document.as_ref());
    Ok(record.map(|record| record.hash()).map_err(says))
}

/// What a record that is of no use is called.
fn says(flaw: Flaw) -> String {
    match flaw {
        Flaw::Missing => "it is missing".to_owned(),
        Flaw::Unreadable => "it can't be read".to_owned(),
    }
}

struct Walk {
    /// The record that comes next.
    number: u64,
    /// The hash of the one before it.
    previous: String,
    /// How many were without their event so far.
    erased: u64,
    erased_through: u64,
}

impl Walk {
    fn step(&mut self, known: &Known, body: Option<&Document>) -> Result<(), String> {
        let record = known.record.as_ref().map_err(|&flaw| says(flaw))?;
        let value = body.map(|body| body.value.value());
        record.check(known.number - 1, &self.previous, value.as_ref())?;
        if body.is_none() {
            if known.number > self.erased_through {
                return Err("its event is missing, and was not erased".to_owned());
            }
            self.erased += 1;
        }
        self.previous = record.hash();
        self.number = known.number + 1;
        Ok(())
    }
}
