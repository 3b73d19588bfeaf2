//! `cargo xtask test restore`: the database goes back to a moment, as docs/operations.md says, while Kafka does not.
//!
//! What people see before and after is told by `tests/scenarios/tests/restore`; here is what an operator does in between.
//! The database's password is changed on the way, and whatever starts again has new secrets.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use nudge_parts::part::{Part, Spec};
use nudge_parts::place::Place;
use nudge_parts::programs::quietly;
use nudge_parts::settings::Settings;
use nudge_parts::stop::Stop;
use nudge_parts::system::{START_LIMIT, System};
use nudge_parts::{kafka, postgres};

use super::settings_for_test;
use crate::commands;
use crate::steps;

/// Whose state is made of events, and may be behind what the others kept.
pub(crate) const CONSUMERS: [&str; 3] = [
    "reminder-service",
    "recurrence-engine",
    "notification-service",
];
/// How long the server may take to read its log.
const RECOVERY_LIMIT: Duration = Duration::from_secs(60);

/// Runs the test.
pub(crate) fn test() -> Result<()> {
    let stop = Stop::on_interrupt()?;
    let application = steps::build_application(false)?;
    let mut settings = settings_for_test("restore-test")?;
    let place = Place::open(&settings.data)?;
    let [kafka_port, controller_port, port, restored_port] = ports::free()?;
    let broker = start(
        kafka::spec(&place, kafka_port, controller_port)?,
        &place,
        &stop,
    )?;
    settings.kafka = Some(format!("127.0.0.1:{kafka_port}"));

    let archive = postgres::folder(&place, "archive")?;
    let keep = format!("archive_command=cp %p {}/%f", archive.display());
    let log = ["archive_mode=on".to_owned(), keep];
    let (spec, url) = postgres::spec_in(&place, "postgres", port, &log)?;
    let mut database = start(spec, &place, &stop)?;
    settings.postgres = Some(url.clone());

    let system = System::start(&settings, &application, &[], &stop)?;
    take_step(&system, &settings, "step_1_before_the_backup")?;
    let copy = back_up(&place, &url)?;
    take_step(&system, &settings, "step_2_before_the_moment")?;
    let moment = postgres::query(&url, "SELECT clock_timestamp()")?;
    eprintln!("The moment is {moment}.");
    take_step(&system, &settings, "step_3_after_the_moment")?;

    // The world stops, the database is lost; its log was kept, to the last record.
    system.stop();
    postgres::query(&url, "SELECT pg_switch_wal()")?;
    database.stop();
    fs::remove_dir_all(place.parts.join("postgres/data"))?;

    go_back(&copy, &archive, &moment)?;
    let (spec, url) = postgres::spec_in(&place, "restored", restored_port, &[])?;
    let restored = start(spec, &place, &stop)?;
    wait_recovered(&url)?;
    settings.postgres = Some(postgres::change_password(&url)?);
    let system = System::start(&settings, &application, &[], &stop)?;
    for function in CONSUMERS {
        let mut replay = Command::new(&application.program);
        replay.args(["replay", "--to", function, "--data"]);
        commands::execute(replay.arg(&settings.data))?;
    }
    let tested = take_step(&system, &settings, "step_4_restored");
    system.stop();
    drop((restored, broker));
    tested
}

fn start(spec: Spec, place: &Place, stop: &Stop) -> Result<Part> {
    let part = Part::start(spec, &place.logs)?;
    part.wait_ready(START_LIMIT, &|| stop.asked())?;
    Ok(part)
}

fn take_step(system: &System, settings: &Settings, step: &str) -> Result<()> {
    let mail = settings.mail.context("a test has a mail address")?;
    commands::execute(
        commands::cargo()
            .args(["test", "--quiet", "--workspace", "--test", "restore", "--"])
            .args(["--ignored", "--exact", step])
            .envs(system.for_scenarios(&mail.to_string()))
            .env("NUDGE_LEDGER", settings.data.join("ledger.json")),
    )
}

/// Copies the running server's data; returns where to.
fn back_up(place: &Place, url: &str) -> Result<PathBuf> {
    let data = postgres::folder(place, "restored")?.join("data");
    quietly(
        postgres::command("pg_basebackup")?
            .args(["--checkpoint=fast", "--dbname", url, "-D"])
            .arg(&data),
    )?;
    Ok(data)
}

/// Says to which moment the copy is to go, by which log.
fn go_back(copy: &Path, archive: &Path, moment: &str) -> Result<()> {
    let file = copy.join("postgresql.auto.conf");
    let archive = archive.display();
    let settings = format!(
        "restore_command = 'cp {archive}/%f %p'\nrecovery_target_time = '{moment}'\nrecovery_target_action = 'promote'\n"
    );
    fs::write(&file, settings).with_context(|| format!("can't write {}", file.display()))?;
    fs::write(copy.join("recovery.signal"), "")?;
    Ok(())
}

fn wait_recovered(url: &str) -> Result<()> {
    let begun = Instant::now();
    while postgres::query(url, "SELECT pg_is_in_recovery()")? != "f" {
        if begun.elapsed() > RECOVERY_LIMIT {
            bail!("PostgreSQL still reads its log; see its own log");
        }
        sleep(Duration::from_millis(200));
    }
    Ok(())
}
