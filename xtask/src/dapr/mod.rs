//! Nudge with real parts on this machine: Kafka, PostgreSQL, Pushpin, a daprd for each function, and the host without its
//! sidecar.

mod bench;
pub(crate) mod daprd;
mod existing;
mod family;
pub(crate) mod faults;
pub(crate) mod kafka;
pub(crate) mod part;
pub(crate) mod place;
pub(crate) mod postgres;
mod pushpin;
pub(crate) mod restore;
pub(crate) mod runtime;
pub(crate) mod sasl;
pub(crate) mod system;

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hasher};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::slice;

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use nix::unistd::Uid;

use crate::{steps, web};
pub(crate) use bench::bench;
use part::Part;
use place::Place;
use runtime::Runtime;
use system::System;

/// With which parts, and where.
#[derive(Debug, Clone, Args)]
pub(crate) struct Settings {
    /// A broker that is there already, instead of one of our own.
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) kafka: Option<String>,
    /// A PostgreSQL that is there already, instead of one of our own.
    #[arg(long, value_name = "URL")]
    pub(crate) postgres: Option<String>,
    /// Where everything is kept.
    #[arg(long, default_value = ".nudge")]
    pub(crate) data: PathBuf,
    /// The port to listen on; 0 takes a free one.
    #[arg(long, default_value_t = 3000)]
    pub(crate) port: u16,
    /// What runs the functions, with --dapr.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) runtime: Runtime,
    /// Where mail goes, instead of where the environment says.
    #[arg(skip)]
    mail: Option<SocketAddr>,
    /// Lets the gateway know of a second Pushpin, which the tests of the sockets start.
    #[arg(skip)]
    second_proxy: bool,
    /// Lifts what limits one person, for tests whose people work faster than people do.
    #[arg(skip)]
    tireless_people: bool,
}

impl Settings {
    /// Parts of our own with nothing in them, whose mail goes to the test. They are kept in `target`, below `name`.
    pub(crate) fn for_test(name: &str) -> Result<Self> {
        let data = steps::root().join("target").join(name);
        // What an earlier run left would be delivered to this one.
        if data.exists() {
            std::fs::remove_dir_all(&data)?;
        }
        std::fs::create_dir_all(&data)?;
        // Which the other tests use as well: compiling all functions takes longer than starting everything else.
        let compiled = steps::root().join("target/tmp/compiled");
        std::fs::create_dir_all(&compiled)?;
        std::os::unix::fs::symlink(compiled, data.join("compiled"))?;
        let [mail] = ports::free()?;
        Ok(Self {
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

    /// The arguments of `nudge run` in one process.
    pub(crate) fn for_host(&self, more: &[String]) -> Vec<String> {
        let own = [
            format!("--port={}", self.port),
            format!("--data={}", self.data.display()),
        ];
        own.into_iter().chain(more.iter().cloned()).collect()
    }
}

/// Runs Nudge with real parts until Ctrl-C.
pub(crate) fn run(settings: &Settings, release: bool, arguments: &[String]) -> Result<()> {
    let stop = system::on_interrupt()?;
    let system = System::start(settings, release, arguments, &stop)?;
    println!("Nudge is at {}", system.address());
    println!("Its parts are listed in {}", system.environment().display());
    stop.wait();
    eprintln!("Stopping …");
    system.stop();
    Ok(())
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
    let stop = system::on_interrupt()?;
    let name = only.map_or_else(
        || "dapr-test".to_owned(),
        |suite| format!("dapr-test-{suite:?}").to_lowercase(),
    );
    let settings = Settings {
        second_proxy: true,
        runtime,
        ..Settings::for_test(&name)?
    };
    let mail = settings.mail.context("a test has a mail address")?;
    let system = System::start(&settings, false, &[], &stop)?;
    let scenarios = system.for_scenarios(&mail.to_string());
    let run = |suite: &Suite| match suite {
        Suite::Conformance => test_conformance(&system),
        Suite::Rebalance => test_own_daprd(&system, "rebalance"),
        Suite::Clock => test_own_daprd(&system, "clock"),
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
    steps::execute(
        steps::cargo()
            .args(["test", "--workspace", "--test", "stories"])
            .envs(scenarios)
            // They share one mail server's address.
            .args(["--", "--test-threads=1"]),
    )
}

/// Events that a function can't process. The operator uses this very program.
fn test_poison(system: &System, scenarios: &BTreeMap<&str, String>) -> Result<()> {
    steps::execute(
        steps::cargo()
            .args(["test", "--workspace", "--test", "poison"])
            .envs(scenarios)
            .envs(system.parts_environment()?)
            .env("POISON_XTASK", std::env::current_exe()?)
            .env("POISON_DATA", system.data())
            // Nothing is mailed here, so each may have a mail server of its own.
            .env_remove("NUDGE_MAIL_ADDRESS")
            .args(["--", "--ignored"]),
    )
}

/// The same suite that `cargo xtask test` runs against the host's library.
fn test_spin() -> Result<()> {
    steps::build_probe()?;
    steps::execute(
        steps::cargo()
            .args(["test", "--workspace", "--test", "spin"])
            .env("CONFORMANCE_SPIN", runtime::spin()?)
            .args(["--", "--ignored", "--test-threads=2"]),
    )
}

/// What holds the sockets, killed and started again; then the same before a real screen.
fn test_sockets(system: &System, scenarios: &BTreeMap<&str, String>) -> Result<()> {
    steps::execute(
        steps::cargo()
            .args(["test", "--workspace", "--test", "sockets"])
            .envs(scenarios)
            .envs(system.for_sockets()?)
            // Nothing is mailed here, so each may have a mail server of its own.
            .env_remove("NUDGE_MAIL_ADDRESS")
            .args(["--", "--ignored"]),
    )?;
    web::test_browser_with_real_parts(&system.for_screen()?)
}

/// The same suite that `cargo test -p conformance` runs against the host's sidecar.
fn test_conformance(system: &System) -> Result<()> {
    let environment = system.for_conformance()?;
    apply_conformance_topics(&environment)?;
    steps::execute(
        steps::cargo()
            .args(["test", "--workspace", "--test", "dapr"])
            .envs(&environment)
            // Each case starts two daprds.
            .args(["--", "--ignored", "--test-threads=3"]),
    )
}

/// Before the daprd that is built here, whichever is on the path: Dapr's own 1.18 does not do this.
fn test_own_daprd(system: &System, suite: &str) -> Result<()> {
    let mut environment = system.for_conformance()?;
    apply_conformance_topics(&environment)?;
    let program = daprd::built()?.display().to_string();
    environment.insert("CONFORMANCE_DAPRD".to_owned(), program);
    let broker = system.parts().iter().find(|part| part.name == "kafka");
    let broker = broker.and_then(Part::pid).context("Kafka does not run")?;
    environment.insert("CONFORMANCE_KAFKA_PID".to_owned(), broker.to_string());
    steps::execute(
        steps::cargo()
            .args(["test", "--workspace", "--test", suite])
            .envs(&environment)
            .args(["--", "--ignored"]),
    )
}

fn apply_conformance_topics(environment: &BTreeMap<String, String>) -> Result<()> {
    let list = "tests/conformance/topics.json";
    let brokers = &environment["NUDGE_KAFKA_BROKERS"];
    broker(&["topics", "apply", "--list", list, "--brokers", brokers])
}

/// Runs a command of the tool that speaks to the broker, against the Nudge that `--data` names or the one that runs here,
/// where the environment names no other.
pub(crate) fn on_broker(command: &str, arguments: &[String]) -> Result<()> {
    let (data, arguments) = split_data(arguments)?;
    let place = Place::of(data)?;
    // What the environment says goes before what a running Nudge wrote down.
    let known = place.read_environment().unwrap_or_default();
    let missing = known
        .into_iter()
        .filter(|(name, _)| std::env::var_os(name).is_none());
    steps::execute(
        steps::cargo()
            .args(["run", "--quiet", "--package", "nudge-broker", "--"])
            .arg(command)
            .args(arguments)
            .envs(missing),
    )
}

/// Runs a command of the host for operators (`replay`, `check`) against the Nudge that runs with real parts, or against one
/// that does not run.
pub(crate) fn operate(command: &str, arguments: &[String]) -> Result<()> {
    let (data, _) = split_data(arguments)?;
    let known = Place::of(data)?.read_environment().unwrap_or_default();
    let missing = known
        .into_iter()
        .filter(|(name, _)| std::env::var_os(name).is_none());
    steps::execute(
        Command::new(steps::build_host(false)?)
            .arg(command)
            .args(arguments)
            .envs(missing)
            .current_dir(steps::root()),
    )
}

/// The folder that `--data` names, wherever it stands, and all other arguments.
fn split_data(arguments: &[String]) -> Result<(&Path, Vec<&String>)> {
    let mut data = Path::new(".nudge");
    let mut others = Vec::new();
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        if argument == "--data" {
            data = Path::new(arguments.next().context("--data takes a folder")?);
        } else if let Some(folder) = argument.strip_prefix("--data=") {
            data = Path::new(folder);
        } else {
            others.push(argument);
        }
    }
    Ok((data, others))
}

/// Runs the tool that speaks to the broker.
pub(crate) fn broker(arguments: &[&str]) -> Result<()> {
    steps::execute(
        steps::cargo()
            .args(["run", "--quiet", "--package", "nudge-broker", "--"])
            .args(arguments),
    )
}

/// Installs a Debian package where that can be done; else says what to do. `otherwise` names another way out.
pub(crate) fn install(package: &str, otherwise: &str) -> Result<()> {
    let can_install = Uid::effective().is_root() && place::find_program("apt-get", &[]).is_some();
    if !can_install {
        bail!("there is no {package}: install it (Debian: apt-get install {package}) {otherwise}");
    }
    eprintln!("Installing {package} …");
    let mut command = Command::new("apt-get");
    command
        .args(["install", "--yes", "--no-install-recommends", package])
        .env("DEBIAN_FRONTEND", "noninteractive");
    if steps::quietly(&mut command).is_ok() {
        return Ok(());
    }
    // The lists of packages may be missing or old.
    let mut update = Command::new("apt-get");
    steps::quietly(update.arg("update"))?;
    steps::quietly(&mut command)
}

/// A name for contents: good for a cache, not for security.
fn digest(contents: &[&[u8]]) -> u64 {
    let mut hasher = DefaultHasher::new();
    for content in contents {
        hasher.write_usize(content.len());
        hasher.write(content);
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_may_stand_anywhere() {
        for (line, data, others) in [
            ("list", ".nudge", "list"),
            ("--data a list", "a", "list"),
            ("show --data=a/b x/0/1", "a/b", "show x/0/1"),
            ("list --brokers b:1 --data a", "a", "list --brokers b:1"),
        ] {
            let arguments: Vec<String> = line.split(' ').map(str::to_owned).collect();
            let split = split_data(&arguments).expect(line);
            let expected: Vec<String> = others.split(' ').map(str::to_owned).collect();
            assert_eq!(
                split,
                (Path::new(data), expected.iter().collect()),
                "{line}"
            );
        }
        assert!(split_data(&["list".to_owned(), "--data".to_owned()]).is_err());
    }
}
