//! Erasing what this function has of a person: what the list leads to, the answers to their commands, and the books of
//! tasks that are on record. The head stays, with the tombstone that keeps out what is still on its way.

use dapr::erase::{Erase, Tombstone};
use dapr::{Condition, Dapr, DaprError, Document, Write};
use dapr::{ordered, outbox};

use crate::agenda::{self, Head, Pointer};
use crate::book::Book;
use crate::schedule;

/// Most transactions of one request for what the list leads to.
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
        let books = erase.task_ids.iter().map(|task| schedule::key(user, *task));
        let writes = books_with_pointers(dapr, user, books.collect()).await?;
        dapr.transact(writes).await?;
    }
    if !erase.task_ids.is_empty() || !erase.event_ids.is_empty() {
        return Ok(false);
    }
    for _ in 0..MOST_STEPS {
        let key = agenda::head_key(user);
        let document = dapr.get(&key).await?;
        let head = Head::read(&key, document.as_ref())?;
        let Some(writes) = step(dapr, user, head, tombstone, document.as_ref()).await? else {
            return Ok(false);
        };
        dapr.transact(writes).await?;
    }
    Ok(true)
}

/// The writes that remove books, and the documents by which their reminders are found.
async fn books_with_pointers<D: Dapr>(
    dapr: &D,
    user: &str,
    mut keys: Vec<String>,
) -> Result<Vec<Write>, DaprError> {
    keys.sort_unstable();
    keys.dedup();
    let documents = dapr.get_many(&keys).await?;
    let mut pointers = Vec::new();
    for (key, document) in keys.iter().zip(documents) {
        let book = document.and_then(|document| document.read::<Book>(key).ok());
        let entries = book.into_iter().flat_map(|book| book.reminders);
        pointers.extend(entries.map(|entry| agenda::pointer_key(user, entry.id)));
    }
    keys.append(&mut pointers);
    keys.sort_unstable();
    keys.dedup();
    let keys = keys.into_iter();
    Ok(keys.map(|key| Write::delete(key, Condition::Any)).collect())
}

/// The writes of one step; `None` once the head has nothing but numbers and the tombstone.
async fn step<D: Dapr>(
    dapr: &D,
    user: &str,
    mut head: Head,
    tombstone: Tombstone,
    document: Option<&Document>,
) -> Result<Option<Vec<Write>>, DaprError> {
    let is_new = head.erased.replace(tombstone) != Some(tombstone);
    let sequence = head.outbox.sequence;
    let left = head.outbox.pending_keys(user);
    let mut writes: Vec<Write> = if !left.is_empty() || !head.outbox.unreadable.is_empty() {
        // What was not published yet would only be kept out where it arrives.
        head.outbox.relayed_to += left.len() as u64;
        let unreadable = std::mem::take(&mut head.outbox.unreadable);
        let unreadable = unreadable
            .into_iter()
            .map(|number| outbox::key(user, number));
        let keys = left.into_iter().chain(unreadable);
        keys.map(|key| Write::delete(key, Condition::Any)).collect()
    } else if let Some(taken) =
        ordered::erase(dapr, &agenda::prefix(user), &mut head.agenda).await?
    {
        let pointers = taken.items.iter();
        let pointers: Vec<Pointer> = pointers.filter_map(|item| item.value.read().ok()).collect();
        let books = pointers
            .iter()
            .map(|pointer| schedule::key(user, pointer.task_id));
        let mut writes = taken.writes;
        writes.extend(books_with_pointers(dapr, user, books.collect()).await?);
        writes
    } else if let Some(writes) = head.answers.erase(dapr, user, sequence).await? {
        writes
    } else if is_new {
        Vec::new()
    } else {
        return Ok(None);
    };
    let condition = Condition::as_read(document);
    writes.push(Write::put(agenda::head_key(user), &head, condition));
    Ok(Some(writes))
}
