//! The record, told to the functions whose state is made of it, as `docs/operations.md` says.

use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::release::SECRET;
use super::world::World;
use crate::cluster::chart::RELEASE;
use crate::cluster::tools::output;
use nudge_parts::postgres;

use crate::dapr::restore::CONSUMERS;

/// Who has a record.
const PEOPLE: &str = "SELECT DISTINCT split_part(key, '/', 2) FROM state WHERE key LIKE 'audit-service||audit-head/%'";

/// Tells everybody's record to every function. Nothing was lost, so nothing may come of it.
pub(super) fn to_everybody(world: &World) -> Result<()> {
    let people = postgres::query(&world.outside.database, PEOPLE)?;
    let token = [
        "get",
        "secret",
        SECRET,
        "-n",
        RELEASE,
        "-o",
        "jsonpath={.data.token}",
    ];
    let token = String::from_utf8(STANDARD.decode(world.kubectl(&token)?)?)?;
    let forwarded = Forwarded::start(world)?;
    let mut told = 0;
    for person in people.lines() {
        for function in CONSUMERS {
            told += forwarded.replay(world, &token, person, function)?;
        }
    }
    ensure!(told > 0, "nobody has a story");
    eprintln!("  {told} stories were told");
    Ok(())
}

/// The audit service at a port of this machine, until it is dropped.
struct Forwarded {
    kubectl: Child,
    port: u16,
}

impl Forwarded {
    fn start(world: &World) -> Result<Self> {
        let [port] = ports::free()?;
        let ports = format!("{port}:80");
        let forward = [
            "port-forward",
            "-n",
            RELEASE,
            "service/audit-service",
            &ports,
        ];
        let mut kubectl = world.server().kubectl(&forward);
        kubectl.stdin(Stdio::null()).stdout(Stdio::null());
        let forwarded = Self {
            kubectl: kubectl.spawn()?,
            port,
        };
        world.eventually("the audit service is forwarded", || {
            let connected = std::net::TcpStream::connect(("127.0.0.1", port));
            Ok(connected.is_ok().then_some(()))
        })?;
        Ok(forwarded)
    }

    /// Tells `person`'s whole record to `function`, and says how many stories it had.
    fn replay(&self, world: &World, token: &str, person: &str, function: &str) -> Result<u64> {
        let (mut from, mut told) = (json!(1), 0);
        while !from.is_null() {
            world.goes_on()?;
            let asked =
                json!({ "user_id": person, "to": function, "operator": "node", "from": from });
            let mut curl = Command::new("curl");
            curl.args([
                "--silent",
                "--show-error",
                "--fail-with-body",
                "--max-time",
                "60",
            ])
            .args(["--header", &format!("dapr-api-token: {token}")])
            .args(["--header", "content-type: application/json"])
            .args(["--data", &asked.to_string()])
            .arg(format!(
                "http://127.0.0.1:{}/audit-service/replay",
                self.port
            ));
            let answer: Value = serde_json::from_str(&output(&mut curl)?)?;
            ensure!(answer["refused"] == json!([]), "{function}: {answer}");
            told += answer["told"]
                .as_u64()
                .context("an answer that tells nothing")?;
            from = answer["next_from"].clone();
        }
        Ok(told)
    }
}

impl Drop for Forwarded {
    fn drop(&mut self) {
        self.kubectl.kill().ok();
        self.kubectl.wait().ok();
    }
}
