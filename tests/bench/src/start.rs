//! `start`: from nothing to the first answer, and what the idle process keeps.

use std::time::{Duration, Instant};

use anyhow::Result;
use scenarios::Host;
use tokio::process::Command;

use crate::desk::Desk;
use crate::load::{Ask, Connection};
use crate::process;
use crate::report::{Report, Times, time};

const STARTS: usize = 20;

/// Starts with compiled components at hand, again and again.
pub(crate) async fn measure(report: &mut Report) -> Result<()> {
    // The first start compiles what is not compiled yet.
    let desk = Desk::open().await?.restart().await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let (idle, _) = process::memory(desk.process())?;
    report.row(
        "start",
        "memory of the idle process",
        format!("{idle:.0} MiB"),
        "",
    );
    let (mut settings, _data) = desk.stop().await;
    let mut first_answers = Vec::new();
    let mut bare = Vec::new();
    for _ in 0..STARTS {
        let begun = Instant::now();
        let host = Host::start(settings).await;
        let mut connection = Connection::open(host.address()).await?;
        connection.send(&Ask::get("/")).await?;
        first_answers.push(begun.elapsed());
        settings = host.stop().await.1;
        let begun = Instant::now();
        Command::new("true").status().await?;
        bare.push(begun.elapsed());
    }
    let (first_answers, bare) = (Times::new(first_answers), Times::new(bare));
    report.row(
        "start",
        format!("process start to the screen's first answer, {STARTS} times"),
        format!(
            "p50 {}, longest {}",
            time(first_answers.median()),
            time(first_answers.quantile(1.0))
        ),
        format!("the process `true`: p50 {}", time(bare.median())),
    );
    Ok(())
}
