//! Nudge on a node: containers, kubelet, Services, NetworkPolicies, Dapr with its control plane, KEDA, and the chart with the
//! values of production, all on this machine.
//!
//! Real are Debian's containerd and runc, Kubernetes' own programs, CoreDNS, kube-router (NetworkPolicies only), Dapr, KEDA
//! with its metrics server and http add-on, Kafka and PostgreSQL. Stand-ins are spin-operator ([`operator`]), the Spin shim (`tests/shim`), the
//! images (a Debian with one program each, under the names that the charts say), Pushpin 1.41 (Debian's 1.36), the ingress
//! controller (nginx) and the issuer of tokens ([`issuer`]).
//!
//! Everything runs in namespaces of the kernel's ([`namespaces`]), and keeps what it writes below one folder in `target`.
//!
//! Times are said, and decide nothing.
//!
//! Seen to fail: with the port that daprds call each other at open to everybody (the interceptor and the ingress reached it);
//! with functions that answer 413 before they have read the body (the interceptor made 502 of one in seven); with a recurrence
//! engine that gave an event up when the task service had another token by then (a next occurrence was missing after secrets
//! were changed).

mod chaos;
mod debian;
mod grow;
mod images;
mod issuer;
mod load;
mod namespaces;
mod operator;
mod parts;
mod platform;
mod policies;
mod release;
mod replay;
mod secrets;
mod sleep;
mod world;

use std::fs;
use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use serde_json::Value;

use super::{step, tools};
use nudge_parts::place::Place;
use nudge_parts::stop::Stop;
use nudge_parts::{kafka, postgres};

use crate::commands;
use crate::dapr::{faults, settings_for_test};
use release::Size;
use world::World;

/// Where everything is kept, in `target`.
const FOLDER: &str = "node-test";

/// How the node is tried.
#[derive(Debug, Clone, Args)]
pub(crate) struct Form {
    /// A folder with SpinKube's CustomResourceDefinitions. Without it they are fetched from the project's release.
    #[arg(long, value_name = "DIR")]
    crds: Option<PathBuf>,
    /// The random choices of another run.
    #[arg(long)]
    seed: Option<u64>,
    /// The namespaces are there.
    #[arg(long, hide = true)]
    inside: bool,
}

impl Form {
    /// Builds and fetches what is needed, and runs the suite in namespaces of its own.
    pub(crate) fn test(&self) -> Result<()> {
        let stop = Stop::on_interrupt()?;
        if self.inside {
            return self.run(stop);
        }
        let seed = self
            .seed
            .unwrap_or_else(|| u64::from(rand::random::<u32>()));
        eprintln!("cargo xtask test node --seed {seed}");
        step("what is needed", || self.prepare())?;
        let mut arguments = ["test", "node", "--inside", "--seed"]
            .map(str::to_owned)
            .to_vec();
        arguments.push(seed.to_string());
        if let Some(folder) = &self.crds {
            arguments.extend(["--crds".to_owned(), folder.display().to_string()]);
        }
        let tested = namespaces::enter(&arguments, &stop);
        // The images, unpacked: the largest of what a run writes, and of no use afterwards.
        fs::remove_dir_all(
            commands::root()
                .join("target")
                .join(FOLDER)
                .join("parts/containerd"),
        )
        .ok();
        tested
    }

    /// Inside there is no way out: everything that comes from elsewhere must be here.
    fn prepare(&self) -> Result<()> {
        debian::make_available()?;
        postgres::make_available()?;
        kafka::make_available()?;
        images::build()?;
        for build in [tools::api_server, tools::node_programs, tools::kube_router] {
            build()?;
        }
        platform::definitions(self.crds.as_ref())?;
        commands::execute(commands::cargo().args([
            "build",
            "--quiet",
            "--package",
            "nudge-broker",
        ]))?;
        commands::execute(commands::cargo().args([
            "test",
            "--quiet",
            "--workspace",
            "--test",
            "stories",
            "--no-run",
        ]))?;
        faults::build_driver()
    }

    fn run(&self, stop: Stop) -> Result<()> {
        let place = Place::open(&settings_for_test(FOLDER)?.data)?;
        namespaces::furnish(&place)?;
        let definitions = platform::definitions(self.crds.as_ref())?;
        let mut world = step("a node", || World::start(place, stop))?;
        let told = tell(&mut world, &definitions, self.seed.unwrap_or_default());
        if told.is_err() {
            world.write_down();
        }
        told
    }
}

/// What operators do.
type Deed = fn(&World) -> Result<()>;

fn tell(world: &mut World, definitions: &[Value], seed: u64) -> Result<()> {
    step("the platform", || platform::install(world, definitions))?;
    release::make_secret(world)?;
    world.start_operator()?;
    step("Nudge is installed", || {
        release::upgrade(world, Size::Small, &[])
    })?;
    let world = &*world;
    step("helm test", || release::test(world))?;
    step("all functions fall asleep", || sleep::all_sleep(world))?;
    step("helm test, with all asleep", || release::test(world))?;
    sleep::all_sleep(world)?;
    step("every daprd is killed while all sleep", || {
        sleep::kill_daprds(world)
    })?;
    step("helm test, after that", || release::test(world))?;
    let address = world.open_ingress()?;
    step("NetworkPolicies", || {
        sleep::wake_all(world)?;
        let held = policies::hold(world);
        release::lift_pause(world)?;
        held
    })?;
    let operators: [(&str, Deed); 5] = [
        ("everything is doubled under load", |world| {
            release::upgrade(world, Size::AtWork, &[])
        }),
        ("the record is replayed under load", replay::to_everybody),
        ("secrets are changed under load", secrets::change),
        ("an upgrade under load", release::replace_everything),
        ("a function grows under load", grow::by_what_waits),
    ];
    for (what, deed) in operators {
        let test = ("what_operators_do_loses_nothing_and_doubles_nothing", seed);
        step(what, || {
            load::under_load(world, &address, test, || deed(world))
        })?;
    }
    step("the stories, by the ingress", || stories(world, &address))?;
    step("an upgrade that can't work is rolled back", || {
        release::is_rolled_back(world)
    })?;
    step("random pods are deleted under load", || {
        let test = (
            "pods_that_are_deleted_lose_nothing_and_double_nothing",
            seed,
        );
        load::under_load(world, &address, test, || chaos::delete_pods(world, seed))
    })?;
    step("helm test, in the end", || release::test(world))
}

/// Stories that can't be told here, and why.
const SKIPPED: [&str; 2] = [
    // The ingress itself answers a path with %00, and not with problem details.
    "input::bad_requests",
    // Paths of functions' health are for people beside the machine; a cluster asks Spin's own path, inside.
    "routes::every_function_says_how_it_is",
];

fn stories(world: &World, address: &str) -> Result<()> {
    let mut command = commands::cargo();
    command
        .args(["test", "--quiet", "--workspace", "--test", "stories"])
        .envs(world.for_scenarios(address))
        // They share one mail server's address.
        .args(["--", "--test-threads=1", "--exact"]);
    for story in SKIPPED {
        command.args(["--skip", story]);
    }
    commands::execute(&mut command)
}
