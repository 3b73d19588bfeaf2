//! What controllers make of the chart: KEDA's operator and its http add-on, and Dapr's sidecar injector, the real ones,
//! against a real API server, broker and database, with the chart's values for production.
//!
//! No node runs here, so no pod starts: what can be seen is how many replicas KEDA gives each function's Deployment. A
//! stand-in answers for the functions that have one, and is silent for the others. So each story goes round: something
//! happens, KEDA wakes who waits for that, what daprd or the interceptor held is taken in, nothing is left, and KEDA lets all
//! sleep. SpinKube's operator is missing: Deployments stand in for those that it makes of SpinApps.
//!
//! Times are said, and decide nothing: a story fails when somebody is woken who should sleep, or when it does not end.
//!
//! Seen to fail, each with one thing changed: every trigger on the topic `task-audit`; the consumer group with a prefix, in
//! the chart or in `kafka-pubsub.yaml`; `sasl` as Kafka calls the mechanism; another key for the broker's password; no TLS; a
//! trigger whose route does not exist, a route whose Service does not, or whose path is another, for people or for ticks; a
//! lag of more than one message; `offsetResetPolicy: latest`; a horizon of seconds or of hours; another scale target; one
//! replica of the function that keeps two. And of daprd's pods: another channel address or port of the Service; no token;
//! the secret store not turned off; no memory limit; capabilities not dropped, or actors left on, in `helm/platform`.

mod broker;
mod expectations;
mod functions;
pub(in crate::cluster) mod http;
mod injector;
pub(in crate::cluster) mod keda;
pub(in crate::cluster) mod platform;
mod release;
mod socks;
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use super::chart::RELEASE;
use super::manifest::Manifest;
use super::{chart, step, tools};
use expectations::Expectations;
use release::NEVER_SLEEPS;
use world::{Asked, World};

/// How often the functions' replicas are looked at: more often than the shortest time that KEDA leaves one awake.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// Where people find the release: the host of the public address in `values-prod.yaml`.
const PUBLIC_HOST: &str = "nudge.example.com";
/// When a story counts as one that does not end. It takes some seconds.
const END: Duration = Duration::from_secs(180);

/// How many replicas each function has.
type Replicas = BTreeMap<String, u64>;

/// Runs every story.
pub(crate) fn test() -> Result<()> {
    let injector = step("Dapr's sidecar injector", tools::injector)?;
    let keda = step("KEDA's operator and http add-on", tools::keda)?;
    let definitions = step("custom kinds of KEDA", platform::custom_kinds)?;
    step(
        "the versions are those of helm/platform",
        platform::same_versions,
    )?;
    let expected = Expectations::read()?;
    let (mut world, release) = step("API server, Kafka, PostgreSQL and daprd", || {
        World::start(&definitions, &expected)
    })?;
    world.start_injector(injector)?;
    for rendered in &chart::render()? {
        step(&format!("daprd's pods for {}", rendered.place.name), || {
            injector::makes_sidecars(world.server(), rendered, &expected)
        })?;
    }
    step("KEDA starts", || world.start_keda(&keda))?;
    step("a release is rolled out with what must stand", || {
        wait(
            &world,
            "one replica each, or those that always stand",
            |now| {
                now.iter().all(|(function, count)| {
                    let (wide, least) = NEVER_SLEEPS;
                    *count == if function == wide { least } else { 1 }
                })
            },
        )
    })?;
    step("without the pause all go to sleep", || {
        world.lift_pause()?;
        all_sleep(&world)
    })?;
    events(&world, &expected, "")?;
    timetables(&world, &expected)?;
    let functions = release.functions();
    requests(&world, &functions)?;
    invocations(&world, &functions, &expected)?;
    outage(&mut world, &expected)
}

/// An event wakes those who listen to its topic, and they get it.
fn events(world: &World, expected: &Expectations, when: &str) -> Result<()> {
    for (topic, listeners) in &expected.by_topic {
        let told = format!("an event of {topic}{when}");
        step(&told, || {
            let publish = || world.publish(topic, &told);
            wakes(world, listeners, publish, Ok)?;
            let took = world.functions.took(&told);
            ensure!(took == *listeners, "{took:?} took it in, not {listeners:?}");
            Ok(())
        })?;
    }
    Ok(())
}

/// Work that is due soon wakes whose it is; work that is due later wakes nobody while the rest happens.
fn timetables(world: &World, expected: &Expectations) -> Result<()> {
    let later = world.due_in("1 hour")?;
    for function in expected.crons.keys() {
        world.plan(function, &later)?;
    }
    for function in expected.crons.keys() {
        step(
            &format!("work of {function} that is due in a minute"),
            || {
                let soon = world.due_in("1 minute")?;
                let is_planned = || world.plan(function, &soon);
                let is_done = |()| world.forget(function, &soon);
                wakes(world, &only(function), is_planned, is_done)
            },
        )?;
    }
    Ok(())
}

/// A request of a person waits at the interceptor, wakes whom it is for, and is answered.
fn requests(world: &World, functions: &BTreeSet<String>) -> Result<()> {
    let manifest = Manifest::read()?;
    for function in functions {
        step(&format!("requests to {function}"), || {
            let mark = format!("?to={function}");
            let paths = manifest.public_paths(function);
            let arrive = || {
                let paths = paths.iter().map(|path| format!("{path}{mark}"));
                Ok(paths
                    .map(|path| world.ask("GET", PUBLIC_HOST, &path))
                    .collect())
            };
            let woken = if function == NEVER_SLEEPS.0 {
                BTreeSet::new()
            } else {
                only(function)
            };
            wakes(world, &woken, arrive, answered)?;
            let took = world.functions.took(&mark);
            ensure!(took == only(function), "{took:?} got it");
            Ok(())
        })?;
    }
    Ok(())
}

/// What daprd sends to a function without events goes by the interceptor as well: an invocation wakes it; a tick is refused
/// while it sleeps, and wakes nobody.
fn invocations(world: &World, functions: &BTreeSet<String>, expected: &Expectations) -> Result<()> {
    let listeners = expected.listeners();
    let invoked = functions.difference(&listeners);
    for function in invoked.filter(|name| *name != NEVER_SLEEPS.0) {
        let host = format!("{function}-wake.{RELEASE}.svc.cluster.local");
        for route in expected.crons.get(function).into_iter().flatten() {
            step(&format!("a tick at {route}"), || {
                let status = answer(world.ask("POST", &host, route))?;
                ensure!(status == 503, "it was answered with {status}");
                nobody_wakes(world)
            })?;
        }
        step(&format!("an invocation of {function}"), || {
            let path = format!("/{function}/invoked");
            let arrives = || Ok(vec![world.ask("POST", &host, &path)]);
            wakes(world, &only(function), arrives, answered)?;
            let took = world.functions.took(&path);
            ensure!(took == only(function), "{took:?} got it");
            Ok(())
        })?;
    }
    Ok(())
}

/// While the broker is away, requests wake functions as before, also those that listen to events: a trigger that fails
/// must not hold up the others. When it is back, all sleep again and events wake.
fn outage(world: &mut World, expected: &Expectations) -> Result<()> {
    let listeners = expected.listeners();
    world.stop_broker()?;
    step("KEDA sees that Kafka is away", || {
        wait(world, "the triggers fail", |_| {
            world
                .not_ready()
                .is_ok_and(|failing| failing.len() == listeners.len())
        })
    })?;
    let manifest = Manifest::read()?;
    for function in &listeners {
        step(
            &format!("a request to {function} while Kafka is away"),
            || {
                let paths = manifest.public_paths(function);
                let path = paths.first().context("it has no public path")?;
                let asked = world.ask("GET", PUBLIC_HOST, path);
                wait(world, "it wakes", |replicas| {
                    awake(replicas).contains(function)
                })?;
                answered(vec![asked])
            },
        )?;
    }
    world.start_broker()?;
    step("Kafka is back and all go to sleep", || all_sleep(world))?;
    events(world, expected, " after the outage")
}

fn answered(asked: Vec<Asked>) -> Result<()> {
    for asked in asked {
        let status = answer(asked)?;
        ensure!(status == 200, "it was answered with {status}");
    }
    Ok(())
}

fn answer(asked: Asked) -> Result<u16> {
    match asked.join() {
        Ok(answer) => Ok(answer?.status),
        Err(_) => bail!("nobody asked"),
    }
}

/// Looks for longer than KEDA takes to wake somebody.
fn nobody_wakes(world: &World) -> Result<()> {
    for _ in 0..12 {
        let awake = awake(&world.replicas()?);
        ensure!(awake.is_empty(), "{awake:?} woke");
        thread::sleep(LOOK_EVERY);
    }
    Ok(())
}

/// Waits until all functions are as they are when nothing waits for them, and every trigger works.
fn all_sleep(world: &World) -> Result<()> {
    wait(world, "all sleep, and every trigger works", |replicas| {
        awake(replicas).is_empty() && world.not_ready().is_ok_and(|failing| failing.is_empty())
    })
}

/// Who has another number of replicas than at rest.
fn awake(replicas: &Replicas) -> BTreeSet<String> {
    let (never_sleeps, kept) = NEVER_SLEEPS;
    let at_rest = |name: &str| if name == never_sleeps { kept } else { 0 };
    let awake = replicas
        .iter()
        .filter(|(name, count)| **count != at_rest(name));
    awake.map(|(name, _)| name.clone()).collect()
}

fn only(function: &str) -> BTreeSet<String> {
    BTreeSet::from([function.to_owned()])
}

/// Something happens while all sleep: these functions wake and no other, and when it is `over`, all sleep again.
fn wakes<T>(
    world: &World,
    expected: &BTreeSet<String>,
    happens: impl FnOnce() -> Result<T>,
    over: impl FnOnce(T) -> Result<()>,
) -> Result<()> {
    let mut seen = BTreeSet::new();
    let mut woken_after = None;
    let happening = happens()?;
    let began = Instant::now();
    let names = format!("{expected:?} wake");
    wait(world, &names, |replicas| {
        seen.append(&mut awake(replicas));
        if seen.is_superset(expected) {
            woken_after.get_or_insert_with(|| began.elapsed());
        }
        woken_after.is_some()
    })?;
    over(happening)?;
    wait(world, "all sleep again", |replicas| {
        let mut awake = awake(replicas);
        let none = awake.is_empty();
        seen.append(&mut awake);
        none
    })?;
    ensure!(seen == *expected, "{seen:?} were awake, not {expected:?}");
    let names: Vec<&str> = expected.iter().map(String::as_str).collect();
    if let (Some(after), false) = (woken_after, names.is_empty()) {
        let (names, after) = (names.join(", "), after.as_secs_f32());
        eprintln!("    woke {names} after {after:.1} s");
    }
    Ok(())
}

/// Looks at who is awake until `enough`, and lets the functions answer accordingly.
fn wait(world: &World, what: &str, mut enough: impl FnMut(&Replicas) -> bool) -> Result<()> {
    let began = Instant::now();
    loop {
        world.goes_on()?;
        let replicas = world.replicas()?;
        if enough(&replicas) {
            return Ok(());
        }
        if began.elapsed() > END {
            bail!(
                "not seen after {} s: {what}. Replicas: {replicas:?}. Not ready: {}",
                END.as_secs(),
                world.not_ready()?.join("\n")
            );
        }
        thread::sleep(LOOK_EVERY);
    }
}
