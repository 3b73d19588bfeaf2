//! Whether a person's inbox counts right, and its notifications and messages can be found.

use std::time::Instant;

use dapr::check::{Check, Report, let_commands_in};
use dapr::ordered::{self, Checked, Reading};
use dapr::{Dapr, DaprError, Write};
use function::Problem;

use crate::delivery;
use crate::inbox::{self, Inbox};

/// How often a mend tries again when others change the same inbox.
const TRIES: u32 = 12;

/// A check of one person's inbox, which is never longer than one request can walk.
pub(crate) struct Checking<'a, D> {
    pub(crate) dapr: &'a D,
    pub(crate) user: &'a str,
    pub(crate) now: chrono::DateTime<chrono::Utc>,
    pub(crate) repair: bool,
}

impl<D: Dapr> Checking<'_, D> {
    /// Checks the inbox. Tasks that are named have nothing here that is not in it.
    ///
    /// # Errors
    /// What the store answered.
    pub(crate) async fn run(&self, check: &Check) -> Result<Report, Problem> {
        let mut report = Report::default();
        if check.task_ids.is_empty() {
            self.chunks(&mut report).await?;
            self.items(&mut report).await?;
        }
        Ok(report)
    }

    async fn chunks(&self, report: &mut Report) -> Result<(), Problem> {
        let prefix = inbox::prefix(self.user);
        let mut at = 0;
        loop {
            let inbox = Inbox::read(self.dapr, self.user).await?;
            let checked = ordered::check_chunk(self.dapr, &prefix, inbox.list(), at).await?;
            let Some(Checked { fault, .. }) = checked else {
                break;
            };
            if fault.is_some() && Inbox::read(self.dapr, self.user).await?.list() != inbox.list() {
                // Somebody changed the list between the two reads.
                continue;
            }
            at += 1;
            let Some(fault) = fault else { continue };
            let mended = self.repair
                && self
                    .change(async |inbox| inbox.mend_chunk(self.dapr, fault.number).await)
                    .await?;
            let place = ordered::chunk_key(&prefix, fault.number);
            report.find("list-chunk", place, fault.what, mended);
            if mended {
                // What was left of it has gone into others.
                at -= 1;
            }
        }
        let mut forgotten = Vec::new();
        for _ in 0..TRIES {
            let inbox = Inbox::read(self.dapr, self.user).await?;
            forgotten = ordered::forgotten_chunks(self.dapr, &prefix, inbox.list()).await?;
            if forgotten.is_empty()
                || Inbox::read(self.dapr, self.user).await?.list() == inbox.list()
            {
                break;
            }
            // A chunk may have been added meanwhile.
            forgotten.clear();
        }
        // The last one first: new chunks get numbers behind it.
        for number in forgotten.into_iter().rev() {
            let key = ordered::chunk_key(&prefix, number);
            let mended = self.repair
                && self
                    .change(async |inbox| inbox.mend_forgotten(self.dapr, number).await)
                    .await?;
            let detail = "the directory does not lead to it";
            report.find("forgotten-chunk", key, detail, mended);
        }
        Ok(())
    }

    async fn items(&self, report: &mut Report) -> Result<(), Problem> {
        let read = async |inbox: &Inbox, reading: &Reading<'_, D>| {
            Ok((inbox.clone(), inbox.all(reading).await?))
        };
        let (inbox, items) = match Inbox::read_settled(self.dapr, self.user, read).await {
            Ok(found) => found,
            // It was found above, and could not be mended.
            Err(DaprError::Corrupt { .. }) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        let unread = items.iter().filter(|item| inbox.is_unread(item)).count();
        if unread != inbox.unread() as usize {
            let detail = format!("it says {} unread, and has {unread}", inbox.unread());
            let mended = self.repair
                && self
                    .change(async |inbox| inbox.count_unread(self.dapr).await)
                    .await?;
            let prefix = inbox::prefix(self.user);
            report.find("unread-count", prefix, detail, mended);
        }
        for item in items {
            report.checked += 1;
            if let Some(write) = inbox.missing_place(self.dapr, &item).await? {
                let key = write.key.clone();
                if self.repair {
                    self.dapr.transact(vec![write]).await?;
                }
                let detail = "its id does not lead to it";
                report.find("place", key, detail, self.repair);
            }
            let found = delivery::check(self.dapr, self.user, &item, self.now, self.repair).await?;
            if let Some((key, detail, mended)) = found {
                report.find("unplanned", key, detail, mended);
            }
        }
        Ok(())
    }

    async fn change(
        &self,
        change: impl AsyncFn(Inbox) -> Result<Vec<Write>, DaprError>,
    ) -> Result<bool, DaprError> {
        let began = Instant::now();
        for _ in 0..TRIES {
            let writes = change(Inbox::read(self.dapr, self.user).await?).await?;
            match self.dapr.transact(writes).await {
                Ok(()) => {
                    let_commands_in(self.dapr, began).await;
                    return Ok(true);
                }
                Err(DaprError::Conflict) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(false)
    }
}
