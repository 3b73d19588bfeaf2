//! `pipeline`: from a command to everything that it sets off, in one process and with real parts, and what those parts take
//! by themselves.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use conformance::{Place as Bare, TOPIC, Where};
use scenarios::{Person, Screen};
use serde_json::{Value, json};

use crate::desk::{Desk, Issuer};
use crate::load::{Ask, Connection};
use crate::report::{Report, Times, ratio, time};

const ROUNDS: usize = 100;
/// A round that takes longer has lost something.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two looks at what must come.
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// What was measured, and where in a `T` its times are.
type Column<T> = (&'static str, fn(&T) -> &Times);

/// The same rounds in both places, and Dapr's bare operations in both.
pub(crate) async fn measure(report: &mut Report) -> Result<()> {
    let real = RealParts::from_environment()?;
    let desk = Desk::open().await?;
    let here = rounds(desk.address(), &desk.people(1)[0]).await?;
    let there = rounds(&real.address, &real.token()).await?;
    desk.stop().await;
    let steps: [Column<Rounds>; 5] = [
        ("create a task: answer", |rounds| &rounds.answered),
        ("… on an open screen", |rounds| &rounds.seen),
        (
            "… and until all consumers are done (screen, reminder, audit)",
            |rounds| &rounds.done,
        ),
        (
            "complete it → the next occurrence is on the screen",
            |rounds| &rounds.recurred,
        ),
        ("chat message → task on the screen", |rounds| &rounds.said),
    ];
    for (what, times) in steps {
        let (here, there) = (times(&here), times(&there));
        report.row(
            "pipeline",
            format!("{what}, with real parts"),
            there.summary(),
            format!("in one process: {}", here.summary()),
        );
    }
    bare(report, &there).await
}

/// The Nudge that `cargo xtask bench` started with real parts.
struct RealParts {
    address: String,
    issuer: Issuer,
}

impl RealParts {
    fn from_environment() -> Result<Self> {
        let variable = |name: &str| {
            std::env::var(name)
                .with_context(|| format!("{name} is not set: run cargo xtask bench pipeline"))
        };
        let token = variable("NUDGE_BENCH_TOKEN")?;
        Ok(Self {
            address: variable("NUDGE_URL")?,
            issuer: Issuer::like(&token, variable("NUDGE_SIGNING_KEY")?.as_ref())?,
        })
    }

    fn token(&self) -> String {
        self.issuer
            .token(&format!("bench-{}", uuid::Uuid::new_v4().simple()))
    }
}

/// How long each step of the rounds took.
struct Rounds {
    answered: Times,
    seen: Times,
    done: Times,
    recurred: Times,
    said: Times,
}

async fn rounds(address: &str, token: &str) -> Result<Rounds> {
    let mut screen = Person::new(address, "watcher", Some(token.to_owned()))
        .opens_a_screen()
        .await;
    let mut connection = Connection::open(address).await?;
    // The first ones find key sets to be read and connections to be made.
    for number in 0..5 {
        round(&mut connection, &mut screen, token, number).await?;
    }
    let mut all = [const { Vec::new() }; 5];
    for number in 0..ROUNDS {
        let times = round(&mut connection, &mut screen, token, number).await?;
        for (all, time) in all.iter_mut().zip(times) {
            all.push(time);
        }
    }
    let [answered, seen, done, recurred, said] = all.map(Times::new);
    Ok(Rounds {
        answered,
        seen,
        done,
        recurred,
        said,
    })
}

/// Creates a recurring task with a reminder, completes it, and says another one.
async fn round(
    connection: &mut Connection,
    screen: &mut Screen,
    token: &str,
    number: usize,
) -> Result<[Duration; 5]> {
    let create = json!({
        "title": format!("Pay rent {number}"),
        "due": { "date": "2031-04-01", "time": "09:00", "time_zone": "Europe/Berlin" },
        "reminders": [{ "before_due_minutes": 10 }],
        "recurrence": { "rrule": "FREQ=MONTHLY;BYMONTHDAY=1" },
    });
    let create = Ask::post("/api/tasks", create).by(token);
    let sent = Instant::now();
    let (created, seen) = tokio::join!(
        async {
            let task = connection.succeed(&create).await?;
            anyhow::Ok((task, sent.elapsed()))
        },
        async {
            screen.hears("task_changed").await;
            sent.elapsed()
        }
    );
    let (task, answered) = created?;
    let id = task["id"].as_str().context("a task has an id")?.to_owned();
    all_consumers(connection, token, &id).await?;
    let done = sent.elapsed();

    let sent = Instant::now();
    let complete = Ask::post(format!("/api/tasks/{id}/complete"), Value::Null).by(token);
    let (completed, next) = tokio::join!(connection.succeed(&complete), async {
        loop {
            let changed = screen.hears("task_changed").await;
            if changed["task"]["id"] != id.as_str() {
                return changed["task"]["id"].clone();
            }
        }
    });
    completed?;
    let recurred = sent.elapsed();
    let next = next.as_str().context("the next occurrence has an id")?;
    all_consumers(connection, token, next).await?;

    let message =
        json!({ "message": format!("add buy milk {number}"), "time_zone": "Europe/Berlin" });
    let sent = Instant::now();
    let say = Ask::post("/api/chat", message).by(token);
    let (answer, said) = tokio::join!(connection.succeed(&say), async {
        screen.hears("task_changed").await;
        sent.elapsed()
    });
    answer?;
    Ok([answered, seen, done, recurred, said])
}

/// Waits until the reminders of a new task are planned and its events are on record; its screen has been heard of already.
async fn all_consumers(connection: &mut Connection, token: &str, task: &str) -> Result<()> {
    let reminders = Ask::get("/api/reminders?limit=200").by(token);
    let history = Ask::get(format!("/api/history?task_id={task}")).by(token);
    let begun = Instant::now();
    loop {
        let planned = connection.succeed(&reminders).await?;
        let planned = planned["items"]
            .as_array()
            .is_some_and(|items| items.iter().any(|item| item["task_id"] == task));
        if planned {
            let recorded = connection.succeed(&history).await?;
            let kinds: Vec<&str> = recorded["items"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|item| item["event_type"].as_str())
                .collect();
            let expected = [
                "TASK_CREATED",
                "TASK_DUE_SET",
                "TASK_REMINDER_SET",
                "TASK_CHANGED",
            ];
            if expected.iter().all(|kind| kinds.contains(kind)) {
                return Ok(());
            }
        }
        ensure!(
            begun.elapsed() < PATIENCE,
            "not all consumers heard of {task}"
        );
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Dapr's operations by themselves, one after another, on the parts that the rounds used; and in the host's sidecar.
async fn bare(report: &mut Report, rounds: &Rounds) -> Result<()> {
    let there = Operations::of(Where::Beside).await?;
    let here = Operations::of(Where::Within).await?;
    let operations: [Column<Operations>; 4] = [
        ("invoke another app", |operations| &operations.invoked),
        ("read a document", |operations| &operations.read),
        ("a transaction of three documents", |operations| {
            &operations.transacted
        }),
        ("publish → deliver", |operations| &operations.delivered),
    ];
    let mut sum = Duration::ZERO;
    for (what, times) in operations {
        sum += times(&there).median();
        report.row(
            "pipeline",
            format!("bare daprd: {what}"),
            times(&there).summary(),
            format!(
                "the host's sidecar, within the process: {}",
                times(&here).summary()
            ),
        );
    }
    report.row(
        "pipeline",
        "chat message → task on the screen, p50, beside one of each of these",
        ratio(rounds.said.median().as_secs_f64(), sum.as_secs_f64()),
        format!("the sum of their p50: {}", time(sum)),
    );
    Ok(())
}

/// How long Dapr takes for what a command needs of it.
struct Operations {
    invoked: Times,
    read: Times,
    transacted: Times,
    delivered: Times,
}

impl Operations {
    async fn of(place: Where) -> Result<Self> {
        let place = Bare::open(place).await;
        let document = json!({ "title": "Pay rent", "notes": "x".repeat(400) });
        let transaction = |number: usize| {
            let upsert = |key: &str| json!({ "operation": "upsert", "request": { "key": format!("{key}/{}", number % 10), "value": document } });
            json!({ "operations": [upsert("task"), upsert("index"), upsert("outbox")] })
        };
        let path = "/v1.0/state/statestore/transaction";
        let transacted =
            times(async |number| place.call("POST", path, &transaction(number)).await.status)
                .await?;
        let read = times(async |number| {
            let key = format!("/v1.0/state/statestore/task%2F{}", number % 10);
            place.get(&key).await.status
        })
        .await?;
        let path = format!("/v1.0/invoke/{}/method/hello", place.neighbour);
        let invoked = times(async |_| place.call("POST", &path, &document).await.status).await?;
        Ok(Self {
            delivered: delivered(&place).await?,
            invoked,
            read,
            transacted,
        })
    }
}

/// How long each of many calls takes; the first ones don't count.
async fn times(mut call: impl AsyncFnMut(usize) -> u16) -> Result<Times> {
    let mut times = Vec::new();
    for number in 0..ROUNDS + 5 {
        let sent = Instant::now();
        let status = call(number).await;
        times.push(sent.elapsed());
        ensure!((200..300).contains(&status), "Dapr answered {status}");
    }
    Ok(Times::new(times.split_off(5)))
}

/// From before an event is published until its subscriber has it.
async fn delivered(place: &Bare) -> Result<Times> {
    let path = format!("/v1.0/publish/kafka-pubsub/{TOPIC}?metadata.partitionKey=one");
    let mut sent = Vec::new();
    for number in 0..ROUNDS + 5 {
        let marker = format!("bare-{number}-{}", place.id);
        let begun = Instant::now();
        let event = json!({ "marker": marker, "text": "x".repeat(400) });
        let published = place.call("POST", &path, &event).await;
        ensure!(
            published.status == 204,
            "Dapr answered {}",
            published.status
        );
        place.app.hears("/events", &marker, 1).await;
        sent.push((begun, marker));
    }
    let times = sent.split_off(5).into_iter().map(|(begun, marker)| {
        let heard = place.app.heard("/events", &marker);
        heard.first().map_or(PATIENCE, |heard| heard.at - begun)
    });
    Ok(Times::new(times.collect()))
}
