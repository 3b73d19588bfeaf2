//! What a person sees in the app: a list, the newest first, with marks of what was read.

use dapr::ordered::{Directory, Editor, Item, chunk_key, read_chunk};
use dapr::{Condition, Dapr, DaprError, Document, Json, Write};
use events::{NotificationDocument, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

/// The document `inbox/{user}`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Head {
    list: Directory,
    /// How many were not read.
    pub(crate) unread: u32,
    /// Everything up to this sort key counts as read.
    #[serde(default)]
    read_up_to: String,
}

/// A person's inbox, read to be changed.
pub(crate) struct Inbox {
    user: String,
    document: Option<Document>,
    head: Head,
}

/// The document that says where in the list a notification is.
#[derive(Serialize, Deserialize)]
struct Place {
    /// Its sort key.
    key: String,
}

fn prefix(user: &str) -> String {
    format!("inbox/{user}")
}

/// The key of a notification's [`Place`].
fn place_key(user: &str, id: Uuid) -> String {
    format!("notification/{user}/{id}")
}

fn sort_key(created_at: Timestamp, id: Uuid) -> String {
    format!("{}/{id}", created_at.utc().format("%Y%m%d%H%M%S%3f"))
}

impl Inbox {
    pub(crate) async fn read<D: Dapr>(dapr: &D, user: &str) -> Result<Self, DaprError> {
        let key = prefix(user);
        let document = dapr.get(&key).await?;
        let head = document
            .as_ref()
            .map(|document| document.read(&key))
            .transpose()?
            .unwrap_or_default();
        Ok(Self {
            user: user.to_owned(),
            document,
            head,
        })
    }

    pub(crate) fn unread(&self) -> u32 {
        self.head.unread
    }

    fn head_write(&self) -> Write {
        Write::put(
            prefix(&self.user),
            &self.head,
            Condition::as_read(self.document.as_ref()),
        )
    }

    /// The writes that put a new notification in.
    pub(crate) async fn add<D: Dapr>(
        mut self,
        dapr: &D,
        notification: &NotificationDocument,
    ) -> Result<Vec<Write>, DaprError> {
        self.head.unread += 1;
        self.insert(dapr, notification).await
    }

    /// The writes that put one back in which was read and lost; `None` when it is there.
    pub(crate) async fn put_back<D: Dapr>(
        self,
        dapr: &D,
        notification: &NotificationDocument,
    ) -> Result<Option<Vec<Write>>, DaprError> {
        let key = sort_key(notification.created_at, notification.id);
        match self.find(dapr, &key).await? {
            Some(_) => Ok(None),
            None => self.insert(dapr, notification).await.map(Some),
        }
    }

    async fn insert<D: Dapr>(
        mut self,
        dapr: &D,
        notification: &NotificationDocument,
    ) -> Result<Vec<Write>, DaprError> {
        let key = sort_key(notification.created_at, notification.id);
        let item = Item {
            key: key.clone(),
            value: Json::of(notification),
        };
        let mut writes = self.edit(dapr, &key, |editor| editor.insert(item)).await?;
        let place = place_key(&self.user, notification.id);
        writes.push(Write::put(place, &Place { key }, Condition::Any));
        writes.push(self.head_write());
        Ok(writes)
    }

    /// The writes that mark one as read; `None` when there is no such notification.
    pub(crate) async fn mark_read<D: Dapr>(
        mut self,
        dapr: &D,
        id: Uuid,
    ) -> Result<Option<Vec<Write>>, DaprError> {
        let Some(place) = dapr.get(&place_key(&self.user, id)).await? else {
            return Ok(None);
        };
        let Place { key } = place.read(&place_key(&self.user, id))?;
        let Some(item) = self.find(dapr, &key).await? else {
            return Ok(None);
        };
        let mut value = item.value.value();
        if value["read"] == true || key <= self.head.read_up_to {
            return Ok(Some(Vec::new()));
        }
        value["read"] = json!(true);
        let item = Item {
            key: key.clone(),
            value: Json::of(&value),
        };
        let mut writes = self.edit(dapr, &key, |editor| editor.insert(item)).await?;
        self.head.unread = self.head.unread.saturating_sub(1);
        writes.push(self.head_write());
        Ok(Some(writes))
    }

    /// The write that marks all as read.
    pub(crate) fn mark_all_read(mut self, now: Timestamp) -> Write {
        self.head.unread = 0;
        self.head.read_up_to = sort_key(now, Uuid::max());
        self.head_write()
    }

    /// Up to `limit` notifications before `cursor`, the newest first, and the cursor of the next page.
    pub(crate) async fn page<D: Dapr>(
        &self,
        dapr: &D,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<Value>, Option<String>), DaprError> {
        let prefix = prefix(&self.user);
        let mut items = Vec::new();
        for chunk in self.head.list.chunks().iter().rev() {
            if items.len() > limit {
                break;
            }
            if cursor.is_some_and(|cursor| chunk.first.as_str() >= cursor) {
                continue;
            }
            let document = dapr.get(&chunk_key(&prefix, chunk.number)).await?;
            let mut chunk = read_chunk(&prefix, chunk.number, document.as_ref())?;
            chunk.retain(|item| cursor.is_none_or(|cursor| item.key.as_str() < cursor));
            items.extend(chunk.into_iter().rev());
        }
        let further = items.len() > limit;
        items.truncate(limit);
        let next = items
            .last()
            .filter(|_| further)
            .map(|item| item.key.clone());
        let shown = items.into_iter().map(|item| {
            let mut value = item.value.value();
            if item.key <= self.head.read_up_to {
                value["read"] = json!(true);
            }
            value
        });
        Ok((shown.collect(), next))
    }

    async fn edit<D: Dapr>(
        &mut self,
        dapr: &D,
        key: &str,
        change: impl FnOnce(&mut Editor<'_>),
    ) -> Result<Vec<Write>, DaprError> {
        let prefix = prefix(&self.user);
        let numbers = self.head.list.needed([key]);
        let keys: Vec<String> = numbers
            .iter()
            .map(|&number| chunk_key(&prefix, number))
            .collect();
        let chunks = dapr.get_many(&keys).await?;
        let chunks = numbers.into_iter().zip(chunks);
        let mut editor = Editor::new(&prefix, &mut self.head.list, chunks)?;
        change(&mut editor);
        Ok(editor.writes())
    }

    async fn find<D: Dapr>(&self, dapr: &D, key: &str) -> Result<Option<Item>, DaprError> {
        let prefix = prefix(&self.user);
        for number in self.head.list.needed([key]) {
            let document = dapr.get(&chunk_key(&prefix, number)).await?;
            let chunk = read_chunk(&prefix, number, document.as_ref())?;
            if let Some(item) = chunk.into_iter().find(|item| item.key == key) {
                return Ok(Some(item));
            }
        }
        Ok(None)
    }
}
