//! Owners whose own data keeps them from being worked off: looked at again later, ever more rarely, and on record
//! meanwhile, so that nobody else waits for them.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use super::bucket::{self, Entry};
use crate::{Condition, Dapr, DaprError, Write};

/// Minutes until the second look; each further one takes four times as long.
const FIRST_WAIT_MINUTES: i64 = 1;
/// For how long after the next look it is kept in mind: a day.
const KEPT_SECONDS: i64 = 24 * 60 * 60;

/// An owner that was put off; the document `put-off/{owner}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PutOff {
    /// Key of the owner's document.
    pub owner: String,
    /// What was wrong at the last look.
    pub reason: String,
    /// How often it was looked at in vain.
    pub tries: u32,
    /// When it is looked at next, in milliseconds since 1970.
    pub next: i64,
}

fn key(owner: &str) -> String {
    format!("put-off/{owner}")
}

/// How long the waits between looks get.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wait {
    /// Up to six hours: somebody has to mend the data.
    Growing,
    /// Up to four minutes: the store or the broker may answer again.
    Short,
}

impl Wait {
    fn longest_minutes(self) -> i64 {
        match self {
            Self::Growing => 6 * 60,
            Self::Short => 4,
        }
    }
}

/// Plans the next look at the owner of `entry`, and keeps the reason.
pub(super) async fn put_off<D: Dapr>(
    dapr: &D,
    entry: &Entry,
    reason: String,
    wait: Wait,
    now: DateTime<Utc>,
) -> Result<PutOff, DaprError> {
    let key = key(&entry.owner);
    let before = dapr.get(&key).await?;
    let before: Option<PutOff> = before.and_then(|document| document.read(&key).ok());
    let tries = before.map_or(0, |before| before.tries).saturating_add(1);
    let longer = 4_i64.saturating_pow(tries - 1);
    let minutes = FIRST_WAIT_MINUTES
        .saturating_mul(longer)
        .min(wait.longest_minutes());
    let next = (now + Duration::minutes(minutes)).timestamp_millis();
    let put_off = PutOff {
        owner: entry.owner.clone(),
        reason,
        tries,
        next,
    };
    let kept = minutes.saturating_mul(60).saturating_add(KEPT_SECONDS);
    let record =
        Write::put(key, &put_off, Condition::Any).with_ttl(u32::try_from(kept).unwrap_or(u32::MAX));
    loop {
        let again = Entry {
            due: next,
            ..entry.clone()
        };
        let (_, mut writes) = bucket::place(dapr, vec![again]).await?;
        writes.push(record.clone());
        match dapr.transact(writes).await {
            Ok(()) => break,
            Err(DaprError::Conflict) => {}
            Err(error) => return Err(error),
        }
    }
    eprintln!(
        "{} is put off for {minutes} min, for the {tries}. time: {}",
        put_off.owner, put_off.reason
    );
    Ok(put_off)
}
