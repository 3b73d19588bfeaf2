//! Secrets that are changed while people work, as `docs/operations.md` says.

use anyhow::{Result, ensure};
use serde_json::json;

use super::release::{DAPR_SECRET, SECRET};
use super::sleep::SIDECARS;
use super::world::{World, name};
use crate::cluster::chart::RELEASE;
use nudge_parts::place::random_text;
use nudge_parts::postgres;

/// Changes the database's password, both of Dapr's tokens and GRIP's key, one after the other.
pub(super) fn change(world: &World) -> Result<()> {
    let sidecars = deployments(world, &["deployments", "-l", SIDECARS])?;
    // Their Deployments have their names.
    let functions = deployments(world, &["spinapps"])?;

    let database = postgres::change_password(&world.outside.database)?;
    put(world, SECRET, "NUDGE_POSTGRES", &database)?;
    restart(world, &sidecars)?;

    for secret in [SECRET, DAPR_SECRET] {
        put(world, secret, "token", &random_text()?)?;
        restart(world, &[&sidecars[..], &functions].concat())?;
    }

    put(world, SECRET, "grip_key", &random_text()?)?;
    restart(world, &["statefulset/pushpin".to_owned()])?;
    restart(world, &["deployment/websocket-gateway".to_owned()])
}

fn deployments(world: &World, named_as: &[&str]) -> Result<Vec<String>> {
    let found = world.list(&[named_as, &["-n", RELEASE]].concat())?;
    ensure!(!found.is_empty(), "there are no {named_as:?}");
    let deployment = |one| Ok(format!("deployment/{}", name(one)?));
    found.iter().map(deployment).collect()
}

fn put(world: &World, secret: &str, key: &str, value: &str) -> Result<()> {
    let patch = json!({ "stringData": { key: value } }).to_string();
    let secret = ["patch", "secret", secret, "-n", RELEASE];
    world.kubectl(&[&secret[..], &["--type=merge", "-p", &patch]].concat())?;
    Ok(())
}

/// Restarts all of them, and waits until their pods are new and ready.
fn restart(world: &World, who: &[String]) -> Result<()> {
    let names: Vec<&str> = who.iter().map(String::as_str).collect();
    let restart = ["rollout", "restart", "-n", RELEASE];
    world.kubectl(&[&restart[..], &names].concat())?;
    for name in names {
        let status = ["rollout", "status", "-n", RELEASE, "--timeout=300s", name];
        world.kubectl(&status)?;
    }
    Ok(())
}
