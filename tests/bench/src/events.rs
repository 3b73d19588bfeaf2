//! From a command to those who hear of it.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use scenarios::Person;
use serde_json::json;

use crate::desk::{Desk, create_tasks};
use crate::load::{self, Ask, Connection};
use crate::report::{Report, Times, ratio, time};

/// `push`: a chat message, until the task stands on another screen that is open.
pub(crate) async fn push(report: &mut Report) -> Result<()> {
    const MESSAGES: usize = 300;
    let desk = Desk::open().await?;
    let token = desk.people(1).remove(0);
    let mut screen = Person::new(desk.address(), "watcher", Some(token.clone()))
        .opens_a_screen()
        .await;
    let mut connection = Connection::open(desk.address()).await?;
    let (mut answers, mut sights) = (Vec::new(), Vec::new());
    for number in 0..MESSAGES {
        let said =
            json!({ "message": format!("add water plant {number}"), "time_zone": "Europe/Berlin" });
        let sent = Instant::now();
        let seen = async {
            screen.hears("task_changed").await;
            sent.elapsed()
        };
        let ask = Ask::post("/api/chat", said).by(&token);
        let answered = async {
            connection.succeed(&ask).await?;
            anyhow::Ok(sent.elapsed())
        };
        let (seen, answered) = tokio::join!(seen, answered);
        sights.push(seen);
        answers.push(answered?);
        // A person types no faster than that.
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let (answers, sights) = (Times::new(answers), Times::new(sights));
    report.row(
        "push",
        format!("chat message → task on another open screen, {MESSAGES} messages"),
        sights.summary(),
        format!("the message's own answer: {}", answers.summary()),
    );
    Ok(())
}

/// `events`: from commands to the last consumer's confirmation, at full load.
pub(crate) async fn throughput(report: &mut Report) -> Result<()> {
    const PEOPLE: usize = 16;
    const TIME: Duration = Duration::from_secs(8);
    let desk = Desk::open().await?;
    let people = desk.people(PEOPLE);
    create_tasks(
        desk.address(),
        &people,
        2,
        |_, _| json!({ "title": "Warm up" }),
    )
    .await?;
    let before = desk.settle().await?;
    let begun = Instant::now();
    let load = load::run(desk.address(), PEOPLE, TIME, move |person, number| {
        let task = json!({
            "title": format!("Pay rent {number}"),
            "due": { "date": "2031-04-01", "time": "09:00", "time_zone": "Europe/Berlin" },
        });
        Ask::post("/api/tasks", task).by(&people[person])
    })
    .await?;
    let events = desk.settle().await? - before;
    let elapsed = begun.elapsed();
    ensure!(
        load.failed() == 0,
        "answers other than 2xx: {:?}",
        load.statuses
    );
    let rate = events as f64 / elapsed.as_secs_f64();
    report.row(
        "events",
        format!(
            "{} commands of {PEOPLE} people as fast as they are answered, until all consumers are done",
            load.count()
        ),
        format!("{rate:.0} events/s, each to its 1–3 consumers"),
        format!(
            "{:.0} commands/s were answered; {} passed from the last answer to the last consumer ({} of the whole)",
            load.rate(),
            time(elapsed - load.elapsed),
            ratio((elapsed - load.elapsed).as_secs_f64(), elapsed.as_secs_f64()),
        ),
    );
    Ok(())
}
