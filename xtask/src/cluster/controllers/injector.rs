//! What Dapr's sidecar injector makes of the pods that daprd runs in: its own code, asked by a real API server.
//!
//! The API server also holds the pods to the restricted Pod Security Standard, as a namespace may be told to.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use nix::sys::signal::Signal;
use serde_json::{Value, json};

use super::expectations::Expectations;
use crate::cluster::api_server::ApiServer;
use crate::cluster::chart::{RELEASE, Rendered};
use crate::cluster::manifest::Manifest;
use crate::cluster::objects::{self, items, text};
use crate::cluster::policy::{self, Subject};
use crate::cluster::tools::output;
use crate::commands::root;
use nudge_parts::daprd;
use nudge_parts::part::{Ready, Spec};
use nudge_parts::place::Place;

/// What Dapr's chart tells the injector of its values, with the chart's defaults.
const SETTINGS: [(&str, &str, bool); 6] = [
    (
        "/dapr_sidecar_injector/sidecarRunAsNonRoot",
        "SIDECAR_RUN_AS_NON_ROOT",
        true,
    ),
    (
        "/dapr_sidecar_injector/sidecarReadOnlyRootFilesystem",
        "SIDECAR_READ_ONLY_ROOT_FILESYSTEM",
        true,
    ),
    (
        "/dapr_sidecar_injector/sidecarDropALLCapabilities",
        "SIDECAR_DROP_ALL_CAPABILITIES",
        false,
    ),
    (
        "/dapr_sidecar_injector/enableK8sDownwardAPIs",
        "ENABLE_K8S_DOWNWARD_APIS",
        false,
    ),
    (
        "/dapr_sidecar_injector/nativeSidecar",
        "NATIVE_SIDECAR_ENABLED",
        false,
    ),
    ("/global/actors/enabled", "ACTORS_ENABLED", true),
];

/// The injector, which the API server reaches at `port`.
pub(super) struct Injector {
    port: u16,
    certificate: PathBuf,
}

impl Injector {
    /// Prepares one that is told what `helm/platform` tells Dapr's chart.
    pub(super) fn prepare(
        program: PathBuf,
        place: &Place,
        kubeconfig: PathBuf,
    ) -> Result<(Self, Spec)> {
        let folder = place.parts.join("injector");
        fs::create_dir_all(&folder)?;
        let [port] = ports::free()?;
        let injector = Self {
            port,
            certificate: folder.join("ca.pem"),
        };
        let environment = environment(&root().join("helm/platform/values/dapr.yaml"))?;
        let spec = Spec {
            name: "dapr-injector".to_owned(),
            command: Box::new(move || {
                let mut command = Command::new(&program);
                command
                    .arg(port.to_string())
                    .arg(&folder)
                    .env("KUBE_CONFIG", &kubeconfig)
                    .envs(&environment);
                command
            }),
            ready: Ready::Port(port),
            stop_signal: Signal::SIGTERM,
            stop_limit: Duration::from_secs(10),
        };
        Ok((injector, spec))
    }

    /// Makes the API server ask the injector, as the webhook of Dapr's chart does; but what the injector does not answer is
    /// an error here.
    pub(super) fn register(&self, server: &ApiServer) -> Result<()> {
        let certificate = output(Command::new("base64").arg("-w0").arg(&self.certificate))?;
        let webhook = json!({
            "apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingWebhookConfiguration",
            "metadata": { "name": "dapr-sidecar-injector" },
            "webhooks": [{
                "name": "sidecar-injector.dapr.io",
                "reinvocationPolicy": "IfNeeded",
                "clientConfig": {
                    "url": format!("https://127.0.0.1:{}/mutate", self.port),
                    "caBundle": certificate.trim(),
                },
                "rules": [{
                    "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"], "operations": ["CREATE"],
                }],
                "failurePolicy": "Fail",
                "sideEffects": "None",
                "admissionReviewVersions": ["v1"],
            }],
        });
        let apply = ["apply", "--server-side", "-f", "-"];
        server.feed(&apply, &webhook.to_string()).map(drop)
    }
}

fn environment(values: &Path) -> Result<BTreeMap<String, String>> {
    let values = objects::parse(&fs::read_to_string(values)?)?;
    let values = values.first().context("helm/platform tells Dapr nothing")?;
    let mut environment = BTreeMap::from([
        ("NAMESPACE".to_owned(), "dapr-system".to_owned()),
        ("KUBE_CLUSTER_DOMAIN".to_owned(), "cluster.local".to_owned()),
        (
            "SIDECAR_IMAGE".to_owned(),
            format!("ghcr.io/dapr/daprd:{}", daprd::VERSION),
        ),
        (
            "DAPR_CONTROL_PLANE_TRUST_DOMAIN".to_owned(),
            "cluster.local".to_owned(),
        ),
    ]);
    for (pointer, variable, default) in SETTINGS {
        let value = values.pointer(pointer).and_then(Value::as_bool);
        environment.insert(variable.to_owned(), value.unwrap_or(default).to_string());
    }
    Ok(environment)
}

/// Every pod that is to have a daprd gets one, which finds its function, is found by it, and may do nothing else.
pub(super) fn makes_sidecars(
    server: &ApiServer,
    rendered: &Rendered,
    expected: &Expectations,
) -> Result<()> {
    let accounts: Vec<&Value> = of_kind(rendered, "ServiceAccount").collect();
    let accounts = json!({ "apiVersion": "v1", "kind": "List", "items": accounts });
    let apply = ["apply", "--server-side", "-n", RELEASE, "-f", "-"];
    server.feed(&apply, &accounts.to_string())?;
    let listeners = expected.listeners();
    let mut pods = Vec::new();
    for app in of_kind(rendered, "SpinApp") {
        let function = text(&app["metadata"]["name"]);
        let pod = injected(server, rendered, function)
            .with_context(|| format!("the daprd of {function}"))?;
        let sidecar = Sidecar {
            function,
            app,
            rendered,
            daprd: container(&pod, "daprd")?,
            listens: listeners.contains(function),
        };
        let wrong = sidecar.wrong(&pod)?;
        ensure!(
            wrong.is_empty(),
            "the daprd of {function}: {}",
            wrong.join("; ")
        );
        pods.push(pod);
    }
    let manifest = Manifest::read()?;
    policy::check_pods(&Subject {
        objects: &pods,
        manifest: &manifest,
    })
}

fn of_kind<'a>(rendered: &'a Rendered, kind: &'static str) -> impl Iterator<Item = &'a Value> {
    rendered
        .objects
        .iter()
        .filter(move |object| object["kind"] == kind)
}

fn named<'a>(rendered: &'a Rendered, kind: &'static str, name: &str) -> Result<&'a Value> {
    of_kind(rendered, kind)
        .find(|object| object["metadata"]["name"] == name)
        .with_context(|| format!("the chart makes no {kind} {name}"))
}

/// The pod as the API server would store it.
fn injected(server: &ApiServer, rendered: &Rendered, function: &str) -> Result<Value> {
    let name = format!("{function}-sidecar");
    let template = &named(rendered, "Deployment", &name)?["spec"]["template"];
    let mut pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": template["metadata"], "spec": template["spec"],
    });
    pod["metadata"]["name"] = name.into();
    let create = [
        "create",
        "--dry-run=server",
        "-n",
        RELEASE,
        "-o",
        "json",
        "-f",
        "-",
    ];
    Ok(serde_json::from_str(
        &server.feed(&create, &pod.to_string())?,
    )?)
}

fn container<'a>(pod: &'a Value, name: &str) -> Result<&'a Value> {
    let found = objects::containers(pod).find(|container| container["name"] == name);
    found.with_context(|| format!("the pod has no container {name}"))
}

/// The daprd of a function.
struct Sidecar<'a> {
    function: &'a str,
    app: &'a Value,
    rendered: &'a Rendered,
    daprd: &'a Value,
    listens: bool,
}

impl Sidecar<'_> {
    /// What is not as it should be.
    fn wrong(&self, pod: &Value) -> Result<Vec<String>> {
        let arguments = Arguments::of(self.daprd)?;
        let mut wrong = Vec::new();
        for (flag, value) in self.demanded()? {
            let given = arguments.value(&flag);
            if given != Some(value.as_str()) {
                wrong.push(format!("{flag} is {given:?} and not {value}"));
            }
        }
        if !arguments.has("--disable-builtin-k8s-secret-store") {
            wrong.push("it may read the namespace's Secrets".to_owned());
        }
        for flag in [
            "--placement-host-address",
            "--actors-service",
            "--scheduler-host-address",
        ] {
            if arguments.has(flag) {
                wrong.push(format!("it looks for what is not installed: {flag}"));
            }
        }
        wrong.extend(self.wrong_token());
        wrong.extend(self.not_found_by_function(pod)?);
        Ok(wrong)
    }

    /// The arguments that follow from what the chart makes around it.
    fn demanded(&self) -> Result<BTreeMap<String, String>> {
        let (address, port) = self.way_to_function()?;
        named(self.rendered, "Configuration", self.function)?;
        let demanded = [
            ("--mode", "kubernetes"),
            ("--app-id", self.function),
            ("--app-protocol", "http"),
            ("--app-channel-address", &address),
            ("--app-port", &port),
            ("--config", self.function),
            ("--dapr-listen-addresses", "0.0.0.0"),
            // Which a NetworkPolicy opens to those who may invoke the function.
            ("--dapr-internal-grpc-port", "50002"),
            // Which the PodMonitor reads.
            ("--metrics-port", "9090"),
        ];
        let owned = demanded.map(|(flag, value)| (flag.to_owned(), value.to_owned()));
        Ok(owned.into())
    }

    /// Events go straight to the Service that spin-operator makes; an invocation goes to the interceptor, by a name that is
    /// the function's own.
    fn way_to_function(&self) -> Result<(String, String)> {
        if self.listens {
            return Ok((self.function.to_owned(), "80".to_owned()));
        }
        let name = format!("{}-wake", self.function);
        let service = named(self.rendered, "Service", &name)?;
        ensure!(
            service["spec"]["type"] == "ExternalName"
                && text(&service["spec"]["externalName"])
                    .starts_with("keda-add-ons-http-interceptor-proxy.keda."),
            "{name} does not lead to the interceptor"
        );
        let host = format!("{name}.{RELEASE}.svc.cluster.local");
        let route = named(self.rendered, "InterceptorRoute", self.function)?;
        let known = items(&route["spec"]["rules"])
            .iter()
            .any(|rule| rule["hosts"][0] == host);
        ensure!(known, "the interceptor does not know {host}");
        Ok((host, service["spec"]["ports"][0]["port"].to_string()))
    }

    /// Both sides take the app API token from the same place.
    fn wrong_token(&self) -> Option<String> {
        let given = items(&self.daprd["env"])
            .iter()
            .find(|one| one["name"] == "APP_API_TOKEN");
        let given = given.map(|one| &one["valueFrom"]["secretKeyRef"]);
        let variables = items(&self.app["spec"]["variables"]).iter();
        let taken = variables
            .filter(|one| one["name"] == "app_api_token")
            .map(|one| &one["valueFrom"]["secretKeyRef"])
            .next();
        let pair = given.zip(taken);
        let same = pair.is_some_and(|(given, taken)| {
            ["name", "key"]
                .iter()
                .all(|part| given[part] == taken[part] && given[part].is_string())
        });
        (!same).then(|| format!("its token is {given:?}, and the function's {taken:?}"))
    }

    /// The function's address of its Dapr is a Service that leads to this pod and to daprd's port.
    fn not_found_by_function(&self, pod: &Value) -> Result<Vec<String>> {
        let variable = format!("{}_dapr_url", self.function.replace('-', "_"));
        let variables = items(&self.app["spec"]["variables"]).iter();
        let mut values = variables
            .filter(|one| one["name"] == variable.as_str())
            .map(|one| text(&one["value"]));
        let url = values
            .next()
            .with_context(|| format!("there is no variable {variable}"))?;
        let (host, port) = url
            .strip_prefix("http://")
            .and_then(|rest| rest.split_once(':'))
            .with_context(|| format!("{variable} is {url}"))?;
        let port: u16 = port.parse()?;
        let service = &named(self.rendered, "Service", host)?["spec"];
        let labels = &pod["metadata"]["labels"];
        let mut wrong = Vec::new();
        let selector = service["selector"].as_object().into_iter().flatten();
        if let Some((name, value)) = selector
            .into_iter()
            .find(|(name, value)| labels[name.as_str()] != **value)
        {
            wrong.push(format!(
                "{host} looks for {name} {value}, which the pod does not have"
            ));
        }
        let mut ports = items(&service["ports"]).iter();
        let target = ports
            .find(|one| one["port"] == port)
            .map(|one| one["targetPort"].to_string());
        let listens = Arguments::of(self.daprd)?
            .value("--dapr-http-port")
            .map(str::to_owned);
        if target != listens {
            wrong.push(format!(
                "{url} leads to {target:?}, and daprd is at {listens:?}"
            ));
        }
        Ok(wrong)
    }
}

/// A command line.
struct Arguments<'a>(Vec<&'a str>);

impl<'a> Arguments<'a> {
    fn of(container: &'a Value) -> Result<Self> {
        let arguments: Vec<&str> = items(&container["args"]).iter().map(text).collect();
        if arguments.first() != Some(&"/daprd") {
            bail!("it is started by {arguments:?}");
        }
        Ok(Self(arguments))
    }

    fn has(&self, flag: &str) -> bool {
        self.0.contains(&flag)
    }

    fn value(&self, flag: &str) -> Option<&'a str> {
        let at = self.0.iter().position(|argument| *argument == flag)?;
        self.0.get(at + 1).copied()
    }
}
