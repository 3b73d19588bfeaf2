//! Recording one event: the record, its body, and its place in the stories of the tasks it is about.

use std::collections::BTreeSet;

use dapr::consumer::{Effect, HandleError};
use dapr::{Condition, Dapr, DaprError, Document, Write};
use events::{Event, EventType, TaskRecurred};
use function::Function;

use crate::documents::{
    Head, STORY_CHUNK, Story, erasure_key, event_key, head_key, read, read_erasure,
    story_chunk_key, story_key,
};

/// Records an event, unless it is on record, or its person was erased since it happened. That notifications were read is
/// for open screens only: what ended them is on record, and who looked at what and when is nobody's business for ever.
pub(crate) async fn record<D: Dapr>(
    function: &Function<D>,
    event: &Event,
) -> Result<Effect, HandleError> {
    let (dapr, now) = (&function.dapr, function.now());
    if event.event_type == EventType::NotificationsRead {
        return Ok(Effect::ignored());
    }
    let user = event.user_id.as_str();
    let (key, erasure_key) = (head_key(user), erasure_key(user));
    let tasks = tasks(event)?;
    let mut keys = vec![
        key.clone(),
        event_key(user, event.event_id),
        erasure_key.clone(),
    ];
    for task in &tasks {
        // The story's documents as nearly all stories have them.
        keys.extend([story_key(user, task), story_chunk_key(user, task, 0)]);
    }
    let mut documents = dapr.get_many(&keys).await?.into_iter();
    let mut next = || documents.next().flatten();
    let (document, recorded, erasure) = (next(), next(), next());
    let erasure = read_erasure(&erasure_key, erasure.as_ref())?;
    let is_erased = erasure.is_some_and(|erasure| event.timestamp <= erasure.at);
    if recorded.is_some() || is_erased {
        return Ok(Effect::ignored());
    }
    let head: Head = read(&key, document.as_ref())?;
    let (mut writes, mut begins) = (Vec::new(), Vec::new());
    for task in &tasks {
        let found = (next(), next());
        if found.0.is_none() {
            begins.push(task.clone());
        }
        writes.extend(tell(dapr, user, task, found, head.number + 1).await?);
    }
    writes.extend(head.append(document.as_ref(), event, begins, now));
    Ok(writes.into())
}

/// Whose stories the event is part of: a task's own, and that of the occurrence that led to it.
fn tasks(event: &Event) -> Result<BTreeSet<String>, HandleError> {
    let mut tasks = BTreeSet::from([event.task_id.clone()]);
    if event.event_type == EventType::TaskRecurred {
        let payload: TaskRecurred = event.payload()?;
        tasks.insert(payload.from_task_id.to_string());
    }
    tasks.remove("");
    Ok(tasks)
}

/// Appends a record's number to a task's story, of which its own document and its first chunk were `found`.
async fn tell<D: Dapr>(
    dapr: &D,
    user: &str,
    task: &str,
    found: (Option<Document>, Option<Document>),
    number: u64,
) -> Result<[Write; 2], DaprError> {
    let (document, first_chunk) = found;
    let key = story_key(user, task);
    let mut story: Story = read(&key, document.as_ref())?;
    let chunk = story.records / STORY_CHUNK as u64;
    let chunk_key = story_chunk_key(user, task, chunk);
    let chunk_document = match chunk {
        0 => first_chunk,
        _ => dapr.get(&chunk_key).await?,
    };
    let mut numbers: Vec<u64> = read(&chunk_key, chunk_document.as_ref())?;
    numbers.push(number);
    story.records += 1;
    Ok([
        Write::put(key, &story, Condition::as_read(document.as_ref())),
        Write::put(
            chunk_key,
            &numbers,
            Condition::as_read(chunk_document.as_ref()),
        ),
    ])
}
