//! What is tested and measured beside real parts: Kafka, PostgreSQL, Pushpin, a daprd for each function, and the host
//! without its sidecar.

mod bench;
pub(crate) mod faults;
pub(crate) mod restore;
pub(crate) mod sasl;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::process::Command;
use std::slice;

use anyhow::{Context, Result};
use clap::ValueEnum;
use nudge_parts::application::Application;
use nudge_parts::part::Part;
use nudge_parts::runtime::{self, Runtime};
use nudge_parts::settings::Settings;
use nudge_parts::stop::Stop;
use nudge_parts::system::System;
use nudge_parts::{daprd, programs};

use crate::{browser, commands, steps};
pub(crate) use bench::bench;

/// The topics of the suite of Dapr's behaviour.
const CONFORMANCE_TOPICS: &str = "tests/conformance/topics.json";

/// Parts of our own with nothing in them, whose mail goes to the test. They are kept in `target`, below `name`.
pub(crate) fn settings_for_test(name: &str) -> Result<Settings> {
    let data = commands::root().join("target").join(name);
    // What an earlier run left would be delivered to this one.
    if data.exists() {
        std::fs::remove_dir_all(&data)?;
    }
    std::fs::create_dir_all(&data)?;
    // Which the other tests use as well: compiling all functions takes longer than starting everything else.
    let compiled = commands::root().join("target/tmp/compiled");
    std::fs::create_dir_all(&compiled)?;
    std::os::unix::fs::symlink(compiled, data.join("compiled"))?;
    let [mail] = ports::free()?;
    Ok(Settings {
        mail: Some(SocketAddr::from(([127, 0, 0, 1], mail))),
        second_proxy: false,
        tireless_people: true,
        runtime: Runtime::Host,
        kafka: None,
        postgres: None,
        data,
        port: 0,
    })
}

/// What is run against real parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Suite {
    /// The behaviour of Dapr that Nudge relies on.
    Conformance,
    /// A delivery that is tried without end, while daprds of its function come, leave and die.
    Rebalance,
    /// The clocks of a daprd and of the broker are set, ahead and back.
    Clock,
    /// Every scenario.
    Stories,
    /// Events that a function can't process, and what an operator does with them.
    Poison,
    /// What holds the sockets dies and comes back, before test clients and before a real screen.
    Sockets,
    /// How Spin runs components, by the cases that `cargo xtask test` asks the host; with --runtime spin.
    Spin,
}

impl Suite {
    /// What is run where nobody names a suite.
    fn all(runtime: Runtime) -> &'static [Self] {
        match runtime {
            Runtime::Host => &[
                Self::Conformance,
                Self::Rebalance,
                Self::Clock,
                Self::Stories,
                Self::Poison,
                Self::Sockets,
            ],
            Runtime::Spin => &[Self::Spin, Self::Stories],
        }
    }
}

/// Runs all suites, or one, against real parts.
pub(crate) fn test(only: Option<Suite>, runtime: Runtime) -> Result<()> {
    runtime.check()?;
    if let Some(Suite::Spin) = only {
        return test_spin();
    }
    let stop = Stop::on_interrupt()?;
    let name = only.map_or_else(
        || "dapr-test".to_owned(),
        |suite| format!("dapr-test-{suite:?}").to_lowercase(),
    );
    let settings = Settings {
        second_proxy: true,
        runtime,
        ..settings_for_test(&name)?
    };
    let mail = settings.mail.context("a test has a mail address")?;
    let application = steps::build_application(false)?;
    let system = System::start(&settings, &application, &[], &stop)?;
    let scenarios = system.for_scenarios(&mail.to_string());
    let run = |suite: &Suite| match suite {
        Suite::Conformance => test_conformance(&application, &system),
        Suite::Rebalance => test_own_daprd(&application, &system, "rebalance"),
        Suite::Clock => test_own_daprd(&application, &system, "clock"),
        Suite::Stories => test_stories(&scenarios),
        Suite::Poison => test_poison(&system, &scenarios),
        Suite::Sockets => test_sockets(&system, &scenarios),
        Suite::Spin => test_spin(),
    };
    let suites = only.as_ref().map_or(Suite::all(runtime), slice::from_ref);
    let tested = suites.iter().try_for_each(run);
    system.stop();
    tested
}

fn test_stories(scenarios: &BTreeMap<&str, String>) -> Result<()> {
    commands::execute(
        commands::cargo()
            .args(["test", "--workspace", "--test", "stories"])
            .envs(scenarios)
            // They share one mail server's address.
            .args(["--", "--test-threads=1"]),
    )
}

/// Events that a function can't process, and an operator.
fn test_poison(system: &System, scenarios: &BTreeMap<&str, String>) -> Result<()> {
    commands::execute(
        commands::cargo()
            .args(["test", "--workspace", "--test", "poison"])
            .envs(scenarios)
            .envs(system.parts_environment()?)
            .env("POISON_DATA", system.data())
            // Nothing is mailed here, so each may have a mail server of its own.
            .env_remove("NUDGE_MAIL_ADDRESS")
            .args(["--", "--ignored"]),
    )
}

/// The same suite that `cargo xtask test` runs against the host's library.
fn test_spin() -> Result<()> {
    steps::build_probe()?;
    commands::execute(
        commands::cargo()
            .args(["test", "--workspace", "--test", "spin"])
            .env("CONFORMANCE_SPIN", runtime::spin()?)
            .args(["--", "--ignored", "--test-threads=2"]),
    )
}

/// What holds the sockets, killed and started again; then the same before a real screen.
fn test_sockets(system: &System, scenarios: &BTreeMap<&str, String>) -> Result<()> {
    commands::execute(
        commands::cargo()
            .args(["test", "--workspace", "--test", "sockets"])
            .envs(scenarios)
            .envs(system.for_sockets()?)
            // Nothing is mailed here, so each may have a mail server of its own.
            .env_remove("NUDGE_MAIL_ADDRESS")
            .args(["--", "--ignored"]),
    )?;
    browser::test_with_real_parts(&system.for_screen()?)
}

/// The same suite that `cargo test -p conformance` runs against the host's sidecar.
fn test_conformance(application: &Application, system: &System) -> Result<()> {
    let environment = system.for_conformance()?;
    apply_conformance_topics(application, &environment)?;
    commands::execute(
        commands::cargo()
            .args(["test", "--workspace", "--test", "dapr"])
            .envs(&environment)
            // Each case starts two daprds.
            .args(["--", "--ignored", "--test-threads=3"]),
    )
}

/// Before the daprd that is built here, whichever is on the path: Dapr's own 1.18 does not do this.
fn test_own_daprd(application: &Application, system: &System, suite: &str) -> Result<()> {
    let mut environment = system.for_conformance()?;
    apply_conformance_topics(application, &environment)?;
    let program = daprd::built()?.display().to_string();
    environment.insert("CONFORMANCE_DAPRD".to_owned(), program);
    let broker = system.parts().iter().find(|part| part.name == "kafka");
    let broker = broker.and_then(Part::pid).context("Kafka does not run")?;
    environment.insert("CONFORMANCE_KAFKA_PID".to_owned(), broker.to_string());
    commands::execute(
        commands::cargo()
            .args(["test", "--workspace", "--test", suite])
            .envs(&environment)
            .args(["--", "--ignored"]),
    )
}

/// Makes Nudge's own topics.
pub(crate) fn apply_topics(brokers: &str) -> Result<()> {
    commands::execute(Command::new(steps::build_nudge(false)?).args([
        "topics",
        "apply",
        "--brokers",
        brokers,
    ]))
}

fn apply_conformance_topics(
    application: &Application,
    environment: &BTreeMap<String, String>,
) -> Result<()> {
    let list = commands::root().join(CONFORMANCE_TOPICS);
    programs::quietly(
        Command::new(&application.program)
            .args(["topics", "apply", "--list"])
            .arg(list)
            .envs(environment),
    )
}
