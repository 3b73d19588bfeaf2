//! NetworkPolicies, tried: who reaches whom, from the pods themselves.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use super::namespaces::ADDRESS;
use super::world::{World, address, is_ready, name};
use crate::cluster::objects::{items, text};

const FUNCTIONS: [&str; 8] = [
    "audit-service",
    "chatbot",
    "notification-service",
    "recurrence-engine",
    "reminder-service",
    "task-service",
    "web-app",
    "websocket-gateway",
];

/// Who invokes whom through Dapr.
const INVOKES: [(&str, &str); 6] = [
    ("audit-service", "notification-service"),
    ("audit-service", "recurrence-engine"),
    ("audit-service", "reminder-service"),
    ("chatbot", "task-service"),
    ("recurrence-engine", "task-service"),
    ("websocket-gateway", "task-service"),
];

/// Ports of daprd's: its API, and what other daprds call.
const API: u16 = 3500;
const INTERNAL: u16 = 50002;
/// How many seconds a connection may take to come about.
const LIMIT: u8 = 3;
/// How many connections a pod tries at once, whose memory is limited.
const AT_ONCE: usize = 8;
const SOURCES_AT_ONCE: usize = 6;
/// How often what is not as it should be is tried, and after what time again: rules follow a new pod.
const TRIES: u32 = 4;
const AGAIN_AFTER: Duration = Duration::from_secs(5);

/// One row of the table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Row {
    from: String,
    to: String,
    port: u16,
    allowed: bool,
}

/// Everything that is tried. Beside the listed ones, every function and every daprd tries every daprd.
fn table(outside: [u16; 3]) -> Vec<Row> {
    let [kafka, postgres, mail] = outside;
    let mut rows = Vec::new();
    let mut row = |from: &str, to: &str, port, allowed| {
        rows.push(Row {
            from: from.to_owned(),
            to: to.to_owned(),
            port,
            allowed,
        });
    };
    for from in FUNCTIONS {
        let sidecar = format!("{from}-sidecar");
        for to in FUNCTIONS {
            let callee = format!("{to}-sidecar");
            row(from, &callee, API, from == to);
            row(from, &callee, INTERNAL, false);
            row(&sidecar, to, 80, from == to);
            // A pod reaches itself.
            let itself = from == to;
            row(&sidecar, &callee, API, itself);
            row(
                &sidecar,
                &callee,
                INTERNAL,
                itself || INVOKES.contains(&(from, to)),
            );
        }
        row(from, "outside", 443, false);
        row(from, "outside", kafka, false);
        row(from, "outside", postgres, false);
        row(from, "interceptor", 8080, false);
        row(from, "pushpin-0", 5561, false);
        row(&sidecar, "outside", 443, true);
        row(&sidecar, "outside", kafka, true);
        row(&sidecar, "outside", postgres, true);
        row(&sidecar, "interceptor", 8080, true);
        row(&sidecar, "pushpin-0", 5561, from == "websocket-gateway");
        row("pushpin-0", from, 80, false);
        row("pushpin-0", &sidecar, API, false);
        row("pushpin-0", &sidecar, INTERNAL, false);
        row("ingress", from, 80, false);
        row("ingress", &sidecar, API, false);
        row("ingress", &sidecar, INTERNAL, false);
        row("interceptor", from, 80, true);
        row("interceptor", &sidecar, API, false);
        row("interceptor", &sidecar, INTERNAL, false);
    }
    row("task-service-sidecar", "outside", mail, true);
    row("pushpin-0", "interceptor", 8080, true);
    row("pushpin-0", "outside", 443, false);
    row("pushpin-0", "outside", kafka, false);
    row("pushpin-0", "pushpin-1", 5561, false);
    row("ingress", "pushpin-0", 7999, true);
    row("ingress", "pushpin-0", 5561, false);
    row("ingress", "interceptor", 8080, true);
    rows
}

/// Tries the table, with every function awake. Who listens nowhere refuses as the rules do, so everybody listens.
pub(super) fn hold(world: &World) -> Result<()> {
    let outside = &world.outside;
    let rows = table([outside.kafka, outside.postgres, outside.mail]);
    let _mail = TcpListener::bind((ADDRESS, outside.mail)).context("the port for mail")?;
    let pods = Pods::find(world)?;
    let mut wrong: Vec<&Row> = rows.iter().collect();
    for again in 0..TRIES {
        if wrong.is_empty() {
            break;
        }
        if again > 0 {
            thread::sleep(AGAIN_AFTER);
        }
        world.goes_on()?;
        wrong = pods.try_all(world, &by_source(&wrong))?;
    }
    ensure!(wrong.is_empty(), "not so: {wrong:#?}");
    eprintln!("    {} pairs were tried", rows.len());
    Ok(())
}

fn by_source<'a>(rows: &[&'a Row]) -> BTreeMap<&'a str, Vec<&'a Row>> {
    let mut sources: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
    for row in rows {
        sources.entry(&row.from).or_default().push(row);
    }
    sources
}

/// One pod of each kind: its namespace, its name, a container and its address.
struct Pods(BTreeMap<String, [String; 4]>);

impl Pods {
    fn find(world: &World) -> Result<Self> {
        let mut found = BTreeMap::new();
        for pod in world.all_pods()?.iter().filter(|pod| is_ready(pod)) {
            let labels = &pod["metadata"]["labels"];
            let component = text(&labels["app.kubernetes.io/component"]);
            let kind = match (text(&labels["nudge.dev/role"]), text(&labels["app"])) {
                ("function", _) => component.to_owned(),
                ("sidecar", _) => format!("{component}-sidecar"),
                ("websocket-proxy", _) => name(pod)?.to_owned(),
                (_, app @ ("ingress" | "interceptor")) => app.to_owned(),
                _ => continue,
            };
            let namespace = text(&pod["metadata"]["namespace"]).to_owned();
            let containers = items(&pod["spec"]["containers"]);
            // The one beside it has memory for a pause only.
            let daprd = containers.iter().find(|one| one["name"] == "daprd");
            let container = daprd.or(containers.first()).context("no container")?;
            let container = text(&container["name"]).to_owned();
            let known = [
                namespace,
                name(pod)?.to_owned(),
                container,
                address(pod)?.to_owned(),
            ];
            found.insert(kind, known);
        }
        Ok(Self(found))
    }

    fn of(&self, kind: &str) -> Result<&[String; 4]> {
        self.0
            .get(kind)
            .with_context(|| format!("no pod of {kind} is ready"))
    }

    /// The rows that are not as the table says, from several sources at once: what is dropped takes its time.
    fn try_all<'a>(
        &self,
        world: &World,
        sources: &BTreeMap<&str, Vec<&'a Row>>,
    ) -> Result<Vec<&'a Row>> {
        let sources: Vec<_> = sources.iter().collect();
        let mut wrong = Vec::new();
        for some in sources.chunks(SOURCES_AT_ONCE) {
            thread::scope(|scope| {
                let tries = some
                    .iter()
                    .map(|(from, rows)| scope.spawn(move || self.try_from(world, from, rows)));
                for tried in tries.collect::<Vec<_>>() {
                    match tried.join() {
                        Ok(rows) => wrong.extend(rows?),
                        Err(_) => bail!("a thread that tries ports panicked"),
                    }
                }
                Ok(())
            })?;
        }
        Ok(wrong)
    }

    /// Those of one source.
    fn try_from<'a>(&self, world: &World, from: &str, rows: &[&'a Row]) -> Result<Vec<&'a Row>> {
        let mut script = String::new();
        for (number, row) in rows.iter().enumerate() {
            let address = match row.to.as_str() {
                "outside" => ADDRESS,
                kind => &self.of(kind)?[3],
            };
            let port = row.port;
            writeln!(
                script,
                "(timeout {LIMIT} bash -c '</dev/tcp/{address}/{port}' 2>/dev/null; echo {number} $?) &"
            )?;
            if number % AT_ONCE == 0 {
                script.push_str("wait\n");
            }
        }
        script.push_str("wait\n");
        let [namespace, pod, container, _] = self.of(from)?;
        let exec = ["exec", "-n", namespace, pod, "-c", container, "--"];
        let told = world.kubectl(&[&exec[..], &["bash", "-c", &script]].concat())?;
        let mut wrong = Vec::new();
        let mut heard = 0;
        for line in told.lines() {
            let (number, code) = line.split_once(' ').context("no number")?;
            let row = rows[number.parse::<usize>()?];
            heard += 1;
            if (code == "0") != row.allowed {
                wrong.push(row);
            }
        }
        ensure!(
            heard == rows.len(),
            "{from} tried {heard} of {} ports",
            rows.len()
        );
        Ok(wrong)
    }
}
