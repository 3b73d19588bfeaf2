//! What must be true in the end, seen from outside.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::record::{Kind, Known, Record, State};
use crate::{MailServer, PATIENCE, Person, Task, eventually, task};

/// How long everything may take to become as it must be, once nothing is broken any more.
pub const SETTLE_LIMIT: Duration = PATIENCE.saturating_mul(2);

/// The title of the task that is created after everything else.
const MARKER: &str = "Marker";
/// How often a person looks.
const PAUSE: Duration = Duration::from_millis(500);

/// How long it took until everything was as it must be.
#[derive(Debug)]
pub struct Settled {
    /// So long.
    pub after: Duration,
    /// What was the last to become so.
    pub last: Option<String>,
}

impl fmt::Display for Settled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "all is right after {:.1?}", self.after)?;
        match &self.last {
            Some(last) => write!(f, "; until then: {last}"),
            None => Ok(()),
        }
    }
}

/// Waits until everything is as it must be, lets something later happen, and looks again: nothing may come on top. Returns
/// how long the first took.
///
/// # Panics
/// With the first thing that is not as it must be.
pub async fn check_in_the_end(person: &Person, record: &Record, mail: &MailServer) -> Settled {
    let person = &person.patient();
    let settled = comes_true(person, record, mail).await;
    let marker = person.creates(task(MARKER).reminded_in(2)).await;
    eventually("the marker's reminder", async || {
        let inbox = person.inbox().await;
        let told = inbox.iter().any(|item| item["task_id"] == marker.id());
        told.then_some(())
    })
    .await;
    comes_true(person, record, mail).await;
    settled
}

async fn comes_true(person: &Person, record: &Record, mail: &MailServer) -> Settled {
    let (begun, mut last) = (Instant::now(), None);
    while let Err(wrong) = look(person, record, mail).await {
        assert!(begun.elapsed() < SETTLE_LIMIT, "{}: {wrong}", person.name());
        last = Some(wrong);
        tokio::time::sleep(PAUSE).await;
    }
    Settled {
        after: begun.elapsed(),
        last,
    }
}

/// Looks at everything once.
async fn look(person: &Person, record: &Record, mail: &MailServer) -> Result<(), String> {
    let shown = Shown::of(person).await;
    for known in &record.known {
        shown.has(known)?;
    }
    shown.has_nothing_else(record)?;
    shown.is_on_record(record)?;
    shown.was_told()?;
    if shown.wants_mail {
        shown.was_mailed(person, mail)?;
    }
    let verified = person.verifies_history().await;
    check(verified["valid"] == true, || {
        format!("the chain is broken: {verified}")
    })
}

fn check(holds: bool, wrong: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(wrong()) }
}

/// What Nudge shows a person.
struct Shown {
    open: Vec<Task>,
    completed: Vec<Task>,
    revision: u64,
    history: Vec<Value>,
    inbox: Vec<Value>,
    wants_mail: bool,
}

impl Shown {
    async fn of(person: &Person) -> Self {
        let listed = person.gets("/api/tasks?limit=1").await.expect(200).json();
        let preferences = person.gets("/api/preferences").await.expect(200).json();
        Self {
            open: person.lists("status=open").await,
            completed: person.lists("status=completed").await,
            revision: listed["revision"].as_u64().expect("a revision"),
            history: person.history().await,
            inbox: person.inbox().await,
            wants_mail: preferences["email"]["enabled"] == true,
        }
    }

    /// An acknowledged task is as its last acknowledged command left it, and comes again as it should.
    fn has(&self, known: &Known) -> Result<(), String> {
        let count = |tasks: &[Task]| tasks.iter().filter(|task| task.id() == known.id).count();
        let expected = match known.state {
            State::Open => (1, 0),
            State::Completed => (0, 1),
            State::Deleted => (0, 0),
        };
        let found = (count(&self.open), count(&self.completed));
        check(found == expected, || {
            format!("open and completed {found:?} times instead of {expected:?}: {known:?}")
        })?;
        if known.kind != Kind::Recurring {
            return Ok(());
        }
        let next: Vec<&Task> = self
            .open
            .iter()
            .filter(|task| task.text("/title") == known.title && task.id() != known.id)
            .collect();
        let expected = usize::from(known.state == State::Completed);
        check(next.len() == expected, || {
            format!(
                "{} next occurrences instead of {expected} of {known:?}: {next:?}",
                next.len()
            )
        })?;
        check(next.iter().all(|task| task.due() == "2031-01-02"), || {
            format!("{next:?}")
        })
    }

    /// Every task that is shown was asked for, and what was in doubt happened at most once.
    fn has_nothing_else(&self, record: &Record) -> Result<(), String> {
        let ids: BTreeSet<&str> = record.known.iter().map(|known| known.id.as_str()).collect();
        let recurring: BTreeSet<&str> = record
            .known
            .iter()
            .filter(|known| known.kind == Kind::Recurring)
            .map(|known| known.title.as_str())
            .collect();
        let mut others: BTreeMap<&str, usize> = BTreeMap::new();
        for task in self.open.iter().chain(&self.completed) {
            if !ids.contains(task.id()) && !recurring.contains(task.text("/title")) {
                *others.entry(task.text("/title")).or_default() += 1;
            }
        }
        others.remove(MARKER);
        for (title, count) in others {
            let in_doubt = record.in_doubt.iter().any(|(other, _)| other == title);
            check(in_doubt && count == 1, || {
                format!("{count} tasks called {title:?}")
            })?;
        }
        Ok(())
    }

    fn events<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Value> {
        self.history
            .iter()
            .filter(move |item| item["event_type"] == kind)
    }

    fn is_on_record(&self, record: &Record) -> Result<(), String> {
        self.has_every_number_once()?;
        for known in &record.known {
            let deleted = usize::from(known.state == State::Deleted);
            for (kind, expected) in [
                ("TASK_CREATED", 1),
                ("TASK_UPDATED", known.updated),
                ("TASK_COMPLETED", known.completed),
                ("TASK_REOPENED", known.reopened),
                ("TASK_DELETED", deleted),
            ] {
                let found = self
                    .events(kind)
                    .filter(|item| item["task_id"] == *known.id)
                    .count();
                check(found == expected, || {
                    format!("{kind} is on record {found} times instead of {expected}: {known:?}")
                })?;
            }
            let recurred = self
                .events("TASK_RECURRED")
                .filter(|item| item["payload"]["from_task_id"] == *known.id)
                .count();
            let expected = if known.kind == Kind::Recurring {
                known.completed
            } else {
                0
            };
            check(recurred == expected, || {
                format!("it recurred {recurred} times instead of {expected}: {known:?}")
            })?;
        }
        for (title, _) in &record.in_doubt {
            let made = self
                .events("TASK_CREATED")
                .filter(|item| item["payload"]["task"]["title"] == **title)
                .count();
            let shown = self
                .open
                .iter()
                .filter(|task| task.text("/title") == title)
                .count();
            check(made == shown, || {
                format!("{title:?} was created {made} times and is shown {shown} times")
            })?;
        }
        Ok(())
    }

    /// The task service numbers its events from 1 to the revision; records are numbered likewise; no event comes twice.
    fn has_every_number_once(&self) -> Result<(), String> {
        let numbers = self
            .history
            .iter()
            .filter_map(|item| item["number"].as_u64());
        check(numbers.eq(1..=self.history.len() as u64), || {
            "records are missing".to_owned()
        })?;
        let mut sequences: Vec<u64> = self
            .history
            .iter()
            .filter_map(|item| item["sequence"].as_u64())
            .collect();
        sequences.sort_unstable();
        check(sequences.iter().copied().eq(1..=self.revision), || {
            format!("sequences are not 1 to {}: {sequences:?}", self.revision)
        })?;
        let ids: BTreeSet<&str> = self
            .history
            .iter()
            .filter_map(|item| item["event_id"].as_str())
            .collect();
        check(ids.len() == self.history.len(), || {
            "an event is on record twice".to_owned()
        })
    }

    /// Everything that rings was told once, and nothing else.
    fn was_told(&self) -> Result<(), String> {
        let ringing = |task: &&Task| {
            task.json()["reminders"]
                .as_array()
                .is_some_and(|reminders| !reminders.is_empty())
        };
        let expected: BTreeSet<&str> = self.open.iter().filter(ringing).map(Task::id).collect();
        let told: Vec<&str> = self
            .inbox
            .iter()
            .filter_map(|item| item["task_id"].as_str())
            .collect();
        let once: BTreeSet<&str> = told.iter().copied().collect();
        check(once == expected, || {
            let missing: Vec<_> = expected.symmetric_difference(&once).collect();
            format!(
                "told of {} instead of {} reminders: {missing:?}",
                once.len(),
                expected.len()
            )
        })?;
        check(told.len() == once.len(), || format!("told twice: {told:?}"))
    }

    /// Every notification was sent, each under one Message-ID, with the same words every time.
    fn was_mailed(&self, person: &Person, mail: &MailServer) -> Result<(), String> {
        let mut by_id: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mails = mail.taken_for(&person.mail_address()).into_iter();
        for mail in mails.filter(|mail| mail.code().is_none()) {
            let id = mail
                .header("Message-ID")
                .ok_or("a mail has no Message-ID")?;
            by_id.entry(id).or_default().insert(mail.body());
        }
        check(by_id.values().all(|words| words.len() == 1), || {
            "one Message-ID stands on different mails".to_owned()
        })?;
        for item in &self.inbox {
            let id = format!("notification-{}", item["id"].as_str().unwrap_or_default());
            let ids = by_id
                .values()
                .filter(|words| words.iter().any(|words| words.contains(&id)))
                .count();
            check(ids == 1, || format!("{ids} Message-IDs for {item}"))?;
        }
        check(by_id.len() == self.inbox.len(), || {
            format!(
                "{} mails for {} notifications",
                by_id.len(),
                self.inbox.len()
            )
        })
    }
}
