//! The parts that the operator meets: an API server, a broker, a database, a daprd for each function that has work, and
//! stand-ins for what can't run here.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::broker::{BROKER, Broker};
use super::expectations::Expectations;
use super::functions::{Functions, INTERCEPTOR};
use super::http::{self, Answer};
use super::injector::Injector;
use super::keda::{self, ADD_ON_NAMESPACE, ADMIN_SERVICE, AddOn};
use super::release::Release;
use crate::cluster::api_server::ApiServer;
use crate::cluster::chart::RELEASE;
use crate::cluster::lifecycle;
use crate::cluster::objects::{items, text};
use crate::cluster::tools::{self, output};
use crate::dapr::sasl::Authority;
use nudge_parts::daprd::{Daprds, Ports};
use nudge_parts::part::{Part, Spec};
use nudge_parts::place::Place;
use nudge_parts::postgres;
use nudge_parts::programs::quietly;
use nudge_parts::stop::Stop;
use nudge_parts::system::START_LIMIT;

use crate::commands::root;
use crate::dapr::{apply_topics, settings_for_test};

/// No function here asks for keys.
const KEY_SET: &str = "http://127.0.0.1:9";

/// A question that waits for its answer.
pub(super) type Asked = JoinHandle<Result<Answer>>;

/// All parts; stopped when it is dropped.
pub(super) struct World {
    server: ApiServer,
    pub(super) functions: Functions,
    broker: Broker,
    daprds: BTreeMap<String, Ports>,
    add_on: AddOn,
    database: String,
    /// Who vouches for the broker.
    authority: Authority,
    place: Place,
    stop: Stop,
    parts: Vec<Part>,
}

impl World {
    /// Starts everything but the operator, and gives the API server the release.
    pub(super) fn start(definitions: &[Value], expected: &Expectations) -> Result<(Self, Release)> {
        let place = Place::open(&settings_for_test("controllers-test")?.data)?;
        let authority = Authority::make(&place.parts.join("authority"))?;
        let [database, scaler, interceptor, admin] = ports::free()?;
        let (database, url) = postgres::spec(&place, database)?;
        let broker = Broker::prepare(&place, &authority)?;
        let release = Release::render(&broker.address)?;
        let secrets = broker.secrets(&url);
        let functions = Functions::listen(admin)?;
        let add_on = AddOn {
            scaler,
            interceptor,
            admin,
            proxy: functions.port,
        };
        let mut world = Self {
            server: ApiServer::start()?,
            functions,
            broker,
            daprds: BTreeMap::new(),
            add_on,
            database: url,
            authority,
            place,
            stop: Stop::on_interrupt()?,
            parts: Vec::new(),
        };
        world.make_topics()?;
        world.start_parts([database])?;
        let components = world.place.parts.join("components");
        let certificate = fs::read_to_string(&world.authority.certificate)?;
        release.write_components(&components, &secrets, &certificate)?;
        world.start_daprds(&components, &expected.with_daprd())?;
        world.set_database_rules()?;
        lifecycle::prepare(&world.server, definitions)?;
        let objects = release.for_server(&format!("127.0.0.1:{scaler}"), &secrets)?;
        let apply = ["apply", "--server-side", "-n", RELEASE, "-f", "-"];
        world.server.feed(&apply, &objects.to_string())?;
        Ok((world, release))
    }

    /// The broker is open while topics are made, since the tool that makes them is without TLS where nothing else needs it,
    /// and demands what it is to demand from then on.
    fn make_topics(&mut self) -> Result<()> {
        let open = self.broker.open(&self.place)?;
        self.start_parts([open])?;
        apply_topics(&self.broker.address)?;
        self.stop_broker()?;
        self.start_broker()
    }

    /// Stops the broker.
    pub(super) fn stop_broker(&mut self) -> Result<()> {
        let at = self.parts.iter().position(|part| part.name == BROKER);
        let mut part = self.parts.remove(at.context("the broker does not run")?);
        part.stop();
        Ok(())
    }

    /// Starts it again, with what it had.
    pub(super) fn start_broker(&mut self) -> Result<()> {
        let spec = self.broker.demanding(&self.place)?;
        self.start_parts([spec])
    }

    /// Starts the http add-on, and the operator, which from then on scales.
    pub(super) fn start_keda(&mut self, keda: &tools::Keda) -> Result<()> {
        self.tell_endpoints(&BTreeSet::new())?;
        let kubeconfig = self.server.kubeconfig();
        self.start_parts(self.add_on.specs(keda, &kubeconfig))?;
        let operator = keda::operator(keda, &self.place, &self.authority, kubeconfig)?;
        self.start_parts([operator])
    }

    /// Starts the injector, which from then on changes pods, and holds pods to the restricted standard.
    pub(super) fn start_injector(&mut self, program: PathBuf) -> Result<()> {
        let kubeconfig = self.server.kubeconfig();
        let (injector, spec) = Injector::prepare(program, &self.place, kubeconfig)?;
        self.start_parts([spec])?;
        injector.register(&self.server)?;
        let standard = "pod-security.kubernetes.io/enforce=restricted";
        quietly(
            &mut self
                .server
                .kubectl(&["label", "namespace", RELEASE, standard]),
        )
    }

    /// The API server.
    pub(super) fn server(&self) -> &ApiServer {
        &self.server
    }

    fn start_daprds(&mut self, components: &Path, names: &BTreeSet<String>) -> Result<()> {
        let environment = [("DAPR_HOST_IP", "127.0.0.1"), ("NAMESPACE", "default")];
        let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let daprds = Daprds::new(&self.place, components, KEY_SET, environment.into())?;
        for name in names {
            let [http, grpc, internal] = ports::free()?;
            let ports = Ports {
                http,
                grpc,
                internal,
            };
            self.daprds.insert(name.clone(), ports);
        }
        let specs: Vec<Spec> = self
            .daprds
            .iter()
            .map(|(name, ports)| daprds.spec(name, self.functions.port, *ports))
            .collect();
        self.start_parts(specs)
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

    /// What the chart's Job does once the table is there, which Dapr makes.
    fn set_database_rules(&self) -> Result<()> {
        let rules = fs::read_to_string(root().join("helm/nudge/files/database-rules.sql"))?;
        self.psql(&rules).map(drop)
    }

    fn psql(&self, sql: &str) -> Result<String> {
        let mut command = postgres::command("psql")?;
        command.arg(&self.database);
        output(command.args(["-v", "ON_ERROR_STOP=1", "-Atqc", sql]))
    }

    /// Fails when somebody has asked to stop.
    pub(super) fn goes_on(&self) -> Result<()> {
        ensure!(!self.stop.asked(), "stopped");
        Ok(())
    }

    /// How many replicas KEDA gives to each function. Those that have one answer from now on, the others don't.
    pub(super) fn replicas(&self) -> Result<BTreeMap<String, u64>> {
        let deployments = self.get("deployments")?;
        let counted = items(&deployments["items"]).iter().map(|deployment| {
            let replicas = deployment["spec"]["replicas"].as_u64();
            let name = text(&deployment["metadata"]["name"]).to_owned();
            Ok((name, replicas.context("a Deployment without replicas")?))
        });
        let replicas = counted.collect::<Result<BTreeMap<_, _>>>()?;
        let awake = replicas.iter().filter(|(_, count)| **count > 0);
        let awake = awake.map(|(name, _)| name.clone()).collect();
        if self.functions.wake(&awake) {
            self.tell_endpoints(&awake)?;
        }
        Ok(replicas)
    }

    /// What a cluster writes down when pods become ready and go: the interceptor waits for it.
    fn tell_endpoints(&self, awake: &BTreeSet<String>) -> Result<()> {
        let deployments = self.get("deployments")?;
        let mut slices = vec![endpoints(
            ADD_ON_NAMESPACE,
            ADMIN_SERVICE,
            Some(INTERCEPTOR),
        )];
        slices.extend(items(&deployments["items"]).iter().map(|deployment| {
            let name = text(&deployment["metadata"]["name"]);
            // Nobody dials it: the interceptor goes by the Service's name.
            let address = awake.contains(name).then_some("192.0.2.2");
            endpoints(RELEASE, name, address)
        }));
        let list = json!({ "apiVersion": "v1", "kind": "List", "items": slices });
        let apply = ["apply", "--server-side", "-f", "-"];
        self.server.feed(&apply, &list.to_string()).map(drop)
    }

    /// What KEDA says of each ScaledObject whose triggers do not all work.
    pub(super) fn not_ready(&self) -> Result<Vec<String>> {
        let scaled = self.get("scaledobjects")?;
        let conditions = items(&scaled["items"]).iter().filter_map(|object| {
            let conditions = items(&object["status"]["conditions"]);
            let ready = conditions.iter().find(|one| one["type"] == "Ready");
            let ready = ready.unwrap_or(&Value::Null);
            (ready["status"] != "True")
                .then(|| format!("{}: {ready}", text(&object["metadata"]["name"])))
        });
        Ok(conditions.collect())
    }

    fn get(&self, kind: &str) -> Result<Value> {
        let mut kubectl = self
            .server
            .kubectl(&["get", kind, "-n", RELEASE, "-o", "json"]);
        Ok(serde_json::from_str(&output(&mut kubectl)?)?)
    }

    /// Lifts the pause in which a release is rolled out, with the words of `docs/operations.md`.
    pub(super) fn lift_pause(&self) -> Result<()> {
        let annotation = "autoscaling.keda.sh/paused-replicas-";
        let arguments = [
            "-n",
            RELEASE,
            "annotate",
            "scaledobjects",
            "--all",
            annotation,
        ];
        quietly(&mut self.server.kubectl(&arguments))
    }

    /// Asks somebody by way of the interceptor. It answers when it can.
    pub(super) fn ask(&self, method: &'static str, host: &str, path: &str) -> Asked {
        let (host, path) = (host.to_owned(), path.to_owned());
        let port = self.add_on.interceptor;
        thread::spawn(move || http::ask(method, port, &host, &path, ""))
    }

    /// Publishes an event with this text, through a daprd; as often as it takes, for one whose broker was away refuses until
    /// it has it again.
    pub(super) fn publish(&self, topic: &str, told: &str) -> Result<()> {
        let ports = self.daprds.values().next().context("there is no daprd")?;
        let path = format!("/v1.0/publish/kafka-pubsub/{topic}");
        let began = Instant::now();
        loop {
            let published = post(ports.http, &path, &json!({ "told": told }));
            if published.is_ok() || began.elapsed() > START_LIMIT {
                return published;
            }
            self.goes_on()?;
            thread::sleep(Duration::from_millis(500));
        }
    }

    /// The key of work in a timetable at a time from now, as PostgreSQL writes such a time.
    pub(super) fn due_in(&self, time: &str) -> Result<String> {
        let minute = self.psql(&format!(
            "SELECT to_char((now() + interval '{time}') AT TIME ZONE 'UTC', 'YYYYMMDDHH24MI')"
        ))?;
        Ok(format!("timetable/{}/03/0000", minute.trim()))
    }

    /// Writes work into the function's timetable.
    pub(super) fn plan(&self, function: &str, key: &str) -> Result<()> {
        self.change_state(function, "upsert", key)
    }

    /// Takes it out again.
    pub(super) fn forget(&self, function: &str, key: &str) -> Result<()> {
        self.change_state(function, "delete", key)
    }

    fn change_state(&self, function: &str, operation: &str, key: &str) -> Result<()> {
        let ports = &self.daprds[function];
        let request = json!({ "key": key, "value": {} });
        let transaction = json!({ "operations": [{ "operation": operation, "request": request }] });
        post(
            ports.http,
            "/v1.0/state/statestore/transaction",
            &transaction,
        )
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

/// Asks daprd.
fn post(port: u16, path: &str, body: &Value) -> Result<()> {
    let answer = http::ask("POST", port, "localhost", path, &body.to_string())?;
    let (status, text) = (answer.status, answer.text);
    ensure!((200..300).contains(&status), "{path}: {status} {text}");
    Ok(())
}

fn endpoints(namespace: &str, service: &str, address: Option<&str>) -> Value {
    let ready = |address| json!({ "addresses": [address], "conditions": { "ready": true } });
    json!({
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
        "metadata": {
            "name": service, "namespace": namespace,
            "labels": { "kubernetes.io/service-name": service },
        },
        "ports": [], "endpoints": address.into_iter().map(ready).collect::<Vec<_>>(),
    })
}
