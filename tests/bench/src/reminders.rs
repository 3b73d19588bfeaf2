//! `reminders`: how late they are told, one by one and thousands in the same minute.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use chrono::{DateTime, DurationRound, SecondsFormat, TimeDelta, Utc};
use scenarios::Person;
use serde_json::{Value, json};

use crate::desk::{Desk, create_tasks};
use crate::load::{Ask, Connection};
use crate::report::{Report, Times, time};

/// Both measures, on one Nudge each.
pub(crate) async fn measure(report: &mut Report) -> Result<()> {
    lateness(report).await?;
    same_minute(report).await
}

/// Reminders at any moment, told to screens that are open.
async fn lateness(report: &mut Report) -> Result<()> {
    const PEOPLE: usize = 20;
    const EACH: usize = 15;
    /// Until the first one; all must be there by then.
    const LEAD: TimeDelta = TimeDelta::seconds(10);
    /// Between one and the next, over all people: so that they fall on all parts of a second.
    const STEP: TimeDelta = TimeDelta::milliseconds(97);
    let desk = Desk::open().await?;
    let people = desk.people(PEOPLE);
    let mut screens = Vec::new();
    for token in &people {
        let person = Person::new(desk.address(), "listener", Some(token.clone()));
        screens.push(person.opens_a_screen().await);
    }
    let first = Utc::now() + LEAD;
    let due = move |person: usize, number: usize| {
        first + STEP * i32::try_from(number * PEOPLE + person).unwrap_or(0)
    };
    let listening: Vec<_> = screens
        .into_iter()
        .map(|mut screen| {
            tokio::spawn(async move {
                let mut heard = Vec::new();
                for _ in 0..EACH {
                    let message = screen.hears("notification_added").await;
                    heard.push((Utc::now(), message));
                }
                heard
            })
        })
        .collect();
    create_tasks(desk.address(), &people, EACH, move |person, number| {
        reminded_at(due(person, number))
    })
    .await?;
    ensure!(
        Utc::now() < first,
        "the tasks were not there before their reminders"
    );
    let mut late = Vec::new();
    for listener in listening {
        for (heard, message) in listener.await? {
            let due = instant(&message, "/notification/title")?;
            late.push(
                (heard - due)
                    .to_std()
                    .context("a reminder was told before its time")?,
            );
        }
    }
    let late = Times::new(late);
    report.row(
        "reminders",
        format!(
            "lateness on an open screen, {} reminders at any moment",
            PEOPLE * EACH
        ),
        format!("{}, latest {}", late.summary(), time(late.quantile(1.0))),
        "the clock ticks once a second",
    );
    Ok(())
}

/// Thousands at once, until the last one stands in its inbox.
async fn same_minute(report: &mut Report) -> Result<()> {
    const PEOPLE: usize = 1_000;
    const EACH: usize = 10;
    let desk = Desk::open().await?;
    let people = desk.people(PEOPLE);
    // Time to create them all.
    let due = (Utc::now() + TimeDelta::seconds(150)).duration_trunc(TimeDelta::minutes(1))?;
    create_tasks(desk.address(), &people, EACH, move |_, _| reminded_at(due)).await?;
    desk.settle().await?;
    let left = (due - Utc::now()).to_std();
    tokio::time::sleep(left.context("the tasks were not there before their reminders")?).await;
    let mut connection = Connection::open(desk.address()).await?;
    let mut last = due;
    for token in &people {
        let inbox = inbox_of(&mut connection, token, EACH).await?;
        let tasks: BTreeSet<&str> = inbox
            .iter()
            .filter_map(|item| item["task_id"].as_str())
            .collect();
        ensure!(
            tasks.len() == EACH && inbox.len() == EACH,
            "not each once: {inbox:?}"
        );
        for item in &inbox {
            last = last.max(instant(item, "/created_at")?);
        }
    }
    report.row(
        "reminders",
        format!(
            "{} reminders of {PEOPLE} people due in the same minute, each told once",
            PEOPLE * EACH
        ),
        format!(
            "the last one in its inbox after {}",
            time((last - due).to_std()?)
        ),
        "",
    );
    Ok(())
}

/// Somebody's inbox, as soon as there are so many in it.
async fn inbox_of(connection: &mut Connection, token: &str, count: usize) -> Result<Vec<Value>> {
    const TRIES: usize = 600;
    let ask = Ask::get("/api/notifications?limit=200").by(token);
    for _ in 0..TRIES {
        let mut page = connection.succeed(&ask).await?;
        if let Value::Array(items) = page["items"].take()
            && items.len() >= count
        {
            return Ok(items);
        }
        // Seldom, since what is measured pays for the question.
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    anyhow::bail!("the reminders did not come")
}

fn reminded_at(due: DateTime<Utc>) -> Value {
    let at = due.to_rfc3339_opts(SecondsFormat::Millis, true);
    // Its title comes back in the notification, and says when that was due.
    json!({ "title": at, "reminders": [{ "at": at }] })
}

fn instant(value: &Value, pointer: &str) -> Result<DateTime<Utc>> {
    let text = value.pointer(pointer).and_then(Value::as_str);
    let text = text.with_context(|| format!("no {pointer} in {value}"))?;
    Ok(text.parse()?)
}
