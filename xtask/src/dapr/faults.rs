//! `cargo xtask test faults`: the real system under load, with its parts killed and paused at random.
//!
//! The load and the judgement are a test of their own, `tests/scenarios/tests/faults`, which knows Nudge from outside only.
//! Here parts are broken; what dies is started again by its supervisor, as it is when people use Nudge. Whatever happens to
//! this test, a part that stands still goes on: the one who stops it holds a [`Paused`].

mod schedule;

use std::collections::BTreeMap;
use std::fmt;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;

use nudge_parts::part::Part;
use nudge_parts::place;
use nudge_parts::stop::Stop;
use nudge_parts::system::{START_LIMIT, System};

use super::settings_for_test;
use crate::commands;
use crate::steps;
use schedule::{Deed, Fault};

/// Rounds of ten faults.
const SHORT_ROUNDS: usize = 1;
const LONG_ROUNDS: usize = 6;
/// How long people work before the first fault, and after the last part has come back.
const UNDISTURBED: Duration = Duration::from_secs(5);
/// The test that judges these faults.
const TEST: &str = "parts_that_are_killed_and_paused_lose_nothing_and_double_nothing";
/// What the driver says when people are at work.
const AT_WORK: &str = "People are at work.";
/// How long the driver may take to begin.
const BEGIN_LIMIT: Duration = Duration::from_secs(120);
/// How long the driver may take to judge. It has limits of its own, which end before.
const JUDGE_LIMIT: Duration = Duration::from_secs(600);
/// What `nudge check` says of what is not as its source says.
const WRONG: &str = ": wrong: ";
/// How often something is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// How much is broken.
#[derive(Debug, Clone, Args)]
pub(crate) struct Form {
    /// Sixty faults instead of ten.
    #[arg(long)]
    long: bool,
    /// The random choices of another run.
    #[arg(long)]
    seed: Option<u64>,
}

/// Runs the test.
pub(crate) fn test(form: &Form) -> Result<()> {
    let seed = match form.seed {
        Some(seed) => seed,
        None => u64::from_str_radix(&place::random_text()?[..8], 16)?,
    };
    let long = if form.long { " --long" } else { "" };
    eprintln!("cargo xtask test faults{long} --seed {seed}");
    let stop = Stop::on_interrupt()?;
    let settings = settings_for_test("faults-test")?;
    let mail = settings.mail.context("a test has a mail address")?;
    let system = System::start(&settings, &steps::build_application(false)?, &[], &stop)?;
    let scenarios = system.for_scenarios(&mail.to_string());
    let command = driver(TEST, &scenarios, seed);
    build_driver()?;
    let rounds = if form.long { LONG_ROUNDS } else { SHORT_ROUNDS };
    let names: Vec<&str> = system.parts().iter().map(|part| &*part.name).collect();
    let faults = schedule::draw(seed, rounds, &names);
    let tested = Driver::start(command).and_then(|driver| run(&system, driver, &faults, &stop));
    system.stop();
    tested
}

/// Building it is not what is tested.
pub(crate) fn build_driver() -> Result<()> {
    commands::execute(driver_of_all().arg("--no-run"))
}

/// The driver of one test, which finds Nudge by `scenarios`.
pub(crate) fn driver(test: &str, scenarios: &BTreeMap<&str, String>, seed: u64) -> Command {
    let mut command = driver_of_all();
    command
        .args(["--", "--ignored", "--nocapture", "--exact", test])
        .envs(scenarios)
        .env("NUDGE_FAULTS_SEED", seed.to_string());
    command
}

fn driver_of_all() -> Command {
    let mut command = commands::cargo();
    command
        .args(["test", "--quiet", "--workspace", "--test", "faults"])
        .current_dir(commands::root());
    command
}

fn run(system: &System, mut driver: Driver, faults: &[Fault], stop: &Stop) -> Result<()> {
    driver.wait_for_work(stop)?;
    ensure!(!stop.wait_for(UNDISTURBED), "stopped");
    let begun = Instant::now();
    let outages = break_parts(system, faults, stop)?;
    for part in system.parts() {
        part.wait_again(START_LIMIT, &|| stop.asked())?;
    }
    ensure!(!stop.wait_for(UNDISTURBED), "stopped");
    eprintln!(
        "  {} faults in {:.0?}; all parts are ready again",
        outages.len(),
        begun.elapsed()
    );
    let pids: Vec<Option<Pid>> = system.parts().iter().map(Part::pid).collect();
    driver.tell(&outages)?;
    driver.wait_for_judgement(stop)?;
    let (is_clean, said) = system.check()?;
    ensure!(is_clean, "nudge check: {said}");
    for (part, pid) in system.parts().iter().zip(pids) {
        ensure!(part.is_ready(), "{} is not ready in the end", part.name);
        ensure!(part.pid() == pid, "{} died unasked", part.name);
    }
    Ok(())
}

/// A part that was away.
pub(crate) struct Outage {
    part: String,
    from: SystemTime,
    to: SystemTime,
}

impl fmt::Display for Outage {
    /// As the driver reads it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let milliseconds = |instant: SystemTime| {
            let since = instant.duration_since(UNIX_EPOCH).unwrap_or_default();
            since.as_millis()
        };
        write!(
            f,
            "out {} {}",
            milliseconds(self.from),
            milliseconds(self.to)
        )
    }
}

/// Breaks one part after the other, without waiting until it is back: only a part that is itself still away is waited for.
fn break_parts(system: &System, faults: &[Fault], stop: &Stop) -> Result<Vec<Outage>> {
    let begun = Instant::now();
    thread::scope(|scope| {
        let mut running: Vec<(&str, thread::ScopedJoinHandle<Result<Outage>>)> = Vec::new();
        let mut outages = Vec::new();
        for (number, fault) in (1..).zip(faults) {
            if stop.wait_for(fault.gap) {
                break;
            }
            let (same, others) = running
                .into_iter()
                .partition(|(part, _)| *part == fault.part);
            running = others;
            for (_, earlier) in same {
                outages.push(joined(earlier)?);
            }
            let part = system.parts().iter().find(|part| part.name == fault.part);
            let part = part.with_context(|| format!("there is no part {}", fault.part))?;
            eprintln!(
                "  {number:>3}  {:>6.1} s  {:?} {}",
                begun.elapsed().as_secs_f32(),
                fault.deed,
                fault.part
            );
            let deed = fault.deed;
            let task = move || commit(system, part, deed, stop);
            running.push((&fault.part, scope.spawn(task)));
        }
        for (_, fault) in running {
            outages.push(joined(fault)?);
        }
        ensure!(!stop.asked(), "stopped");
        Ok(outages)
    })
}

fn joined(fault: thread::ScopedJoinHandle<Result<Outage>>) -> Result<Outage> {
    match fault.join() {
        Ok(outage) => outage,
        Err(_) => bail!("a thread that breaks parts panicked"),
    }
}

/// Breaks a part, and waits until it is back without a hand. What it was killed over is looked at while people go on.
fn commit(system: &System, part: &Part, deed: Deed, stop: &Stop) -> Result<Outage> {
    let begun = Instant::now();
    // It may be between two lives: with a broker that is away, a daprd ends by itself.
    let pid = loop {
        match part.pid() {
            Some(pid) => break pid,
            None if begun.elapsed() > START_LIMIT || stop.asked() => {
                bail!("{} does not come back", part.name)
            }
            None => thread::sleep(LOOK_EVERY),
        }
    };
    let from = SystemTime::now();
    match deed {
        Deed::Kill => {
            // The process alone, as the kernel kills what takes too much memory; what it started is its supervisor's.
            kill(pid, Signal::SIGKILL).with_context(|| format!("{} can't be killed", part.name))?;
            while part.pid() == Some(pid) {
                thread::sleep(LOOK_EVERY);
            }
        }
        Deed::Pause(length) => {
            let _paused = Paused::stop(part);
            stop.wait_for(length);
        }
    }
    part.wait_again(START_LIMIT, &|| stop.asked())?;
    let to = SystemTime::now();
    if deed == Deed::Kill {
        finds_nothing_wrong(system, &part.name)?;
    }
    Ok(Outage {
        part: part.name.clone(),
        from,
        to,
    })
}

/// `nudge check` finds nothing that is not as its source says. Whether it comes to its end is another matter: other parts may
/// be away.
fn finds_nothing_wrong(system: &System, killed: &str) -> Result<()> {
    let (is_clean, said) = system.check()?;
    let is_wrong = said.lines().any(|line| line.contains(WRONG));
    ensure!(!is_wrong, "after {killed} was killed, nudge check: {said}");
    let came = match is_clean {
        true => "found nothing wrong",
        false => "did not come to its end",
    };
    eprintln!("       nudge check after {killed} was killed {came}");
    Ok(())
}

/// A part, with all that it started, that stands still until this is dropped.
struct Paused<'a>(&'a Part);

impl<'a> Paused<'a> {
    fn stop(part: &'a Part) -> Self {
        part.signal(Signal::SIGSTOP);
        Self(part)
    }
}

impl Drop for Paused<'_> {
    fn drop(&mut self) {
        self.0.signal(Signal::SIGCONT);
    }
}

/// The process of the load and the judgement, in a group of its own: Ctrl-C on the terminal is for us.
pub(crate) struct Driver {
    child: Child,
    /// Everything that it says.
    lines: mpsc::Receiver<String>,
}

impl Driver {
    /// Starts it.
    pub(crate) fn start(mut command: Command) -> Result<Self> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .process_group(0)
            .spawn()
            .context("can't start the driver")?;
        let output = child.stdout.take().context("the driver's output")?;
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || pass_on(output, &sender));
        Ok(Self { child, lines })
    }

    /// Waits until people are at work.
    pub(crate) fn wait_for_work(&mut self, stop: &Stop) -> Result<()> {
        let begun = Instant::now();
        while begun.elapsed() < BEGIN_LIMIT && !stop.asked() {
            match self.lines.recv_timeout(LOOK_EVERY) {
                // The harness may have begun the line.
                Ok(line) if line.ends_with(AT_WORK) => return Ok(()),
                Ok(_) | Err(mpsc::RecvTimeoutError::Timeout) => {}
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
            }
        }
        bail!("people don't begin to work");
    }

    /// Says when the functions were away, and that this is the end.
    pub(crate) fn tell(&mut self, outages: &[Outage]) -> Result<()> {
        let mut input = self.child.stdin.take().context("told twice")?;
        for outage in outages.iter().filter(|outage| outage.part == "functions") {
            writeln!(input, "{outage}")?;
        }
        writeln!(input, "end").context("the driver has ended")
    }

    /// Waits until it has looked at what became of everything.
    pub(crate) fn wait_for_judgement(&mut self, stop: &Stop) -> Result<()> {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait()? {
                ensure!(status.success(), "the test failed");
                return Ok(());
            }
            ensure!(!stop.asked(), "stopped");
            ensure!(begun.elapsed() < JUDGE_LIMIT, "the driver does not end");
            thread::sleep(LOOK_EVERY);
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let group = i32::try_from(self.child.id()).map(Pid::from_raw);
            group.map(|group| killpg(group, Signal::SIGKILL)).ok();
            self.child.wait().ok();
        }
    }
}

fn pass_on(output: ChildStdout, lines: &mpsc::Sender<String>) {
    for line in BufReader::new(output).lines().map_while(Result::ok) {
        println!("{line}");
        // Nobody listens after the beginning.
        lines.send(line).ok();
    }
}
