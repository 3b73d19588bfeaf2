//! The message that carries the code by which a person confirms their address.

use chrono::{DateTime, Utc};
use dapr::timetable::{Entry, Insert};
use dapr::{Condition, Dapr, DaprError, Write};
use events::{Chain, NotificationDocument, Timestamp, UnknownFields};
use uuid::Uuid;

use super::document::{Delivery, EMAIL, State};

/// What a mail with a code says; the code comes behind the title.
pub(super) const CODE_TITLE: &str = "Your code for Nudge:";
pub(super) const CODE_BODY: &str = "Enter it in Nudge's settings, and reminders come to this address. It counts for 30 minutes. If it is not you who asked for it, ignore this mail: without the code nothing else comes.";

/// The kind of the message that asks a person to confirm their address.
const CODE: &str = "confirmation";

/// How often a code is tried to be sent: its person waits for it, and can ask for another one.
pub(super) const CODE_TRIES: usize = 5;

/// The key of the message that a code is sent by: the last one that was asked for.
pub(crate) fn code_key(user: &str) -> String {
    format!("delivery/{user}/code/{EMAIL}")
}

/// Puts a code on its way to `address`. A message with one before it that is not sent yet is not any more.
pub(crate) async fn begin_code<D: Dapr>(
    dapr: &D,
    user: &str,
    address: &str,
    chain: Chain,
    id: Uuid,
    now: DateTime<Utc>,
) -> Result<(Insert, Vec<Write>), DaprError> {
    let key = code_key(user);
    let entry = Entry::new(now, user, key.as_str());
    let (insert, mut writes) = Insert::plan(dapr, vec![entry], now).await?;
    let notification = NotificationDocument {
        id,
        kind: CODE.to_owned(),
        title: String::new(),
        body: String::new(),
        task_id: None,
        reminder_id: None,
        due: None,
        late: false,
        read: false,
        created_at: Timestamp::clamped(now),
        unknown: UnknownFields::default(),
    };
    let delivery = Delivery {
        notification,
        address: address.to_owned(),
        state: State::Waiting,
        tries: 0,
        next_at: Timestamp::clamped(now),
        claimed_until: None,
        correlation_id: chain.correlation_id,
        causation_id: id,
        unknown: UnknownFields::default(),
    };
    writes.push(Write::put(key, &delivery, Condition::Any));
    Ok((insert, writes))
}

impl Delivery {
    /// Whether it carries a code, which is no notification.
    pub(super) fn is_code(&self) -> bool {
        self.notification.kind == CODE
    }
}
