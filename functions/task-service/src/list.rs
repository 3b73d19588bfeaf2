//! `GET /api/tasks`: pages of the open and the completed tasks. Reading a page touches the chunks of that page.

mod filter;
mod key_range;

use std::ops::{Bound, ControlFlow};

use api::task;
use chrono::{DateTime, Utc};
use dapr::ordered::{self, Item, Order, Reading};
use dapr::{Dapr, DaprError, Document, Json};
use domain::UserId;
use function::{Problem, cursor_to_text};
use serde::Deserialize;
use uuid::Uuid;

pub(crate) use filter::{Listing, Sort, Which};
use key_range::KeyRange;

use crate::head::{self, Head};

/// Most bytes of summaries in one answer, but for a single one that has more: real Dapr passes on answers up to 4 MiB.
const MOST_BYTES: usize = 1024 * 1024;

/// After how many tasks a page ends, however few of them were asked for: a search goes on behind its cursor.
const MOST_LOOKED_AT: usize = 16_384;

/// Answers a listing.
pub(crate) async fn list<D: Dapr>(
    dapr: &D,
    user: &UserId,
    listing: &Listing,
    now: DateTime<Utc>,
) -> Result<Answer, Problem> {
    let key = head::key(user);
    let parse = |document: Option<&Document>| Head::read(user, document);
    let read = async |head: &Head, reading: &Reading<'_, D>| {
        let page = read_page(reading, user, head, listing, now).await?;
        Ok(page.answer(head.revision()))
    };
    Ok(ordered::read_settled(dapr, &key, parse, read).await?)
}

/// What a listing is answered: summaries, as the lists keep them.
pub(crate) type Answer = task::Page<Json>;

/// The ids of the tasks of a page.
pub(crate) fn ids(page: &Answer) -> Vec<Uuid> {
    #[derive(Deserialize)]
    struct Id {
        id: Uuid,
    }
    let ids = page.items.iter().map(Json::read::<Id>);
    ids.flatten().map(|item| item.id).collect()
}

/// What was found, and how much of it fits.
struct Page<'a> {
    listing: &'a Listing,
    now: DateTime<Utc>,
    items: Vec<Item>,
    bytes: usize,
    looked_at: usize,
    /// The key behind which there is more.
    further: Option<String>,
}

async fn read_page<'a, D: Dapr>(
    reading: &Reading<'_, D>,
    user: &UserId,
    head: &Head,
    listing: &'a Listing,
    now: DateTime<Utc>,
) -> Result<Page<'a>, DaprError> {
    let mut page = Page {
        listing,
        now,
        items: Vec::new(),
        bytes: 0,
        looked_at: 0,
        further: None,
    };
    match listing.which {
        Which::Open => page.read_open(reading, user, head).await?,
        Which::Completed => page.read_completed(reading, user, head).await?,
    }
    page.sort();
    Ok(page)
}

impl Page<'_> {
    fn answer(self, revision: u64) -> Answer {
        Answer {
            items: self.items.into_iter().map(|item| item.value).collect(),
            next_cursor: self.further.as_deref().map(cursor_to_text),
            revision,
        }
    }

    /// Whether the list's own order is asked for, so that the first items are those of the page.
    fn is_in_order(&self) -> bool {
        self.listing.sort == Sort::Due
    }

    fn cursor(&self) -> Option<&str> {
        self.listing.paging.cursor.as_deref()
    }

    async fn read_open<D: Dapr>(
        &mut self,
        reading: &Reading<'_, D>,
        user: &UserId,
        head: &Head,
    ) -> Result<(), DaprError> {
        let KeyRange { start, end } = self.listing.key_range(self.now);
        let cursor = self
            .cursor()
            .filter(|cursor| self.is_in_order() && **cursor >= *start);
        let from = cursor.map_or(Bound::Included(start.as_str()), Bound::Excluded);
        let (from, to) = (from.map(str::to_owned), Bound::Excluded(end.as_str()));
        let range = (from.as_ref().map(String::as_str), to);
        let prefix = head::open_prefix(user);
        let take = |item| self.take(item);
        let order = Order::Ascending;
        reading.scan(&prefix, &head.open, range, order, take).await
    }

    /// The newest first: months backwards, and backwards within a month.
    async fn read_completed<D: Dapr>(
        &mut self,
        reading: &Reading<'_, D>,
        user: &UserId,
        head: &Head,
    ) -> Result<(), DaprError> {
        let cursor = self
            .cursor()
            .filter(|_| self.is_in_order())
            .map(str::to_owned);
        let range = (
            Bound::Unbounded,
            cursor.as_deref().map_or(Bound::Unbounded, Bound::Excluded),
        );
        for month in head.done_months.iter().rev() {
            // Sort keys begin with year and month.
            let begins_with = month.replace('-', "");
            if cursor
                .as_deref()
                .is_some_and(|cursor| *cursor <= *begins_with)
            {
                continue;
            }
            let prefix = head::done_prefix(user, month);
            let Some(directory) = reading.directory(&prefix, head.done_edits).await? else {
                continue;
            };
            let (take, order) = (|item| self.take(item), Order::Descending);
            reading
                .scan(&prefix, &directory, range, order, take)
                .await?;
            if self.further.is_some() {
                break;
            }
        }
        Ok(())
    }

    /// Takes an item in, if it is asked for, and says whether the page wants more.
    fn take(&mut self, item: Item) -> ControlFlow<()> {
        self.looked_at += 1;
        let key = item.key.clone();
        if self.listing.matches(&item, self.now) {
            let item = self.sorted(item);
            let is_behind =
                self.is_in_order() || self.cursor().is_none_or(|cursor| *item.key > *cursor);
            if is_behind {
                self.bytes += item.value.text().len();
                self.items.push(item);
            }
        }
        if !self.is_in_order() {
            // All have to be looked at; only those of the page are kept.
            if self.items.len() > 4 * self.listing.paging.limit {
                self.sort();
            }
            return ControlFlow::Continue(());
        }
        if self.is_too_much() {
            self.items.pop();
            self.further = self.items.last().map(|item| item.key.clone());
            return ControlFlow::Break(());
        }
        if self.looked_at == MOST_LOOKED_AT {
            self.further = Some(key);
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }

    /// Whether the last item is one more than the page takes. It takes one, however large.
    fn is_too_much(&self) -> bool {
        let limit = self.listing.paging.limit;
        self.items.len() > limit || (self.bytes > MOST_BYTES && self.items.len() > 1)
    }

    /// The item under the key of the order that is asked for.
    fn sorted(&self, item: Item) -> Item {
        let sort = self.listing.sort;
        match self.is_in_order() {
            true => item,
            false => Item {
                key: format!("{}/{}", sort.key(&item.value.value()), item.key),
                value: item.value,
            },
        }
    }

    /// Keeps the first items in an order other than the list's own, as many as fit.
    fn sort(&mut self) {
        if self.is_in_order() {
            return;
        }
        self.items.sort_by(|a, b| a.key.cmp(&b.key));
        self.bytes = 0;
        let limit = self.listing.paging.limit;
        let fits = self.items.iter().take(limit).take_while(|item| {
            self.bytes += item.value.text().len();
            self.bytes <= MOST_BYTES
        });
        let fitting = fits.count().max(1);
        if self.items.len() > fitting {
            self.items.truncate(fitting);
            self.further = self.items.last().map(|item| item.key.clone());
        }
    }
}
