//! Creating and listing tasks over HTTP.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use crate::bare::commits_per_second;
use crate::desk::{Desk, create_tasks};
use crate::load::{self, Ask, Connection, Load};
use crate::process;
use crate::report::{Report, Times, ratio, time};

/// How long each load lasts.
const TIME: Duration = Duration::from_secs(6);
/// People at once.
const CROWD: usize = 16;

/// `create`: a task is durable (fsync) before the answer.
pub(crate) async fn create(report: &mut Report) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let plain = commits_per_second(folder.path())?;
    for connections in [1, CROWD] {
        let desk = Desk::open().await?;
        let people = desk.people(connections);
        warm_up(&desk, &people).await?;
        let cpu_before = process::cpu(desk.process())?;
        let load = load::run(desk.address(), connections, TIME, move |person, number| {
            Ask::post("/api/tasks", task(number)).by(&people[person])
        })
        .await?;
        desk.settle().await?;
        let cpu = process::cpu(desk.process())? - cpu_before;
        no_failures(&load)?;
        report.row(
            "create",
            format!("create a task, {connections} people at once, each on a connection"),
            format!("{:.0}/s, {}", load.rate(), load.times.summary()),
            format!(
                "{} of one SQLite writer's {plain:.0} durable commits/s",
                ratio(load.rate(), plain)
            ),
        );
        report.row(
            "create",
            "… CPU a task, with all its events through all consumers",
            time(cpu / count(&load)),
            "",
        );
        let (_, most) = process::memory(desk.process())?;
        report.row(
            "create",
            "… most memory of the process",
            format!("{most:.0} MiB"),
            "",
        );
    }
    Ok(())
}

/// `list`: a page of 50 tasks.
pub(crate) async fn list(report: &mut Report) -> Result<()> {
    let desk = Desk::open().await?;
    let people = desk.people(CROWD);
    create_tasks(desk.address(), &people, 50, |_, number| task(number)).await?;
    desk.settle().await?;
    for connections in [1, CROWD] {
        let people = people.clone();
        let cpu_before = process::cpu(desk.process())?;
        let load = load::run(desk.address(), connections, TIME, move |person, _| {
            Ask::get("/api/tasks?limit=50").by(&people[person])
        })
        .await?;
        let cpu = process::cpu(desk.process())? - cpu_before;
        no_failures(&load)?;
        report.row(
            "list",
            format!("list 50 tasks, {connections} people at once"),
            format!("{:.0}/s, {}", load.rate(), load.times.summary()),
            format!("{} of CPU a list", time(cpu / count(&load))),
        );
    }
    Ok(())
}

/// `page`: a page of 50 costs the same whatever there is beside it.
pub(crate) async fn page(report: &mut Report) -> Result<()> {
    const TOTALS: [usize; 3] = [10, 1_000, 10_000];
    const ROUNDS: usize = 300;
    let desk = Desk::open().await?;
    let people = desk.people(TOTALS.len());
    for (person, total) in people.iter().zip(TOTALS) {
        let one = std::slice::from_ref(person);
        create_tasks(desk.address(), one, total, |_, number| task(number)).await?;
    }
    desk.settle().await?;
    let mut connection = Connection::open(desk.address()).await?;
    let mut times = TOTALS.map(|_| Vec::new());
    // In turn, so that what else the machine does falls on all of them.
    for _ in 0..ROUNDS {
        for (person, times) in people.iter().zip(&mut times) {
            let ask = Ask::get("/api/tasks?limit=50").by(person);
            let begun = Instant::now();
            connection.succeed(&ask).await?;
            times.push(begun.elapsed());
        }
    }
    let medians = times.map(|times| Times::new(times).median());
    for (total, median) in TOTALS.iter().zip(medians).skip(1) {
        report.row(
            "page",
            format!("the first 50 of {total} open tasks"),
            format!("p50 {}", time(median)),
            format!(
                "{} of all of {} tasks, p50 {}",
                ratio(median.as_secs_f64(), medians[0].as_secs_f64()),
                TOTALS[0],
                time(medians[0])
            ),
        );
    }
    Ok(())
}

/// A task as people have them: a title and a due date.
fn task(number: usize) -> Value {
    json!({
        "title": format!("Water the plants {number}"),
        "due": { "date": "2031-04-01", "time_zone": "Europe/Berlin" },
    })
}

/// Key sets are read, documents made, pages faulted in.
async fn warm_up(desk: &Desk, people: &[String]) -> Result<()> {
    create_tasks(desk.address(), people, 5, |_, number| task(number)).await?;
    desk.settle().await?;
    Ok(())
}

fn no_failures(load: &Load) -> Result<()> {
    ensure!(
        load.failed() == 0,
        "answers other than 2xx: {:?}",
        load.statuses
    );
    ensure!(load.count() > 0, "no answers");
    Ok(())
}

fn count(load: &Load) -> u32 {
    u32::try_from(load.count()).unwrap_or(u32::MAX)
}
