//! Erasing what this function has of a person: preferences, inbox, what rings, and messages on their way. Preferences and inbox stay as
//! tombstones, which keep out what is still on its way.

use dapr::erase::{Erase, Tombstone};
use dapr::{Condition, Dapr, DaprError, Write};
use domain::EventId;
use uuid::Uuid;

use crate::inbox::{self, Inbox};
use crate::preferences::{self, Preferences};
use crate::{bells, delivery, notice};

/// Most transactions of one request for what the inbox leads to.
const MOST_STEPS: u32 = 16;

/// Erases a stretch; whether there is more.
///
/// # Errors
/// What the store answered; a conflict when somebody else came first.
pub(crate) async fn erase<D: Dapr>(
    dapr: &D,
    user: &str,
    tombstone: Tombstone,
    erase: &Erase,
) -> Result<bool, DaprError> {
    if !erase.task_ids.is_empty() {
        let keys = erase.task_ids.iter().map(|task| bells::key(user, task));
        let gone = keys.map(|key| Write::delete(key, Condition::Any));
        dapr.transact(gone.collect()).await?;
    }
    if !erase.event_ids.is_empty() {
        let notifications = erase.event_ids.iter();
        let notifications = notifications.map(|event| notice::id(EventId(*event)));
        dapr.transact(of_notifications(user, notifications)).await?;
    }
    if !erase.task_ids.is_empty() || !erase.event_ids.is_empty() {
        return Ok(false);
    }
    erase_preferences(dapr, user, tombstone).await?;
    for _ in 0..MOST_STEPS {
        let inbox = Inbox::read(dapr, user).await?;
        let Some((ids, mut writes)) = inbox.erase(dapr, tombstone).await? else {
            return Ok(false);
        };
        writes.extend(of_notifications(user, ids));
        dapr.transact(writes).await?;
    }
    Ok(true)
}

async fn erase_preferences<D: Dapr>(
    dapr: &D,
    user: &str,
    tombstone: Tombstone,
) -> Result<(), DaprError> {
    let key = preferences::key(user);
    let document = dapr.get(&key).await?;
    let erased = Preferences {
        erased: Some(tombstone),
        ..Preferences::default()
    };
    let stored = document.as_ref().and_then(|stored| stored.read(&key).ok());
    if stored.as_ref() == Some(&erased) {
        return Ok(());
    }
    let condition = Condition::as_read(document.as_ref());
    let code = Write::delete(delivery::code_key(user), Condition::Any);
    dapr.transact(vec![Write::put(key, &erased, condition), code])
        .await
}

/// The writes that remove what is kept of notifications beside the inbox.
fn of_notifications(user: &str, ids: impl IntoIterator<Item = Uuid>) -> Vec<Write> {
    let keys = ids
        .into_iter()
        .flat_map(|id| [inbox::place_key(user, id), delivery::key(user, id)]);
    keys.map(|key| Write::delete(key, Condition::Any)).collect()
}
