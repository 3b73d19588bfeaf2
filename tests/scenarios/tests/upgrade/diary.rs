//! What one person does step by step, and what they must find afterwards, whichever versions are at work.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use chrono::{DateTime, Duration, SecondsFormat, Utc};
use http::Method;
use scenarios::load::SETTLE_LIMIT;
use scenarios::{Person, Task, task};
use serde_json::{Value, json};

use crate::{ids, texts};

/// The series of the fixture.
const SERIES: &str = "Water the plants";

/// All that a person was told, by what they asked for.
pub(crate) struct Diary {
    person: Person,
    step: usize,
    /// The open tasks that they know of.
    open: BTreeSet<String>,
    /// Those that were put before all others, in the order of the list.
    front: Vec<String>,
    /// Tasks as they were last shown.
    shown: BTreeMap<String, Value>,
    completed: BTreeSet<String>,
    deleted: BTreeSet<String>,
    /// How many notifications there are of a task.
    rings: BTreeMap<String, usize>,
    /// Those with one reminder: of a task with several, the version before lists only the first on a page.
    once: BTreeSet<String>,
    /// Which state a reminder was left in; none when it is in no list any more.
    reminders: BTreeMap<String, Option<&'static str>>,
    read: BTreeSet<String>,
    occurrence: u64,
    /// What the chat made last.
    last_said: Option<String>,
}

impl Diary {
    /// Of somebody whose data was `expected` when they were left.
    pub(crate) fn new(person: Person, expected: &Value) -> Self {
        Self {
            person,
            step: 0,
            open: texts(&expected["lists"]["status=open"])
                .into_iter()
                .collect(),
            front: Vec::new(),
            shown: BTreeMap::new(),
            completed: texts(&expected["lists"]["status=completed"])
                .into_iter()
                .collect(),
            deleted: texts(&expected["deleted"]).into_iter().collect(),
            rings: BTreeMap::new(),
            once: BTreeSet::new(),
            reminders: BTreeMap::new(),
            read: BTreeSet::new(),
            occurrence: 2,
            last_said: None,
        }
    }

    /// Whose it is.
    pub(crate) fn person(&self) -> &Person {
        &self.person
    }

    /// Nudge was started again, elsewhere.
    pub(crate) fn moves_to(&mut self, address: &str) {
        self.person = self.person.at(address).patient();
    }

    /// A step's work: on new tasks, on tasks of steps before, and on tasks of the version before.
    pub(crate) async fn works(&mut self) {
        self.step += 1;
        let step = self.step;
        self.undoes().await;
        self.puts_in_front().await;
        let soon = task(&format!("Rings {step}")).with("reminders", instants([1, 4]));
        let soon = self.creates(soon).await;
        self.rings.insert(soon, 2);
        let once = self
            .creates(task(&format!("Once {step}")).reminded_in(1))
            .await;
        self.rings.insert(once.clone(), 1);
        self.once.insert(once);

        let old: Vec<String> = self.open.iter().skip(step * 7).take(2).cloned().collect();
        let front = self.front.iter().rev().step_by(3).take(2).cloned();
        for id in old.into_iter().chain(front).collect::<Vec<_>>() {
            self.changes(&id).await;
        }
        self.goes_on_with_the_series().await;
        self.reacts_to_what_rang().await;
        self.completes_and_reopens().await;

        let said = self.says(&format!("add Buy stamps {step}")).await;
        let id = said["actions"][0]["task"]["id"].as_str();
        let id = id.unwrap_or_else(|| panic!("no task in {said}")).to_owned();
        self.open.insert(id.clone());
        self.last_said = Some(id);
    }

    /// Everything is there, once, as it was acknowledged.
    ///
    /// # Panics
    /// When it is not so in the end.
    pub(crate) async fn finds_all(&mut self) {
        let begun = Instant::now();
        while let Err(wrong) = self.looks().await {
            assert!(begun.elapsed() < SETTLE_LIMIT, "{wrong}");
            tokio::time::sleep(std::time::Duration::from_millis(250)).await;
        }
    }

    /// Each of the reminders of what rang is in the list, where it was not dismissed.
    pub(crate) async fn finds_all_reminders(&self) {
        let reminders = self.person.reminders().await;
        let dismissed = self.reminders.values().filter(|state| state.is_none());
        let expected = self.rings.values().sum::<usize>() - dismissed.count();
        let of_rings = reminders.iter().filter(|reminder| {
            let task = reminder["task_id"].as_str().unwrap_or_default();
            self.rings.contains_key(task)
        });
        assert_eq!(of_rings.count(), expected, "{reminders:#?}");
    }

    /// The open tasks in the order of the list.
    pub(crate) async fn open_in_order(&self) -> Vec<String> {
        ids(&self.person, "status=open").await
    }

    async fn creates(&mut self, new: scenarios::NewTask) -> String {
        let created = self.person.creates(new).await;
        let id = created.id().to_owned();
        self.open.insert(id.clone());
        self.shown.insert(id.clone(), created.json().clone());
        id
    }

    /// A task that is due before all others that there are, and rings in decades.
    async fn puts_in_front(&mut self) {
        let date = chrono::NaiveDate::from_ymd_opt(2089, 12, 31).expect("a date");
        let date = date - chrono::Days::new(self.step as u64);
        let new = task(&format!("Front {}", self.step));
        let id = self
            .creates(new.due_at(&date.to_string(), "09:00", "Europe/Berlin"))
            .await;
        self.front.insert(0, id);
    }

    async fn changes(&mut self, id: &str) {
        let path = format!("/api/tasks/{id}");
        let patch = json!({ "labels": [format!("step{}", self.step)] }).to_string();
        let call = self.person.asks(Method::PATCH, &path);
        let call = call.body("application/merge-patch+json", patch);
        let changed = call.answer().await.expect(200).json();
        self.shown.insert(id.to_owned(), changed);
    }

    async fn goes_on_with_the_series(&mut self) {
        let tasks = self.person.lists("status=open").await;
        let current = tasks.iter().find(|task| task.text("/title") == SERIES);
        let current = current.expect("an occurrence");
        self.person.completes(current).await;
        self.shown.remove(current.id());
        self.open.remove(current.id());
        self.completed.insert(current.id().to_owned());
        self.occurrence += 1;
    }

    /// Of what rang in the steps before, one is put off, one is dismissed, one is read.
    async fn reacts_to_what_rang(&mut self) {
        let reminders = self.person.reminders().await;
        let mut rang = reminders
            .iter()
            .filter(|reminder| {
                let task = reminder["task_id"].as_str().unwrap_or_default();
                reminder["state"] == "triggered" && self.once.contains(task)
            })
            .filter_map(|reminder| reminder["id"].as_str());
        if let Some(id) = rang.next() {
            let path = format!("/api/reminders/{id}/snooze");
            let body = json!({ "minutes": 600 });
            self.person.posts(&path, &body).await.expect(200);
            self.reminders.insert(id.to_owned(), Some("snoozed"));
        }
        if let Some(id) = rang.next() {
            let path = format!("/api/reminders/{id}/dismiss");
            self.person.posts(&path, &json!({})).await.expect(200);
            self.reminders.insert(id.to_owned(), None);
        }
        let inbox = self.person.inbox().await;
        let unread = inbox.iter().find(|item| item["read"] == false);
        if let Some(id) = unread.and_then(|item| item["id"].as_str()) {
            let path = format!("/api/notifications/{id}/read");
            let answer = self.person.asks(Method::POST, &path).answer().await;
            assert!(answer.status.is_success(), "{answer:?}");
            self.read.insert(id.to_owned());
        }
    }

    /// A task is completed in one step, reopened in the next and deleted in the one after it.
    async fn completes_and_reopens(&mut self) {
        let plain = task(&format!("Plain {}", self.step));
        let id = self.creates(plain).await;
        let plain = Task::from(self.shown[&id].clone());
        let tasks = self.person.lists("status=open&text=Plain").await;
        for reopened in tasks.iter().filter(|task| task.id() != id) {
            self.person.deletes(reopened).await;
            self.open.remove(reopened.id());
            self.shown.remove(reopened.id());
            self.deleted.insert(reopened.id().to_owned());
        }
        for done in self.person.lists("status=completed&text=Plain").await {
            let reopened = self.person.reopens(&done).await;
            self.completed.remove(done.id());
            self.open.insert(done.id().to_owned());
            let shown = reopened.json().clone();
            self.shown.insert(done.id().to_owned(), shown);
        }
        let done = self.person.completes(&plain).await;
        self.open.remove(&id);
        self.shown.insert(id.clone(), done.json().clone());
        self.completed.insert(id);
    }

    async fn says(&self, message: &str) -> Value {
        let body = json!({ "message": message, "conversation_id": "fixture", "time_zone": "Europe/Berlin" });
        let answer = self.person.posts("/api/chat", &body).await;
        answer.expect(200).json()
    }

    /// Takes back what was said in the step before.
    async fn undoes(&mut self) {
        let Some(id) = self.last_said.take() else {
            return;
        };
        self.says("undo").await;
        self.open.remove(&id);
        self.deleted.insert(id);
    }

    async fn looks(&mut self) -> Result<(), String> {
        let tasks = self.person.lists("status=open").await;
        let series = |task: &&Task| task.text("/title") == SERIES;
        let current: Vec<&Task> = tasks.iter().filter(series).collect();
        let [current] = current[..] else {
            return Err(format!("{} occurrences are open", current.len()));
        };
        if current.json()["occurrence"] != self.occurrence {
            return Err(format!("not yet number {}: {current:?}", self.occurrence));
        }
        self.open.insert(current.id().to_owned());

        let listed: Vec<String> = tasks.iter().map(|task| task.id().to_owned()).collect();
        is(
            "the front of the list",
            &listed[..self.front.len()],
            &self.front,
        )?;
        is_set("open", listed, &self.open)?;
        is_set(
            "completed",
            ids(&self.person, "status=completed").await,
            &self.completed,
        )?;
        for (id, expected) in &self.shown {
            let found = self.person.looks_at(id).await;
            is(
                id,
                &found.map(|task| task.json().clone()),
                &Some(expected.clone()),
            )?;
        }
        for id in &self.deleted {
            is(id, &self.person.looks_at(id).await, &None)?;
        }
        self.looks_at_reminders().await?;
        self.looks_at_history().await
    }

    async fn looks_at_reminders(&self) -> Result<(), String> {
        let reminders = self.person.reminders().await;
        let states = |what: &str, id: &str| -> Vec<Value> {
            let of = reminders.iter().filter(|reminder| reminder[what] == id);
            of.map(|reminder| reminder["state"].clone()).collect()
        };
        for id in &self.front {
            is(id, &states("task_id", id), &vec![json!("scheduled")])?;
        }
        for (id, state) in &self.reminders {
            let expected: Vec<Value> = state.iter().map(|state| json!(state)).collect();
            is(&format!("reminder {id}"), &states("id", id), &expected)?;
        }
        let inbox = self.person.inbox().await;
        for (id, count) in &self.rings {
            let of = inbox.iter().filter(|item| item["task_id"] == **id);
            is(&format!("rings of {id}"), &of.count(), count)?;
        }
        for id in &self.read {
            let item = inbox.iter().find(|item| item["id"] == **id);
            let is_read = item.is_some_and(|item| item["read"] == true);
            is(&format!("{id} is read"), &is_read, &true)?;
        }
        Ok(())
    }

    /// Each event is on record once, and the chain is whole.
    async fn looks_at_history(&self) -> Result<(), String> {
        let history = self.person.history().await;
        let numbers = history.iter().filter_map(|item| item["number"].as_u64());
        let expected: Vec<u64> = (1..=history.len() as u64).collect();
        is(
            "numbers of records",
            &numbers.collect::<Vec<_>>(),
            &expected,
        )?;
        let events: BTreeSet<&str> = history
            .iter()
            .filter_map(|item| item["event_id"].as_str())
            .collect();
        is("events on record", &events.len(), &history.len())?;
        for id in self.front.iter().chain(self.rings.keys()) {
            let created = history
                .iter()
                .filter(|item| item["event_type"] == "TASK_CREATED" && item["task_id"] == **id);
            is(&format!("creations of {id}"), &created.count(), &1)?;
        }
        let verified = self.person.verifies_history().await;
        is("the chain", &verified["valid"], &json!(true))
    }
}

/// Instants so many seconds from now.
fn instants(seconds: [i64; 2]) -> Value {
    let at = |seconds| -> DateTime<Utc> { Utc::now() + Duration::seconds(seconds) };
    let text = |seconds| at(seconds).to_rfc3339_opts(SecondsFormat::Millis, true);
    seconds
        .map(|seconds| json!({ "at": text(seconds) }))
        .into_iter()
        .collect()
}

fn is<T: PartialEq + std::fmt::Debug + ?Sized>(
    what: &str,
    found: &T,
    expected: &(impl std::borrow::Borrow<T> + ?Sized),
) -> Result<(), String> {
    let expected = expected.borrow();
    match found == expected {
        true => Ok(()),
        false => Err(format!("{what}: {found:?} instead of {expected:?}")),
    }
}

fn is_set(what: &str, found: Vec<String>, expected: &BTreeSet<String>) -> Result<(), String> {
    let count = found.len();
    let found: BTreeSet<String> = found.into_iter().collect();
    is(&format!("how many are {what}"), &count, &found.len())?;
    let differ: Vec<&String> = found.symmetric_difference(expected).collect();
    is(what, &differ, &Vec::new())
}
