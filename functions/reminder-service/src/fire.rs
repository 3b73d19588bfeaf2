//! A reminder comes due: told first, under an id of its own, then marked.

use chrono::{DateTime, Utc};
use dapr::timetable::{Entry as Due, Looked};
use dapr::{Condition, Dapr, DaprError, Write};
use domain::{EventId, UserId};
use events::{Chain, Event, ReminderTriggered, Timestamp, Topic};
use uuid::Uuid;

use crate::book::{Book, Entry, State};

/// Names the rings of one reminder; never changed.
const RINGS: Uuid = Uuid::from_u128(0x6e75_6467_652d_5269_8e67_7300_0000_0001);

/// The function's app-id.
pub(crate) const SOURCE: &str = "reminder-service";

/// The id of one ring of a reminder, however often it is worked through.
fn ring(key: &str, entry: &Entry) -> EventId {
    EventId(Uuid::new_v5(
        &RINGS,
        format!("{key}/{}/{}", entry.id, entry.version).as_bytes(),
    ))
}

/// Works through entries of the timetable: what their books still want by `now` rings.
pub(crate) async fn ring_all<D: Dapr>(
    dapr: &D,
    due: &[Due],
    now: DateTime<Utc>,
) -> Result<Looked, DaprError> {
    let owners = due.iter().map(|entry| &entry.owner);
    let keys: Vec<String> = owners
        .filter(|owner| owner.starts_with("reminder/"))
        .cloned()
        .collect();
    let documents = dapr.get_many(&keys).await?;
    let (mut events, mut writes) = (Vec::new(), Vec::new());
    let mut looked = Looked::default();
    for (key, document) in keys.iter().zip(documents) {
        let Some(document) = document else { continue };
        let mut book: Book = match document.read(key) {
            Ok(book) => book,
            Err(error) => {
                looked.put_off.push((key.clone(), error.to_string()));
                continue;
            }
        };
        let ringing = book.due(Timestamp::clamped(now));
        if ringing.is_empty() {
            continue;
        }
        events.extend(
            ringing
                .iter()
                .filter_map(|entry| triggered(key, &book, entry, now)),
        );
        for entry in ringing {
            if let Some(entry) = book.find(entry.id) {
                entry.state = State::Triggered;
            }
        }
        writes.push(Write::put(key, &book, Condition::Unchanged(document.etag)));
    }
    if !writes.is_empty() {
        dapr.publish(Topic::TaskReminders, &events).await?;
        mark(dapr, writes).await?;
    }
    Ok(looked)
}

/// All books in one transaction; where somebody changed one meanwhile, each by itself. One that changed comes again: its
/// ring was told under the same id, which consumers recognise.
async fn mark<D: Dapr>(dapr: &D, writes: Vec<Write>) -> Result<(), DaprError> {
    match dapr.transact(writes.clone()).await {
        Err(DaprError::Conflict) if writes.len() > 1 => {
            let mut conflict = false;
            for write in writes {
                match dapr.transact(vec![write]).await {
                    Ok(()) => {}
                    Err(DaprError::Conflict) => conflict = true,
                    Err(error) => return Err(error),
                }
            }
            if conflict {
                Err(DaprError::Conflict)
            } else {
                Ok(())
            }
        }
        result => result,
    }
}

fn triggered(key: &str, book: &Book, entry: &Entry, now: DateTime<Utc>) -> Option<Event> {
    let mut parts = key.split('/').skip(1);
    let user = UserId::parse(parts.next()?).ok()?;
    let task = parts.next()?.parse().ok()?;
    let payload = ReminderTriggered {
        reminder_id: entry.id,
        reminder_version: entry.version,
        title: book.title.clone(),
        due: book.due.clone(),
        scheduled_at: entry.at,
        late_seconds: (now - entry.at.utc()).num_seconds().unsigned_abs(),
        set_for: Some(entry.set_for),
        task_sequence: Some(book.sequence),
    };
    let chain = Chain {
        correlation_id: book.correlation_id,
        causation_id: None,
    };
    Some(Event::new(
        ring(key, entry),
        SOURCE,
        &user,
        Some(task),
        &payload,
        chain,
        Timestamp::clamped(now),
    ))
}
