//! Whether a person's head says right how far their events are.

use dapr::outbox::{OutboxHead, Relayed, relay_user};
use dapr::timetable::{self, Entry};
use dapr::{Condition, Dapr, DaprError, Write};
use function::Problem;

use super::{Checking, TRIES};
use crate::head;

impl<D: Dapr> Checking<'_, D> {
    /// The numbers of the person's events go on behind those on record.
    pub(super) async fn numbers(&mut self, recorded: u64) -> Result<(), Problem> {
        let key = head::key(self.user());
        for _ in 0..TRIES {
            let (mut head, document) = self.read_head().await?;
            let Some(detail) = head.outbox.misnumbered(recorded) else {
                return Ok(());
            };
            let (user, mut mended) = (self.user().as_str(), false);
            if self.repair {
                if head.outbox.relayed_to < head.outbox.sequence {
                    // What was made since the numbers were lost is told by those that it got.
                    relay_user(self.dapr, user, &key).await?;
                    continue;
                }
                head.outbox.renumber(self.dapr, user, recorded).await?;
                let condition = Condition::as_read(document.as_ref());
                let write = Write::put(key.as_str(), &head, condition);
                match self.dapr.transact(vec![write]).await {
                    Ok(()) => mended = true,
                    Err(DaprError::Conflict) => continue,
                    Err(error) => return Err(error.into()),
                }
            }
            self.report.find("misnumbered", key, detail, mended);
            return Ok(());
        }
        Ok(())
    }

    /// Events that nobody looks after.
    pub(super) async fn head(&mut self) -> Result<(), Problem> {
        let (head, _) = self.read_head().await?;
        let user = self.user().as_str();
        let key = head::key(self.user());
        self.report.checked += 1;
        let now = self.context.now;
        let unwatched = is_unwatched(self.dapr, user, &head.outbox, now).await?;
        let Some(detail) = unwatched else {
            return Ok(());
        };
        let mended = self.repair && relay_user(self.dapr, user, &key).await? == Relayed::All;
        self.report.find("unpublished-events", key, detail, mended);
        Ok(())
    }
}

/// Whether events wait in an outbox, and no look at it is planned.
async fn is_unwatched<D: Dapr>(
    dapr: &D,
    user: &str,
    outbox: &OutboxHead,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<Option<String>, DaprError> {
    if !outbox.unreadable.is_empty() {
        return Ok(Some(format!("can't be read: {:?}", outbox.unreadable)));
    }
    let waiting = dapr.get_many(&outbox.pending_keys(user)).await?;
    let waiting = waiting.iter().flatten().count();
    if waiting == 0 {
        return Ok(None);
    }
    let is_planned = match outbox.relay_at {
        // Ticks are about to look.
        Some(at) if (now - at.utc()).num_minutes() < 5 && at.utc() <= now => true,
        Some(at) if at.utc() > now => {
            timetable::is_planned(dapr, &Entry::new(at.utc(), user, user)).await?
        }
        _ => false,
    };
    Ok((!is_planned).then(|| format!("{waiting} events wait, and no look at them is planned")))
}
