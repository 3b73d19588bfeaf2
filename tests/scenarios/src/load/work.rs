//! A person at work.

use std::ops::Range;
use std::time::{Duration, SystemTime};

use http::Method;
use rand::Rng;
use rand::rngs::StdRng;
use serde_json::json;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use super::record::{Kind, Known, Record, State, Unanswered};
use crate::{Answer, NewTask, Person, task};

/// Out of how many creations without an answer one is not sent again.
const GIVE_UP_ONE_OF: u32 = 3;
/// How long a person waits before they try again.
const PAUSE: Duration = Duration::from_millis(20);
/// How long a person waits for an answer: longer than Nudge may take to find out that what it needs is away.
const ANSWER_LIMIT: Duration = Duration::from_secs(40);

/// Works until the end is told, with a pause of so many milliseconds between two commands.
///
/// # Panics
/// When a command is refused that must not be.
pub async fn work(
    person: Person,
    place: watch::Receiver<Option<String>>,
    end: watch::Receiver<bool>,
    pace: Range<u64>,
    random: StdRng,
) -> Record {
    go_on_working(person, Record::default(), place, end, pace, random).await
}

/// The same as [`work`], on what the person had done before.
///
/// # Panics
/// When a command is refused that must not be.
pub async fn go_on_working(
    person: Person,
    record: Record,
    place: watch::Receiver<Option<String>>,
    end: watch::Receiver<bool>,
    pace: Range<u64>,
    random: StdRng,
) -> Record {
    // Each task has a title of its own, and each was asked for.
    let mut number = record.known.len() + record.in_doubt.len();
    let mut worker = Worker {
        person,
        place,
        random,
        record,
    };
    while !*end.borrow() {
        if worker.record.known.len() < 4 || worker.random.random_ratio(1, 3) {
            worker.create(number).await;
            number += 1;
        } else if worker.random.random_ratio(1, 4) {
            worker.look().await;
        } else {
            worker.change().await;
        }
        if !pace.is_empty() {
            sleep(Duration::from_millis(
                worker.random.random_range(pace.clone()),
            ))
            .await;
        }
    }
    worker.record
}

struct Worker {
    person: Person,
    place: watch::Receiver<Option<String>>,
    random: StdRng,
    record: Record,
}

/// A command that can be sent again.
struct Command {
    method: Method,
    path: String,
    body: String,
    key: String,
}

impl Command {
    fn new(method: Method, path: String, body: String) -> Self {
        Self {
            method,
            path,
            body,
            key: Uuid::new_v4().to_string(),
        }
    }
}

impl Worker {
    async fn create(&mut self, number: usize) {
        let kind = match self.random.random_range(0..4) {
            0 => Kind::Recurring,
            1 => Kind::Ringing,
            _ => Kind::Plain,
        };
        let title = format!("{kind:?} {number}");
        let new: NewTask = match kind {
            Kind::Plain => task(&title),
            Kind::Recurring => task(&title).due_on("2031-01-01", "UTC").again("FREQ=DAILY"),
            Kind::Ringing => task(&title).reminded_in(self.random.random_range(0..3)),
        };
        let command = Command::new(
            Method::POST,
            "/api/tasks".to_owned(),
            new.body().to_string(),
        );
        loop {
            match self.send(&command).await {
                Some(answer) => {
                    let created = answer.expect(201).json();
                    let id = created["id"].as_str().expect("an id").to_owned();
                    self.record.known.push(Known {
                        id,
                        title,
                        kind,
                        state: State::Open,
                        updated: 0,
                        completed: 0,
                        reopened: 0,
                    });
                    return;
                }
                None if self.random.random_ratio(1, GIVE_UP_ONE_OF) => {
                    self.record.in_doubt.push((title, kind));
                    return;
                }
                None => {}
            }
        }
    }

    /// A command on one of the tasks that allow one.
    async fn change(&mut self) {
        let at = self.random.random_range(0..self.record.known.len());
        let Known {
            id,
            kind,
            state,
            updated,
            ..
        } = self.record.known[at].clone();
        let path = format!("/api/tasks/{id}");
        let choice = self.random.random_range(0..4);
        let (command, next) = match (kind, state) {
            (Kind::Ringing, _) | (_, State::Deleted) => return,
            (Kind::Plain, State::Open) if choice == 0 => (
                Command::new(Method::DELETE, path, String::new()),
                State::Deleted,
            ),
            (Kind::Plain, State::Open) if choice == 1 => {
                let patch = json!({ "notes": format!("Change {updated}") }).to_string();
                (Command::new(Method::PATCH, path, patch), State::Open)
            }
            (_, State::Open) => {
                let path = format!("{path}/complete");
                (
                    Command::new(Method::POST, path, String::new()),
                    State::Completed,
                )
            }
            (_, State::Completed) => {
                let path = format!("{path}/reopen");
                (Command::new(Method::POST, path, String::new()), State::Open)
            }
        };
        let answer = loop {
            if let Some(answer) = self.send(&command).await {
                break answer;
            }
        };
        let expected = if next == State::Deleted { 204 } else { 200 };
        let _ = answer.expect(expected);
        let known = &mut self.record.known[at];
        match (state, next) {
            (State::Open, State::Open) => known.updated += 1,
            (_, State::Completed) => known.completed += 1,
            (_, State::Open) => known.reopened += 1,
            (_, State::Deleted) => {}
        }
        known.state = next;
    }

    /// Reads the beginning of the list, which must be all there is to it.
    async fn look(&mut self) {
        let look = Command::new(Method::GET, "/api/tasks?limit=5".to_owned(), String::new());
        if let Some(answer) = self.send(&look).await {
            let _ = answer.expect(200);
        }
    }

    /// Sends a command; `None` when there was no answer, or one that says to come again.
    async fn send(&mut self, command: &Command) -> Option<Answer> {
        let address = self.place.borrow().clone();
        let Some(address) = address else {
            sleep(PAUSE).await;
            return None;
        };
        let call = self
            .person
            .at(&address)
            .asks(command.method.clone(), &command.path)
            .header("idempotency-key", &command.key);
        let call = match command.method {
            Method::PATCH => call.body("application/merge-patch+json", command.body.clone()),
            _ if command.body.is_empty() => call,
            _ => call.body("application/json", command.body.clone()),
        };
        let from = SystemTime::now();
        let answer = timeout(ANSWER_LIMIT, call.try_answer()).await;
        match answer.unwrap_or_else(|_| Err(format!("no answer in {ANSWER_LIMIT:?}"))) {
            Ok(answer) if answer.status.is_server_error() => {
                self.record.put_off += 1;
                if answer.status != 503 || answer.header("retry-after").is_none() {
                    self.record.wrong.push(format!("{answer:?}"));
                }
            }
            Ok(answer) => return Some(answer),
            Err(why) => self.record.unanswered.push(Unanswered {
                from,
                to: SystemTime::now(),
                how: format!("{} {}: {why}", command.method, command.path),
            }),
        }
        sleep(PAUSE).await;
        None
    }
}
