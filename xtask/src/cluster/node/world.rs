//! The node with all that runs on it, and what it finds outside of the cluster: a broker, a database, an issuer.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use super::issuer::Issuer;
use super::namespaces::ADDRESS;
use super::operator::Operator;
use super::{images, parts, release};
use crate::cluster::api_server::ApiServer;
use crate::cluster::chart::RELEASE;
use crate::cluster::objects::{items, text};
use crate::cluster::tools::output;
use nudge_parts::part::{Part, Spec};
use nudge_parts::place::Place;
use nudge_parts::stop::Stop;
use nudge_parts::system::START_LIMIT;
use nudge_parts::{kafka, postgres};

/// How long something may take to come about.
const END: Duration = Duration::from_secs(300);
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// The release's pods that stay or come again: functions, daprds, Pushpins.
pub(super) const ROLES: &str = "nudge.dev/role in (function,sidecar,websocket-proxy)";

/// Everything; stopped when it is dropped.
pub(super) struct World {
    operator: Option<Operator>,
    server: Arc<ApiServer>,
    pub(super) outside: Outside,
    pub(super) place: Place,
    stop: Stop,
    parts: Vec<Part>,
}

/// What is outside of the cluster, at the node's address.
pub(super) struct Outside {
    pub(super) issuer: Issuer,
    pub(super) kafka: u16,
    pub(super) postgres: u16,
    pub(super) mail: u16,
    /// How the database is reached.
    pub(super) database: String,
    /// What the release differs in from production.
    pub(super) values: PathBuf,
}

impl World {
    /// Starts the node, which is empty, and what is outside of the cluster.
    pub(super) fn start(place: Place, stop: Stop) -> Result<Self> {
        let (outside, mut specs) = Outside::prepare(&place)?;
        release::write_values(&outside)?;
        let flags = parts::api_server_flags(&place)?;
        let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
        let mut world = Self {
            operator: None,
            server: Arc::new(ApiServer::start_with(&flags)?),
            outside,
            place,
            stop,
            parts: Vec::new(),
        };
        specs.push(parts::containerd(&world.place)?);
        world.start_parts(specs)?;
        crate::dapr::apply_topics(&world.brokers())?;
        images::import(&world.place)?;
        let specs = parts::of_kubernetes(&world.place, &world.server)?;
        world.start_parts(specs)?;
        world.eventually("the node is known", || {
            let nodes = world.list(&["nodes"])?;
            Ok((!nodes.is_empty()).then_some(()))
        })?;
        let router = parts::router(&world.server)?;
        world.start_parts([router])?;
        Ok(world)
    }

    fn brokers(&self) -> String {
        format!("{ADDRESS}:{}", self.outside.kafka)
    }

    fn start_parts(&mut self, specs: impl IntoIterator<Item = Spec>) -> Result<()> {
        let first = self.parts.len();
        for spec in specs {
            self.parts.push(Part::start(spec, &self.place.logs)?);
        }
        for part in &self.parts[first..] {
            part.wait_ready(START_LIMIT, &|| self.stop.asked())?;
        }
        Ok(())
    }

    /// Starts what makes Deployments of SpinApps.
    pub(super) fn start_operator(&mut self) -> Result<()> {
        self.operator = Some(Operator::start(&self.server)?);
        Ok(())
    }

    /// The API server.
    pub(super) fn server(&self) -> &ApiServer {
        &self.server
    }

    /// What a kubectl command says.
    pub(super) fn kubectl(&self, arguments: &[&str]) -> Result<String> {
        output(&mut self.server.kubectl(arguments))
    }

    /// Makes objects what `yaml` says.
    pub(super) fn apply(&self, yaml: &str) -> Result<()> {
        let arguments = ["apply", "--server-side", "-f", "-"];
        self.server.feed(&arguments, yaml).map(drop)
    }

    /// Waits until all Deployments of a namespace are available.
    pub(super) fn wait_for_deployments(&self, namespace: &str) -> Result<()> {
        let wait = ["wait", "deployment", "--all", "--for=condition=Available"];
        let limit = format!("--timeout={}s", END.as_secs());
        self.kubectl(&[&wait[..], &["-n", namespace, &limit]].concat())?;
        Ok(())
    }

    /// The pods of the release that a selector selects.
    pub(super) fn pods(&self, selector: &str) -> Result<Vec<Value>> {
        self.list(&["pods", "-n", RELEASE, "-l", selector])
    }

    /// Every pod of the cluster.
    pub(super) fn all_pods(&self) -> Result<Vec<Value>> {
        self.list(&["pods", "-A"])
    }

    /// The objects that `kubectl get` lists.
    pub(super) fn list(&self, what: &[&str]) -> Result<Vec<Value>> {
        let told = self.kubectl(&[&["get", "-o", "json"], what].concat())?;
        let mut told: Value = serde_json::from_str(&told)?;
        match told["items"].take() {
            Value::Array(objects) => Ok(objects),
            _ => bail!("no list of {what:?}"),
        }
    }

    /// Looks every half second until `look` finds something.
    pub(super) fn eventually<T>(
        &self,
        what: &str,
        mut look: impl FnMut() -> Result<Option<T>>,
    ) -> Result<T> {
        let began = Instant::now();
        loop {
            self.goes_on()?;
            if let Some(found) = look()? {
                return Ok(found);
            }
            ensure!(
                began.elapsed() < END,
                "not seen after {} s: {what}",
                END.as_secs()
            );
            thread::sleep(LOOK_EVERY);
        }
    }

    /// Fails when somebody has asked to stop.
    pub(super) fn goes_on(&self) -> Result<()> {
        ensure!(!self.stop.asked(), "stopped");
        Ok(())
    }

    /// Whether somebody has asked to stop.
    pub(super) fn stop(&self) -> &Stop {
        &self.stop
    }

    /// Starts the ingress, and says where it is.
    pub(super) fn open_ingress(&self) -> Result<String> {
        self.apply(include_str!("ingress.yaml"))?;
        let ready = ["wait", "pod", "ingress", "--for=condition=Ready"];
        self.kubectl(&[&ready[..], &["-n", "traefik", "--timeout=120s"]].concat())?;
        let path = "jsonpath={.status.podIP}";
        let address = self.kubectl(&["get", "pod", "ingress", "-n", "traefik", "-o", path])?;
        Ok(format!("http://{address}:8088"))
    }

    /// What the stories have to know of a Nudge behind `address`.
    pub(super) fn for_scenarios(&self, address: &str) -> BTreeMap<&'static str, String> {
        BTreeMap::from([
            ("NUDGE_URL", address.to_owned()),
            ("NUDGE_TOKEN_COMMAND", Issuer::command()),
            (
                "NUDGE_MAIL_ADDRESS",
                format!("{ADDRESS}:{}", self.outside.mail),
            ),
            (
                "NUDGE_SIGNING_KEY",
                self.outside.issuer.key_file.display().to_string(),
            ),
        ])
    }

    /// What can be seen of the cluster when something went wrong, in the folder of the logs.
    pub(super) fn write_down(&self) {
        for (file, arguments) in [
            ("pods.txt", "get pods -A -o wide"),
            ("events.txt", "get events -A --sort-by=.lastTimestamp"),
            (
                "objects.yaml",
                "get spinapps,scaledobjects,deployments,pods -n nudge -o yaml",
            ),
        ] {
            let arguments: Vec<&str> = arguments.split(' ').collect();
            let told = self.kubectl(&arguments);
            let told = told.unwrap_or_else(|error| format!("{error:#}"));
            // The failure itself is what is told; this only helps to understand it.
            fs::write(self.place.logs.join(file), told).ok();
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // The last first: nothing is taken from under what still works.
        while let Some(mut part) = self.parts.pop() {
            part.stop();
        }
    }
}

impl Outside {
    /// The issuer, which answers from now on, and how broker and database are run.
    fn prepare(place: &Place) -> Result<(Self, Vec<Spec>)> {
        let [kafka, controller, postgres, mail] = ports::free()?;
        let broker = kafka::at(place, ADDRESS, kafka, controller)?;
        // Pods come from their own addresses.
        let rules = place.parts.join("pg_hba.conf");
        fs::write(&rules, "host all all 0.0.0.0/0 scram-sha-256\n")?;
        let settings = [
            format!("listen_addresses=127.0.0.1,{ADDRESS}"),
            format!("hba_file={}", rules.display()),
        ];
        let (server, url) = postgres::spec_in(place, "postgres", postgres, &settings)?;
        let outside = Self {
            issuer: Issuer::start(place)?,
            kafka,
            postgres,
            mail,
            database: url.replace("127.0.0.1", ADDRESS),
            values: place.parts.join("values.yaml"),
        };
        Ok((outside, vec![broker, server]))
    }
}

/// Whether a pod runs, and is not about to end.
pub(super) fn runs(pod: &Value) -> bool {
    pod["status"]["phase"] == "Running" && pod["metadata"]["deletionTimestamp"].is_null()
}

/// Whether all of a pod's containers are ready.
pub(super) fn is_ready(pod: &Value) -> bool {
    let conditions = items(&pod["status"]["conditions"]);
    let ready = |one: &&Value| one["type"] == "Ready" && one["status"] == "True";
    runs(pod) && conditions.iter().any(|one| ready(&one))
}

/// A pod's name.
pub(super) fn name(pod: &Value) -> Result<&str> {
    let name = text(&pod["metadata"]["name"]);
    ensure!(!name.is_empty(), "a pod without a name");
    Ok(name)
}

/// A pod's address.
pub(super) fn address(pod: &Value) -> Result<&str> {
    let address = pod["status"]["podIP"].as_str();
    address.with_context(|| format!("{} has no address", text(&pod["metadata"]["name"])))
}
