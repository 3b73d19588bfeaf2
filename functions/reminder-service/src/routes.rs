//! The routes.

use api::reminder::{Page, ScheduledReminder, Snooze};
use dapr::ordered::{self, Reading};
use dapr::outbox::relay_user;
use dapr::{Dapr, DaprError, Document};
use domain::EventId;
use events::{Event, PartAnswer, Timestamp};
use http::{Method, StatusCode};
use http_api::identity::Person;
use http_api::{
    Answer, Fingerprint, Function, Paging, Problem, Request, Response, cursor_to_text,
    erase_answer, idempotency_key, json_response, parse_json, query, restore_answer, segments,
};
use uuid::Uuid;

use crate::agenda::{self, Head, Pointer};
use crate::book::Book;
use crate::check::Checking;
use crate::commands::{self, Command};
use crate::erase;
use crate::fire;
use crate::schedule::{self, Part};

/// Answers a request.
pub async fn route<D: Dapr + Clone + 'static>(function: &Function<D>, request: Request) -> Answer {
    let service = Reminders(function);
    let path = request.uri().path().to_owned();
    match (request.method(), segments(&path).as_slice()) {
        (&Method::GET, ["api", "reminders"]) => service.list(&request).await.into(),
        (_, ["api", "reminders"]) => Problem::method_not_allowed("GET").into(),
        (&Method::POST, ["api", "reminders", id, "snooze"]) => {
            service.snooze(&request, id).await.into()
        }
        (&Method::POST, ["api", "reminders", id, "dismiss"]) => {
            service.dismiss(&request, id).await.into()
        }
        (_, ["api", "reminders", _, "snooze" | "dismiss"]) => {
            Problem::method_not_allowed("POST").into()
        }
        (&Method::POST, ["reminder-service", "events"]) => service.event(&request).await.into(),
        (&Method::POST, ["reminder-service", "check"]) => service.check(&request).await.into(),
        (&Method::POST, ["reminder-service", "erase"]) => service.erase(&request).await.into(),
        (&Method::POST, ["reminder-service", "restore"]) => service.restore(&request).await.into(),
        (&Method::POST, ["reminder-service", "restore", "part"]) => {
            service.restore_part(&request).await.into()
        }
        (&Method::POST, ["reminder-service", "cron-reminder"]) => {
            service.cron(&request).await.into()
        }
        (&Method::GET, ["reminder-service", "health"]) => {
            function.health("reminder-service").await.into()
        }
        _ => Problem::not_found("There is no such route.").into(),
    }
}

/// The routes, over the function's means.
struct Reminders<'a, D>(&'a Function<D>);

impl<D: Dapr + Clone + 'static> Reminders<'_, D> {
    async fn list(&self, request: &Request) -> Result<Response, Problem> {
        let person = self.0.person(request).await?;
        let paging = Paging::parse(&query(request)?)?;
        let user = person.id.as_str();
        let head_key = agenda::head_key(user);
        let cursor = paging.cursor.as_deref();
        let parse = |document: Option<&Document>| Head::read(&head_key, document);
        let read = async |head: &Head, reading: &Reading<'_, D>| {
            let page = agenda::page(reading, head, user, cursor, paging.limit).await?;
            Ok((self.shown(user, page.0).await?, page.1))
        };
        let (items, next) = ordered::read_settled(&self.0.dapr, &head_key, parse, read).await?;
        let next_cursor = next.map(|key| cursor_to_text(&key));
        Ok(json_response(StatusCode::OK, &Page { items, next_cursor }))
    }

    /// What the list shows of reminders.
    async fn shown(
        &self,
        user: &str,
        pointers: Vec<Pointer>,
    ) -> Result<Vec<ScheduledReminder>, DaprError> {
        let keys: Vec<String> = pointers
            .iter()
            .map(|pointer| schedule::key(user, pointer.task_id))
            .collect();
        let documents = self.0.dapr.get_many(&keys).await?;
        let mut items = Vec::new();
        for ((pointer, key), document) in pointers.iter().zip(&keys).zip(documents) {
            let Some(document) = document else { continue };
            let mut book: Book = document.read(key)?;
            if let Some(entry) = book.find(pointer.reminder_id).cloned() {
                items.push(agenda::shown(pointer.task_id, &book, &entry));
            }
        }
        Ok(items)
    }

    async fn snooze(&self, request: &Request, id: &str) -> Result<Answer, Problem> {
        let person = self.0.person(request).await?;
        let body: Snooze = parse_json(request)?;
        let until = commands::until(&body, self.0.now())?;
        self.command(person, request, id, Command::Snooze(until))
            .await
    }

    async fn dismiss(&self, request: &Request, id: &str) -> Result<Answer, Problem> {
        let person = self.0.person(request).await?;
        self.command(person, request, id, Command::Dismiss).await
    }

    async fn command(
        &self,
        person: Person,
        request: &Request,
        id: &str,
        command: Command,
    ) -> Result<Answer, Problem> {
        let reminder =
            Uuid::try_parse(id).map_err(|_| Problem::not_found("There is no such reminder."))?;
        let fresh = self.0.fresh();
        let command = commands::Request {
            user: &person.id,
            reminder,
            command,
            key: idempotency_key(request.headers())?.unwrap_or_else(|| fresh.to_string()),
            fingerprint: Fingerprint::of(request),
            event_id: EventId(fresh),
            chain: self.0.chain(request),
            now: self.0.now(),
            rate: self.0.limits.commands,
        };
        let answer = command.run(&self.0.dapr).await?;
        let (dapr, user) = (self.0.dapr.clone(), person.id);
        Ok(Answer::then(
            json_response(StatusCode::OK, &answer),
            async move {
                // What fails here is published by the timetable's check.
                let head_key = agenda::head_key(user.as_str());
                if let Err(error) = relay_user(&dapr, user.as_str(), &head_key).await {
                    eprintln!("the events of {user} stay in the outbox for now: {error}");
                }
            },
        ))
    }

    /// A delivery of `task-reminders`.
    async fn event(&self, request: &Request) -> Result<Response, Problem> {
        let now = self.0.now();
        let take = async |event: &Event| schedule::take(&self.0.dapr, event, now).await;
        self.0.deliver(request, take).await
    }

    /// Whether what is derived still says what the books say.
    async fn check(&self, request: &Request) -> Result<Response, Problem> {
        let (user, check) = self.0.to_check(request)?;
        let checking = Checking {
            dapr: &self.0.dapr,
            user: &user,
            now: Timestamp::clamped(self.0.now()),
            repair: check.repair,
        };
        Ok(json_response(StatusCode::OK, &checking.run(&check).await?))
    }

    /// A stretch of what this function has of a person who is erased.
    async fn erase(&self, request: &Request) -> Result<Response, Problem> {
        let (user, tombstone, what) = self.0.to_erase(request)?;
        erase_answer(erase::erase(&self.0.dapr, user.as_str(), tombstone, &what).await)
    }

    /// What is on record of a task, for a book that was lost.
    async fn restore(&self, request: &Request) -> Result<Response, Problem> {
        let story = self.0.story(request)?;
        restore_answer(schedule::restore(&self.0.dapr, &story, self.0.now()).await)
    }

    /// A part of what is on record of a task, where that is too long for one request.
    async fn restore_part(&self, request: &Request) -> Result<Response, Problem> {
        let part = self.0.story_part(request)?;
        match schedule::restore_part(&self.0.dapr, part, self.0.now()).await {
            Ok(Part::Carry(carry)) => {
                let answer = PartAnswer {
                    restored: false,
                    carry: Some(carry),
                };
                Ok(json_response(StatusCode::OK, &answer))
            }
            Ok(Part::Restored(restored)) => restore_answer(Ok(restored)),
            Err(error) => restore_answer(Err(error)),
        }
    }

    /// `cron-reminder`: rings what is due, and publishes what commands left behind.
    async fn cron(&self, request: &Request) -> Result<Response, Problem> {
        self.0
            .tick(request, async |entries, until| {
                let now = self.0.now().max(until);
                let mut looked = fire::ring_all(&self.0.dapr, entries, now).await?;
                for entry in entries {
                    if let Some(user) = entry.owner.strip_prefix("user/") {
                        let relayed = relay_user(&self.0.dapr, user, &entry.owner).await?;
                        looked.relayed(entry, relayed);
                    }
                }
                Ok(looked)
            })
            .await
    }
}
