//! What a person sees in the app: a list, the newest first, with marks of what was read.

use std::ops::{Bound, ControlFlow};

use chrono::{DateTime, Utc};
use dapr::erase::Tombstone;
use dapr::ordered::{self, CHUNK_ITEMS, Change, Directory, Forgotten, Item, Order, Reading};
use dapr::{Condition, Dapr, DaprError, Document, Json, Write};
use events::{NotificationDocument, Timestamp, UnknownFields};
use function::{Pace, Rate};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

/// How many notifications are kept of a person; the oldest end when there are more.
const MOST_KEPT: u32 = 2_000;

/// How many end at a time: a chunk's worth, so that not every new one has to end an old one.
const ENDED_AT_ONCE: usize = CHUNK_ITEMS;

/// The document `inbox/{user}`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Head {
    list: Directory,
    /// How many were not read.
    pub(crate) unread: u32,
    /// Everything up to this sort key counts as read.
    #[serde(default)]
    read_up_to: String,
    /// How much of the mails that a person is sent at a time is used up.
    #[serde(default, skip_serializing_if = "Pace::is_unused")]
    mails: Pace,
    /// Set when everything of the person is erased.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    erased: Option<Tombstone>,
    /// What a newer version says besides.
    #[serde(flatten)]
    unknown: UnknownFields,
}

/// A person's inbox, read to be changed.
#[derive(Clone)]
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

/// What the inbox itself has to know of a notification.
#[derive(Deserialize)]
struct Kept {
    id: Uuid,
    #[serde(default)]
    read: bool,
}

/// What marks notifications as read.
#[derive(Default)]
struct Marks {
    changes: Vec<Change>,
    /// Those that were not before.
    ids: Vec<Uuid>,
    /// How many are there at all.
    found: usize,
}

/// The prefix of the list's chunks, and the key of the inbox's own document.
pub(crate) fn prefix(user: &str) -> String {
    format!("inbox/{user}")
}

/// The key of a notification's [`Place`].
pub(crate) fn place_key(user: &str, id: Uuid) -> String {
    format!("notification/{user}/{id}")
}

fn sort_key(created_at: Timestamp, id: Uuid) -> String {
    format!("{}/{id}", created_at.utc().format("%Y%m%d%H%M%S%3f"))
}

impl Inbox {
    pub(crate) async fn read<D: Dapr>(dapr: &D, user: &str) -> Result<Self, DaprError> {
        let document = dapr.get(&prefix(user)).await?;
        Self::of(user, document)
    }

    fn of(user: &str, document: Option<Document>) -> Result<Self, DaprError> {
        let key = prefix(user);
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

    /// Reads something of an inbox as it is at one moment.
    pub(crate) async fn read_settled<D: Dapr, T>(
        dapr: &D,
        user: &str,
        read: impl AsyncFn(&Self, &Reading<'_, D>) -> Result<T, DaprError>,
    ) -> Result<T, DaprError> {
        let parse = |document: Option<&Document>| Self::of(user, document.cloned());
        ordered::read_settled(dapr, &prefix(user), parse, read).await
    }

    pub(crate) fn unread(&self) -> u32 {
        self.head.unread
    }

    /// Where the list's chunks are.
    pub(crate) fn list(&self) -> &Directory {
        &self.head.list
    }

    /// All notifications, the oldest first.
    pub(crate) async fn all<D: Dapr>(
        &self,
        reading: &Reading<'_, D>,
    ) -> Result<Vec<Item>, DaprError> {
        let (prefix, mut items) = (prefix(&self.user), Vec::new());
        let (all, order) = ((Bound::Unbounded, Bound::Unbounded), Order::Ascending);
        let take = |item| {
            items.push(item);
            ControlFlow::Continue(())
        };
        reading
            .scan(&prefix, &self.head.list, all, order, take)
            .await?;
        Ok(items)
    }

    /// Whether the notification of an item was not read.
    pub(crate) fn is_unread(&self, item: &Item) -> bool {
        let is_read = item.value.read::<Kept>().is_ok_and(|kept| kept.read);
        !is_read && item.key > self.head.read_up_to
    }

    /// Whether the person was erased, and nothing of theirs is to come back at `now`.
    pub(crate) fn is_erased(&self, now: DateTime<Utc>) -> bool {
        Tombstone::holds(self.head.erased, now)
    }

    /// The ids of some of the notifications and the writes that remove them; `None` once nothing is left but the tombstone.
    pub(crate) async fn erase<D: Dapr>(
        mut self,
        dapr: &D,
        tombstone: Tombstone,
    ) -> Result<Option<(Vec<Uuid>, Vec<Write>)>, DaprError> {
        let (prefix, mut list) = (prefix(&self.user), std::mem::take(&mut self.head.list));
        let taken = ordered::erase(dapr, &prefix, &mut list).await?;
        let erased = Head {
            list,
            erased: Some(tombstone),
            ..Head::default()
        };
        if taken.is_none() && self.head == erased {
            return Ok(None);
        }
        self.head = erased;
        let ordered::Taken { items, mut writes } = taken.unwrap_or_default();
        let ids = items.iter().filter_map(|item| {
            let id = item.key.rsplit('/').next()?;
            Uuid::try_parse(id).ok()
        });
        writes.push(self.head_write());
        Ok(Some((ids.collect(), writes)))
    }

    /// The writes that put what can be read of a chunk where it belongs.
    pub(crate) async fn mend_chunk<D: Dapr>(
        mut self,
        dapr: &D,
        number: u32,
    ) -> Result<Vec<Write>, DaprError> {
        let (prefix, list) = (prefix(&self.user), &mut self.head.list);
        let mut writes = ordered::mend_chunk(dapr, &prefix, list, number)
            .await?
            .writes;
        writes.push(self.head_write());
        Ok(writes)
    }

    /// The writes that put the notifications of a chunk in again which the directory does not lead to. Those of a person who
    /// was erased go.
    pub(crate) async fn mend_forgotten<D: Dapr>(
        mut self,
        dapr: &D,
        number: u32,
    ) -> Result<Vec<Write>, DaprError> {
        let what = match self.head.erased {
            Some(_) => Forgotten::Drop,
            None => Forgotten::Adopt,
        };
        let (prefix, list) = (prefix(&self.user), &mut self.head.list);
        let mut writes = ordered::mend_forgotten(dapr, &prefix, list, number, what)
            .await?
            .writes;
        writes.push(self.head_write());
        Ok(writes)
    }

    /// The write that counts anew how many were not read.
    pub(crate) async fn count_unread<D: Dapr>(mut self, dapr: &D) -> Result<Vec<Write>, DaprError> {
        let (prefix, all) = (prefix(&self.user), (Bound::Unbounded, Bound::Unbounded));
        let mut unread = 0;
        let count = |item: Item| {
            unread += u32::from(self.is_unread(&item));
            ControlFlow::Continue(())
        };
        ordered::scan(dapr, &prefix, &self.head.list, all, Order::Ascending, count).await?;
        self.head.unread = unread;
        Ok(vec![self.head_write()])
    }

    /// The write of the document that leads from a notification's id to the list, if that does not.
    pub(crate) async fn missing_place<D: Dapr>(
        &self,
        dapr: &D,
        item: &Item,
    ) -> Result<Option<Write>, DaprError> {
        let Ok(kept) = item.value.read::<Kept>() else {
            return Ok(None);
        };
        let place_key = place_key(&self.user, kept.id);
        let stored = dapr.get(&place_key).await?;
        let stored = stored.and_then(|document| document.read::<Place>(&place_key).ok());
        if stored.is_some_and(|place| place.key == item.key) {
            return Ok(None);
        }
        let place = Place {
            key: item.key.clone(),
        };
        Ok(Some(Write::put(place_key, &place, Condition::Any)))
    }

    fn head_write(&self) -> Write {
        Write::put(
            prefix(&self.user),
            &self.head,
            Condition::as_read(self.document.as_ref()),
        )
    }

    /// Whether one more mail may be sent at `now`; counts it.
    pub(crate) fn takes_mail(&mut self, rate: Rate, now: DateTime<Utc>) -> bool {
        self.head.mails.take(rate, now).is_ok()
    }

    /// The writes that put a new notification in and mark others as read; which of those were not before.
    pub(crate) async fn add<D: Dapr>(
        mut self,
        dapr: &D,
        notification: &NotificationDocument,
        over: &[Uuid],
    ) -> Result<(Vec<Write>, Vec<Uuid>), DaprError> {
        let marks = self.marks(dapr, None, over).await?;
        self.head.unread += u32::from(!notification.read);
        let writes = self.insert(dapr, notification, marks.changes).await?;
        Ok((writes, marks.ids))
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
            None => self.insert(dapr, notification, Vec::new()).await.map(Some),
        }
    }

    async fn insert<D: Dapr>(
        mut self,
        dapr: &D,
        notification: &NotificationDocument,
        mut changes: Vec<Change>,
    ) -> Result<Vec<Write>, DaprError> {
        let key = sort_key(notification.created_at, notification.id);
        let item = Item {
            key: key.clone(),
            value: Json::of(notification),
        };
        let mut ended = self.ended(dapr).await?;
        // What has just been marked stays until the next ones end.
        ended.retain(|item| {
            let mut changed = changes.iter();
            changed.all(|change| !matches!(change, Change::Put(put) if put.key == item.key))
        });
        changes.push(Change::Put(item));
        changes.extend(ended.iter().map(|item| Change::Remove(item.key.clone())));
        self.head.erased = None;
        let mut writes = self.edit(dapr, &changes).await?;
        for item in ended {
            self.forget(&item, &mut writes);
        }
        let place = place_key(&self.user, notification.id);
        writes.push(Write::put(place, &Place { key }, Condition::Any));
        writes.push(self.head_write());
        Ok(writes)
    }

    /// The oldest notifications, where there are more than are kept: a chunk of them at a time.
    async fn ended<D: Dapr>(&self, dapr: &D) -> Result<Vec<Item>, DaprError> {
        let mut ended = Vec::new();
        if self.head.list.len() < MOST_KEPT {
            return Ok(ended);
        }
        let (prefix, all) = (prefix(&self.user), (Bound::Unbounded, Bound::Unbounded));
        ordered::scan(
            dapr,
            &prefix,
            &self.head.list,
            all,
            Order::Ascending,
            |item| {
                ended.push(item);
                match ended.len() < ENDED_AT_ONCE {
                    true => ControlFlow::Continue(()),
                    false => ControlFlow::Break(()),
                }
            },
        )
        .await?;
        Ok(ended)
    }

    /// What else is kept of a notification that ends.
    fn forget(&mut self, item: &Item, writes: &mut Vec<Write>) {
        if self.is_unread(item) {
            self.head.unread = self.head.unread.saturating_sub(1);
        }
        if let Ok(ended) = item.value.read::<Kept>() {
            let place = place_key(&self.user, ended.id);
            writes.push(Write::delete(place, Condition::Any));
        }
    }

    /// The writes that mark one as read, and whether it was not before; `None` when there is no such notification.
    pub(crate) async fn mark_read<D: Dapr>(
        mut self,
        dapr: &D,
        reading: &Reading<'_, D>,
        id: Uuid,
    ) -> Result<Option<(Vec<Write>, Vec<Uuid>)>, DaprError> {
        let marks = self.marks(dapr, Some(reading), &[id]).await?;
        if marks.found == 0 {
            return Ok(None);
        }
        if marks.ids.is_empty() {
            return Ok(Some((Vec::new(), marks.ids)));
        }
        let mut writes = self.edit(dapr, &marks.changes).await?;
        writes.push(self.head_write());
        Ok(Some((writes, marks.ids)))
    }

    /// The writes that mark those of some notifications as read that are there, and which were not before. The inbox's own
    /// document is written in any case.
    pub(crate) async fn silence<D: Dapr>(
        mut self,
        dapr: &D,
        ids: &[Uuid],
    ) -> Result<(Vec<Write>, Vec<Uuid>), DaprError> {
        let marks = self.marks(dapr, None, ids).await?;
        let mut writes = match marks.changes.is_empty() {
            true => Vec::new(),
            false => self.edit(dapr, &marks.changes).await?,
        };
        writes.push(self.head_write());
        Ok((writes, marks.ids))
    }

    /// The changes that mark notifications as read; they count as read from here on. Without a `reading` it is for those who
    /// write what comes of it on condition that the inbox is unchanged.
    async fn marks<D: Dapr>(
        &mut self,
        dapr: &D,
        reading: Option<&Reading<'_, D>>,
        ids: &[Uuid],
    ) -> Result<Marks, DaprError> {
        let mut marks = Marks::default();
        let keys: Vec<String> = ids.iter().map(|id| place_key(&self.user, *id)).collect();
        let places = dapr.get_many(&keys).await?;
        for ((id, place_key), place) in ids.iter().zip(&keys).zip(places) {
            let Some(place) = place else { continue };
            let Place { key } = place.read(place_key)?;
            let item = match reading {
                Some(reading) => {
                    let prefix = prefix(&self.user);
                    reading.find(&prefix, &self.head.list, &key).await?
                }
                None => self.find(dapr, &key).await?,
            };
            let Some(item) = item else { continue };
            marks.found += 1;
            if !self.is_unread(&item) {
                continue;
            }
            let mut value = item.value.value();
            value["read"] = json!(true);
            let value = Json::of(&value);
            marks.changes.push(Change::Put(Item { key, value }));
            marks.ids.push(*id);
            self.head.unread = self.head.unread.saturating_sub(1);
        }
        Ok(marks)
    }

    /// The write that marks all as read, and which were not before.
    pub(crate) async fn mark_all_read<D: Dapr>(
        mut self,
        reading: &Reading<'_, D>,
        now: Timestamp,
    ) -> Result<(Write, Vec<Uuid>), DaprError> {
        let items = self.all(reading).await?;
        let unread = items.iter().filter(|item| self.is_unread(item));
        let ids = unread.filter_map(|item| item.value.read::<Kept>().ok());
        let ids = ids.map(|kept| kept.id).collect();
        self.head.unread = 0;
        self.head.read_up_to = sort_key(now, Uuid::max());
        Ok((self.head_write(), ids))
    }

    /// Whether a notification is there and was read.
    pub(crate) async fn was_read<D: Dapr>(
        &self,
        reading: &Reading<'_, D>,
        notification: &NotificationDocument,
    ) -> Result<bool, DaprError> {
        let key = sort_key(notification.created_at, notification.id);
        let item = reading
            .find(&prefix(&self.user), &self.head.list, &key)
            .await?;
        Ok(item.is_some_and(|item| !self.is_unread(&item)))
    }

    /// Up to `limit` notifications before `cursor`, the newest first, and the cursor of the next page.
    pub(crate) async fn page<D: Dapr>(
        &self,
        reading: &Reading<'_, D>,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<Value>, Option<String>), DaprError> {
        let range = (
            Bound::Unbounded,
            cursor.map_or(Bound::Unbounded, Bound::Excluded),
        );
        let (prefix, mut items) = (prefix(&self.user), Vec::new());
        let take = |item| {
            items.push(item);
            match items.len() > limit {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        };
        let (list, order) = (&self.head.list, Order::Descending);
        reading.scan(&prefix, list, range, order, take).await?;
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
        changes: &[Change],
    ) -> Result<Vec<Write>, DaprError> {
        let (prefix, list) = (prefix(&self.user), &mut self.head.list);
        let edited = ordered::edit(dapr, &prefix, list, changes, &[]).await?;
        edited.warn_of_drift("the inbox", &self.user);
        Ok(edited.writes)
    }

    async fn find<D: Dapr>(&self, dapr: &D, key: &str) -> Result<Option<Item>, DaprError> {
        ordered::find(dapr, &prefix(&self.user), &self.head.list, key).await
    }
}
