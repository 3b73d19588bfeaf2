//! Whole conversations, against a task service of a few lines.

use std::cell::RefCell;
use std::rc::Rc;

use chrono::{DateTime, TimeDelta, Utc, Weekday};
use dapr::fake::FakeDapr;
use dapr::{DaprError, Invocation};
use domain::zone::Tz;
use expect_test::{Expect, expect};
use function::identity::{Person, user_id};
use http::{Method, Response};
use language::Context;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::Turn;
use crate::kept::Keeping;
use crate::tasks::Tasks;

/// A person who talks, at 10:00 on Tuesday 24 November 2026 in Berlin.
struct Talk {
    dapr: FakeDapr,
    tasks: Rc<RefCell<Vec<Value>>>,
    person: Person,
    now: DateTime<Utc>,
    last: Value,
}

impl Talk {
    fn new(titles: &[&str]) -> Self {
        let tasks: Vec<Value> = titles
            .iter()
            .zip(1..)
            .map(|(title, id)| task(&id.to_string(), json!({ "title": title })))
            .collect();
        let tasks = Rc::new(RefCell::new(tasks));
        let dapr = FakeDapr::new();
        let service = Rc::clone(&tasks);
        dapr.respond(move |call| Ok(task_service(&mut service.borrow_mut(), call)));
        let now: DateTime<Utc> = "2026-11-24T09:00:00Z".parse().expect("an instant");
        Self {
            dapr,
            tasks,
            person: Person {
                id: user_id("issuer", "me"),
                name: None,
                email: None,
                expires_at: now + TimeDelta::hours(1),
                token: "token".to_owned(),
            },
            now,
            last: Value::Null,
        }
    }

    fn turn<'a>(&'a self, message: &'a str) -> Turn<'a, FakeDapr> {
        Turn {
            tasks: Tasks {
                dapr: &self.dapr,
                person: &self.person,
                key: Uuid::new_v4(),
            },
            keeping: Keeping {
                dapr: &self.dapr,
                user: &self.person.id,
                once: None,
                now: self.now,
            },
            context: Context {
                now: self.now,
                zone: Tz::Europe__Berlin,
                week_start: Weekday::Mon,
            },
            message,
            conversation_id: "c",
        }
    }

    fn say(&mut self, message: &str) -> &mut Self {
        self.last = wait(self.turn(message).run(None)).expect("an answer");
        self
    }

    fn hears(&mut self, expected: Expect) -> &mut Self {
        expected.assert_eq(self.last["reply"].as_str().expect("a reply"));
        self
    }

    fn did(&mut self, expected: &[&str]) -> &mut Self {
        let actions = self.last["actions"].as_array().expect("actions");
        let kinds: Vec<&str> = actions.iter().filter_map(|a| a["kind"].as_str()).collect();
        assert_eq!(kinds, expected, "{}", self.last["reply"]);
        self
    }

    /// Open tasks as `title | due`.
    fn has(&mut self, expected: Expect) -> &mut Self {
        let lines: Vec<String> = self
            .tasks
            .borrow()
            .iter()
            .filter(|task| task["status"] == "open")
            .map(|task| format!("{} | {}", task["title"], task["due"]))
            .collect();
        expected.assert_eq(&lines.join("\n"));
        self
    }
}

/// The fake never waits for anything outside, so polling is enough.
fn wait<F: Future>(future: F) -> F::Output {
    let mut future = std::pin::pin!(future);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    loop {
        if let std::task::Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
}

fn task(id: &str, fields: Value) -> Value {
    let mut task = json!({
        "id": id, "version": 1, "title": "", "status": "open", "priority": 4, "labels": [], "list": "inbox",
        "due": null, "reminders": [], "recurrence": null,
    });
    merge(&mut task, &fields);
    task
}

fn merge(task: &mut Value, fields: &Value) {
    let into: &mut Map<String, Value> = task.as_object_mut().expect("an object");
    for (name, value) in fields.as_object().expect("an object") {
        into.insert(name.clone(), value.clone());
    }
}

fn task_service(tasks: &mut Vec<Value>, call: &Invocation) -> Response<Vec<u8>> {
    let body: Value = serde_json::from_slice(&call.body).unwrap_or_default();
    let path = call.path.split('?').next().unwrap_or_default();
    let segments: Vec<&str> = path.split('/').filter(|s| !s.is_empty()).collect();
    let answer = |status: u16, body: Value| {
        let mut response = Response::new(body.to_string().into_bytes());
        *response.status_mut() = http::StatusCode::from_u16(status).expect("a status");
        response
    };
    let id = segments.get(2).copied().unwrap_or_default();
    let at = tasks.iter().position(|task| task["id"] == id);
    match (&call.method, segments.get(3), at) {
        (&Method::GET, _, Some(at)) => answer(200, tasks[at].clone()),
        (&Method::GET, None, None) if id.is_empty() => {
            let wanted = if call.path.contains("status=completed") {
                "completed"
            } else {
                "open"
            };
            let items: Vec<&Value> = tasks.iter().filter(|t| t["status"] == wanted).collect();
            answer(200, json!({ "items": items, "next_cursor": null }))
        }
        (&Method::POST, None, None) => {
            let new = task(&(tasks.len() + 1).to_string(), body);
            tasks.push(new.clone());
            answer(201, new)
        }
        (&Method::PATCH, None, Some(at)) => {
            merge(&mut tasks[at], &body);
            answer(200, tasks[at].clone())
        }
        (&Method::POST, Some(&verb), Some(at)) => {
            tasks[at]["status"] = json!(if verb == "complete" {
                "completed"
            } else {
                "open"
            });
            answer(200, tasks[at].clone())
        }
        (&Method::DELETE, None, Some(at)) => {
            tasks.remove(at);
            answer(204, Value::Null)
        }
        _ => answer(404, json!({ "detail": "There is no such task." })),
    }
}

#[test]
fn adding_and_undoing() {
    Talk::new(&[])
        .say("remind me to pay rent every month on the 1st at 9")
        .hears(expect![
            "Added “Pay rent” for Tue 1 Dec at 09:00, every month on the 1st. I'll remind you then."
        ])
        .did(&["added"])
        .has(expect![[
            r#""Pay rent" | {"date":"2026-12-01","time":"09:00","time_zone":"Europe/Berlin"}"#
        ]])
        .say("undo")
        .hears(expect!["Undone: “Pay rent”."])
        .has(expect![""])
        .say("undo")
        .hears(expect!["There is nothing that I could undo."])
        .say("undo 2")
        .did(&["added"])
        .say("undo 2")
        .hears(expect!["There is nothing that I could undo."]);
}

#[test]
fn a_question_is_answered_by_number_or_title() {
    let titles = ["Buy milk", "Buy bread", "Call the dentist"];
    Talk::new(&titles)
        .say("done with buy")
        .hears(expect![[r#"
            Which one do you mean?
            1. Buy milk
            2. Buy bread"#]])
        .did(&[])
        .say("the second")
        .hears(expect!["Done: “Buy bread”."])
        .did(&["completed"]);
    Talk::new(&titles)
        .say("done with buy")
        .say("milk")
        .did(&["completed"])
        .has(expect![[r#"
            "Buy bread" | null
            "Call the dentist" | null"#]]);
    Talk::new(&titles)
        .say("done with buy")
        .say("never mind")
        .hears(expect!["Okay, I left everything as it is."])
        .did(&[])
        .say("delete the dentist")
        .did(&["deleted"]);
}

#[test]
fn deleting_several_asks_first() {
    Talk::new(&["Buy milk", "Buy bread"])
        .say("delete everything")
        .hears(expect![[r#"
            That would delete 2 tasks. Shall I?
            1. Buy milk
            2. Buy bread"#]])
        .did(&[])
        .say("yes")
        .did(&["deleted", "deleted"])
        .has(expect![""])
        .say("undo")
        .did(&["added", "added"]);
}

#[test]
fn changing_very_many_asks_first() {
    let titles: Vec<String> = (1..=11).map(|number| format!("Task {number}")).collect();
    let titles: Vec<&str> = titles.iter().map(String::as_str).collect();
    let mut talk = Talk::new(&titles);
    talk.say("complete everything").did(&[]);
    let reply = talk.last["reply"].as_str().expect("a reply");
    assert!(
        reply.starts_with("That would complete 11 tasks. Shall I?"),
        "{reply}"
    );
    talk.say("yes").did(&["completed"; 11]);
    Talk::new(&titles[..10])
        .say("complete everything")
        .did(&["completed"; 10]);
}

#[test]
fn moving_it_keeps_what_is_not_said() {
    Talk::new(&["Call the dentist"])
        .say("move the dentist to friday at 3pm")
        .hears(expect!["“Call the dentist” is now due Friday at 15:00."])
        .did(&["moved"])
        .say("push it back two days")
        .has(expect![[
            r#""Call the dentist" | {"date":"2026-11-29","time":"15:00","time_zone":"Europe/Berlin"}"#
        ]])
        .say("rename it to Phone the dentist")
        .hears(expect!["Renamed “Call the dentist” to “Phone the dentist”."])
        .say("make it urgent")
        .hears(expect!["“Phone the dentist” now has priority 1."])
        .say("undo")
        .say("undo")
        .say("undo")
        .say("undo")
        .has(expect![[r#""Call the dentist" | null"#]]);
}

#[test]
fn every_month_on_the_31st_means_the_last_day_of_a_shorter_one() {
    let mut talk = Talk::new(&["Pay the card"]);
    talk.say("move the card to 31 january")
        .say("make it repeat every month")
        .did(&["changed"]);
    let rrule = talk.tasks.borrow()[0]["recurrence"]["rrule"].clone();
    assert_eq!(rrule, "FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1");
}

#[test]
fn tasks_are_listed_by_the_name_of_their_list_or_label() {
    let mut talk = Talk::new(&[]);
    talk.say("prepare the slides @work")
        .say("call the bank #work")
        .say("water the plants");
    talk.say("list my work tasks");
    assert_eq!(talk.last["tasks"].as_array().map(Vec::len), Some(2));
}

#[test]
fn small_talk_and_empty_lists() {
    Talk::new(&[])
        .say("what's due today?")
        .hears(expect!["Nothing is due today."])
        .say("remind me")
        .hears(expect!["What shall I remind you of?"])
        .say("in 5 minutes")
        .hears(expect!["What shall I remind you of?"])
        .say("thanks!")
        .hears(expect!["You're welcome."])
        .say("complete it")
        .hears(expect![
            "Which task do you mean? Say some words of its title."
        ])
        .say("done with the laundry")
        .did(&[]);
}

#[test]
fn a_lost_answer_of_the_store_does_not_lose_the_reply() {
    let mut talk = Talk::new(&[]);
    talk.say("hello");
    talk.dapr
        .set_fault(Some(dapr::fake::Fault::LoseAnswerAt(2)));
    talk.say("hello").hears(expect![
        "Hello! Tell me what you want to be reminded of, or ask what is due."
    ]);
}

#[test]
fn a_task_service_that_does_not_answer_is_a_503() {
    let dapr = FakeDapr::new();
    dapr.respond(|_| {
        Err(DaprError::Unavailable {
            what: "invoke",
            detail: "down".to_owned(),
        })
    });
    let mut talk = Talk::new(&[]);
    talk.dapr = dapr;
    let turn = talk.turn("buy milk");
    let problem = wait(turn.run(None)).expect_err("no answer");
    assert_eq!(problem.status, 503);
    assert!(talk.dapr.keys("conversation/").is_empty());
}
