//! `GET /api/tasks`: pages of the open and the completed tasks. Reading a page touches the chunks of that page.

mod filter;

use chrono::{DateTime, Utc};
use dapr::ordered::{Directory, Item, chunk_key, read_chunk};
use dapr::{Dapr, DaprError, Json};
use domain::UserId;
use http_api::{Problem, cursor_to_text};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub(crate) use filter::{Listing, Sort, Which};

use crate::head::{self, Head};
use crate::summary;

/// How often a list is read again because a command came between the head and the chunks.
const TRIES: u32 = 5;

/// Most chunks that are read at a time.
const MOST_CHUNKS: usize = 16;

/// Answers a listing.
pub(crate) async fn list<D: Dapr>(
    dapr: &D,
    user: &UserId,
    listing: &Listing,
    now: DateTime<Utc>,
) -> Result<Answer, Problem> {
    for _ in 0..TRIES {
        let document = dapr.get(&head::key(user)).await?;
        let head = Head::read(user, document.as_ref())?;
        let page = read_page(dapr, user, &head, listing, now).await?;
        let unchanged =
            dapr.get(&head::key(user)).await?.map(|now| now.etag) == document.map(|then| then.etag);
        if unchanged {
            return Ok(page.answer(listing, head.revision()));
        }
    }
    Err(Problem::unavailable(1))
}

/// What a listing is answered.
#[derive(Debug, Serialize)]
pub(crate) struct Answer {
    /// Summaries, as the lists keep them.
    items: Vec<Json>,
    pub(crate) next_cursor: Option<String>,
    revision: u64,
}

impl Answer {
    /// The tasks of the page.
    pub(crate) fn ids(&self) -> Vec<Uuid> {
        #[derive(Deserialize)]
        struct Id {
            id: Uuid,
        }
        let ids = self.items.iter().map(Json::read::<Id>);
        ids.flatten().map(|item| item.id).collect()
    }
}

struct Page {
    /// One more than the limit when there is a further page.
    items: Vec<Item>,
}

impl Page {
    fn answer(mut self, listing: &Listing, revision: u64) -> Answer {
        let further = self.items.len() > listing.paging.limit;
        self.items.truncate(listing.paging.limit);
        let next_cursor = self
            .items
            .last()
            .filter(|_| further)
            .map(|item| cursor_to_text(&item.key));
        Answer {
            items: self.items.into_iter().map(|item| item.value).collect(),
            next_cursor,
            revision,
        }
    }
}

async fn read_page<D: Dapr>(
    dapr: &D,
    user: &UserId,
    head: &Head,
    listing: &Listing,
    now: DateTime<Utc>,
) -> Result<Page, DaprError> {
    let mut found = Found {
        listing,
        now,
        items: Vec::new(),
    };
    match listing.which {
        Which::Open => {
            let prefix = head::open_prefix(user);
            found.read_open(dapr, &prefix, &head.open).await?;
        }
        Which::Completed => found.read_completed(dapr, user, head).await?,
    }
    Ok(Page {
        items: found.sorted(),
    })
}

struct Found<'a> {
    listing: &'a Listing,
    now: DateTime<Utc>,
    items: Vec<Item>,
}

impl Found<'_> {
    /// Whether the page is full. An order other than the list's own needs all items first.
    fn is_full(&self) -> bool {
        self.listing.sort == Sort::Due && self.items.len() > self.listing.paging.limit
    }

    async fn read_open<D: Dapr>(
        &mut self,
        dapr: &D,
        prefix: &str,
        directory: &Directory,
    ) -> Result<(), DaprError> {
        let range = self.listing.key_range(self.now);
        let from = match (&self.listing.paging.cursor, self.listing.sort) {
            (Some(cursor), Sort::Due) => cursor.clone().max(range.start),
            _ => range.start,
        };
        let start = directory.position(&from).unwrap_or(0);
        let chunks: Vec<u32> = directory.chunks()[start..]
            .iter()
            .take_while(|chunk| chunk.first < range.end)
            .map(|chunk| chunk.number)
            .collect();
        let (mut at, mut batch) = (0, 1);
        while at < chunks.len() && !self.is_full() {
            let numbers = &chunks[at..chunks.len().min(at + batch)];
            self.read_chunks(dapr, prefix, numbers, false).await?;
            at += numbers.len();
            batch = (batch * 2).min(MOST_CHUNKS);
        }
        Ok(())
    }

    /// The newest first: months backwards, and chunks backwards within a month.
    async fn read_completed<D: Dapr>(
        &mut self,
        dapr: &D,
        user: &UserId,
        head: &Head,
    ) -> Result<(), DaprError> {
        for month in head.done_months.iter().rev() {
            let prefix = head::done_prefix(user, month);
            let Some(document) = dapr.get(&prefix).await? else {
                continue;
            };
            let directory: Directory = document.read(&prefix)?;
            for chunk in directory.chunks().iter().rev() {
                if self.is_full() {
                    return Ok(());
                }
                self.read_chunks(dapr, &prefix, &[chunk.number], true)
                    .await?;
            }
        }
        Ok(())
    }

    async fn read_chunks<D: Dapr>(
        &mut self,
        dapr: &D,
        prefix: &str,
        numbers: &[u32],
        backwards: bool,
    ) -> Result<(), DaprError> {
        let keys: Vec<String> = numbers
            .iter()
            .map(|&number| chunk_key(prefix, number))
            .collect();
        for (&number, document) in numbers.iter().zip(dapr.get_many(&keys).await?) {
            let mut items = read_chunk(prefix, number, document.as_ref())?;
            if backwards {
                items.reverse();
            }
            let wanted = items
                .into_iter()
                .filter(|item| self.is_wanted(item, backwards));
            let wanted: Vec<Item> = wanted.collect();
            self.items.extend(wanted);
        }
        Ok(())
    }

    fn is_wanted(&self, item: &Item, backwards: bool) -> bool {
        let behind_cursor = match &self.listing.paging.cursor {
            Some(cursor) if self.listing.sort == Sort::Due => {
                if backwards {
                    item.key < *cursor
                } else {
                    item.key > *cursor
                }
            }
            _ => true,
        };
        behind_cursor && self.listing.matches(item, self.now)
    }

    fn sorted(self) -> Vec<Item> {
        let Self {
            listing, mut items, ..
        } = self;
        if listing.sort != Sort::Due {
            items = items
                .into_iter()
                .map(|item| Item {
                    key: format!("{}/{}", listing.sort.key(&item.value.value()), item.key),
                    value: item.value,
                })
                .filter(|item| {
                    listing
                        .paging
                        .cursor
                        .as_ref()
                        .is_none_or(|cursor| item.key > *cursor)
                })
                .collect();
            items.sort_by(|a, b| a.key.cmp(&b.key));
        }
        items
    }
}

/// The stretch of sort keys that a filter can match.
pub(crate) struct KeyRange {
    start: String,
    end: String,
}

impl KeyRange {
    pub(crate) fn all() -> Self {
        // "\u{7f}" sorts behind every key, also behind those without a due date.
        Self {
            start: String::new(),
            end: "\u{7f}".to_owned(),
        }
    }

    pub(crate) fn without_due() -> Self {
        Self {
            start: summary::NO_DUE.to_owned(),
            ..Self::all()
        }
    }

    pub(crate) fn between(start: Option<DateTime<Utc>>, end: DateTime<Utc>) -> Self {
        Self {
            start: start.map(summary::instant_key).unwrap_or_default(),
            end: summary::instant_key(end),
        }
    }
}
