//! Production on Kubernetes: the chart and what checks it, the image, and a cluster on this machine.

mod api_server;
mod chart;
pub(crate) mod controllers;
mod crds;
mod image;
mod infrastructure;
mod lifecycle;
mod local;
mod manifest;
pub(crate) mod node;
mod objects;
mod oci;
mod pause;
mod policy;
mod schemas;
mod story;
mod tools;
mod typos;
mod workflows;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use clap::Args;

pub(crate) use image::Image;
pub(crate) use local::Cluster;

use api_server::ApiServer;
use chart::Rendered;
use manifest::Manifest;
use tools::{kubeconform, output};

use crate::commands;
use crate::commands::root;

/// How the chart is checked.
#[derive(Args)]
pub(crate) struct Check {
    /// A folder with the CustomResourceDefinitions of SpinKube, Dapr, KEDA and its http add-on, External Secrets and the
    /// Prometheus operator. Without it they are fetched from the projects' releases.
    #[arg(long, value_name = "DIR")]
    crds: Option<PathBuf>,
    /// Keeps what the chart renders now as what it should render.
    #[arg(long)]
    bless: bool,
    /// Leaves out what needs servers and builds: PostgreSQL, the image, and a real API server.
    #[arg(long)]
    no_server: bool,
}

impl Check {
    /// Checks the chart, the workflows and what they must agree with.
    pub(crate) fn run(&self) -> Result<()> {
        let scratch = root()
            .join("target/cluster")
            .join(std::process::id().to_string());
        fs::create_dir_all(&scratch)?;
        let checked = self.run_in(&scratch);
        fs::remove_dir_all(&scratch)?;
        checked
    }

    fn run_in(&self, scratch: &Path) -> Result<()> {
        step("workflows", workflows::check)?;
        step("platform", local::check_platform)?;
        step("infrastructure", infrastructure::makes_every_secret)?;
        step("lint", chart::lint)?;
        let rendered = step("render", chart::render)?;
        step("compare with helm/nudge/tests", || {
            rendered
                .iter()
                .try_for_each(|one| chart::compare(one, self.bless))
        })?;
        step(
            "a pause keeps what must stand",
            pause::keeps_what_must_stand,
        )?;
        step("package", || chart::packages_whole(scratch))?;
        step("wrong values are refused", typos::wrong_values_are_refused)?;
        let manifest = Manifest::read()?;
        step("policies", || follows_policies(&rendered, &manifest))?;
        let definitions = step("custom kinds", || crds::load(self.crds.as_deref()))?;
        let schemas = scratch.join("schemas");
        step("schemas", || schemas::write(&schemas, &definitions))?;
        step("every object fits its schema", || {
            fits_schemas(&rendered, &schemas, scratch)
        })?;
        if self.no_server {
            return Ok(());
        }
        step(
            "PostgreSQL wakes functions and keeps audit records",
            in_postgresql,
        )?;
        step("image", || image::write(&scratch.join("image"), "check"))?;
        step("the story of helm test", || {
            story::is_told(&scratch.join("story"))
        })?;
        let server = step("API server", ApiServer::start)?;
        step("custom kinds in the API server", || {
            lifecycle::prepare(&server, &definitions)
        })?;
        step("strict dry run", || in_server(&server, &rendered))?;
        step("install, upgrade, rollback, uninstall", || {
            lifecycle::run(&server, &rendered[0])
        })
    }
}

/// Says what is done and how long it took.
fn step<T>(what: &str, run: impl FnOnce() -> Result<T>) -> Result<T> {
    let started = Instant::now();
    let done = run().with_context(|| what.to_owned())?;
    eprintln!("ok  {what} ({:.1} s)", started.elapsed().as_secs_f32());
    Ok(done)
}

fn follows_policies(rendered: &[Rendered], manifest: &Manifest) -> Result<()> {
    for Rendered { place, objects, .. } in rendered {
        policy::check(&policy::Subject { objects, manifest })
            .with_context(|| format!("rendered for {}", place.name))?;
    }
    Ok(())
}

/// Every object has only fields that its kind has; a misspelt one is found.
fn fits_schemas(rendered: &[Rendered], schemas: &Path, scratch: &Path) -> Result<()> {
    let kubeconform = kubeconform()?;
    let validate = |yaml: &str, name: &str| -> Result<String> {
        let file = scratch.join(format!("{name}.yaml"));
        fs::write(&file, yaml)?;
        let location = schemas::location(schemas);
        output(
            Command::new(&kubeconform)
                .args(["-strict", "-summary", "-schema-location", &location])
                .arg(file),
        )
    };
    for Rendered { place, yaml, .. } in rendered {
        validate(yaml, place.name)?;
    }
    for (number, typo) in typos::TYPOS.iter().enumerate() {
        let refused = validate(&typo.plant(rendered)?, &format!("typo-{number}"));
        ensure!(refused.is_err(), "the schemas take {}", typo.describe());
    }
    Ok(())
}

/// The scaler's query and the database's rules, in a real server.
fn in_postgresql() -> Result<()> {
    nudge_parts::postgres::make_available()?;
    let arguments = [
        "test",
        "--quiet",
        "--workspace",
        "--test",
        "scale_from_zero",
        "--",
        "--ignored",
    ];
    nudge_parts::programs::quietly(commands::cargo().args(arguments).current_dir(root()))
}

/// The API server takes every object as it is, and none with a misspelt field.
fn in_server(server: &ApiServer, rendered: &[Rendered]) -> Result<()> {
    for Rendered { place, yaml, .. } in rendered {
        server
            .dry_run(yaml)
            .with_context(|| format!("rendered for {}", place.name))?;
    }
    for typo in &typos::TYPOS {
        let refused = server.dry_run(&typo.plant(rendered)?);
        ensure!(refused.is_err(), "the API server takes {}", typo.describe());
    }
    Ok(())
}
