//! The programs that make a node: container runtime, controllers, scheduler, kubelet, Services and NetworkPolicies.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::Result;
use nix::sys::signal::Signal;
use serde_json::json;

use super::debian;
use super::namespaces::{ADDRESS, cgroup_root};
use crate::cluster::api_server::ApiServer;
use crate::cluster::tools;
use crate::dapr::sasl::Authority;
use nudge_parts::part::{Ready, Spec};
use nudge_parts::place::Place;

/// The node's name.
pub(super) const NODE: &str = "node";
/// Pods get addresses of this network.
const PODS: &str = "10.244.0.0/24";
/// Services get theirs of this one, as the API server says.
const SERVICES: &str = "10.96.0.0/16";

/// What kube-apiserver is told beside what it has by itself.
pub(super) fn api_server_flags(place: &Place) -> Result<[String; 10]> {
    // By which it tells KEDA's metrics server, which answers for a part of the API, who asks.
    let proxy = Authority::make(&place.parts.join("front-proxy"))?;
    proxy.signs("front-proxy")?;
    let of_proxy = |file: &str| place.parts.join("front-proxy").join(file);
    Ok([
        format!(
            "--requestheader-client-ca-file={}",
            proxy.certificate.display()
        ),
        format!(
            "--proxy-client-cert-file={}",
            of_proxy("front-proxy.crt").display()
        ),
        format!(
            "--proxy-client-key-file={}",
            of_proxy("front-proxy.key").display()
        ),
        "--requestheader-username-headers=X-Remote-User".to_owned(),
        "--requestheader-group-headers=X-Remote-Group".to_owned(),
        "--requestheader-extra-headers-prefix=X-Remote-Extra-".to_owned(),
        "--bind-address=0.0.0.0".to_owned(),
        format!("--advertise-address={ADDRESS}"),
        "--endpoint-reconciler-type=lease".to_owned(),
        // Its name is nowhere to be found.
        "--kubelet-preferred-address-types=InternalIP".to_owned(),
    ])
}

/// containerd's client, in Kubernetes' namespace.
pub(super) fn ctr() -> Command {
    let mut command = Command::new("ctr");
    command.args(["--namespace", "k8s.io"]);
    command
}

/// Runs containers.
pub(super) fn containerd(place: &Place) -> Result<Spec> {
    let networks = place.parts.join("networks");
    fs::create_dir_all(&networks)?;
    let bridge = json!({
        "cniVersion": "1.0.0", "name": "pods",
        "plugins": [{
            "type": "bridge", "bridge": "cni0", "isGateway": true, "ipMasq": true, "hairpinMode": true,
            "ipam": {
                "type": "host-local", "dataDir": "/run/addresses",
                "ranges": [[{ "subnet": PODS }]], "routes": [{ "dst": "0.0.0.0/0" }],
            },
        }],
    });
    fs::write(networks.join("pods.conflist"), bridge.to_string())?;
    let settings = place.parts.join("containerd.toml");
    let root = place.parts.join("containerd");
    let text = include_str!("containerd.toml")
        .replace("@ROOT@", &root.display().to_string())
        .replace("@CNI@", debian::CNI)
        .replace("@NETWORKS@", &networks.display().to_string());
    fs::write(&settings, text)?;
    let ready = || {
        let mut command = ctr();
        command.arg("version");
        command
    };
    let arguments = [format!("--config={}", settings.display())];
    let ready = Ready::Program(Box::new(ready));
    Ok(spec(
        "containerd",
        PathBuf::from("containerd"),
        arguments.into(),
        ready,
    ))
}

/// What makes a node of the machine, and pods of what `server` holds.
pub(super) fn of_kubernetes(place: &Place, server: &ApiServer) -> Result<Vec<Spec>> {
    let programs = tools::node_programs()?;
    let kubeconfig = kubeconfig(server);
    let [controllers, scheduler, proxy, proxy_metrics] = ports::free()?;
    let part = |name: &str, arguments: Vec<String>, ready: Ready| {
        let arguments = [vec![kubeconfig.clone()], arguments].concat();
        spec(name, programs.join(name), arguments, ready)
    };
    Ok(vec![
        part(
            "kube-controller-manager",
            vec![
                format!(
                    "--service-account-private-key-file={}",
                    server.signing_key().display()
                ),
                format!("--root-ca-file={}", server.certificate().display()),
                "--leader-elect=false".to_owned(),
                "--allocate-node-cidrs=false".to_owned(),
                format!("--secure-port={controllers}"),
                certificates(place, "controllers"),
            ],
            Ready::Port(controllers),
        ),
        part(
            "kube-scheduler",
            vec![
                "--leader-elect=false".to_owned(),
                format!("--secure-port={scheduler}"),
                certificates(place, "scheduler"),
            ],
            Ready::Port(scheduler),
        ),
        kubelet(place, &part)?,
        part(
            "kube-proxy",
            vec![
                "--proxy-mode=nftables".to_owned(),
                format!("--cluster-cidr={PODS}"),
                format!("--hostname-override={NODE}"),
                format!("--healthz-bind-address=127.0.0.1:{proxy}"),
                format!("--metrics-bind-address=127.0.0.1:{proxy_metrics}"),
                // The kernel lets nobody set these in a network namespace.
                "--conntrack-max-per-core=0".to_owned(),
                "--conntrack-min=0".to_owned(),
                "--conntrack-tcp-timeout-established=0s".to_owned(),
                "--conntrack-tcp-timeout-close-wait=0s".to_owned(),
            ],
            Ready::Path(proxy, "/livez"),
        ),
    ])
}

/// What enforces NetworkPolicies, on a node that the API server knows by now.
pub(super) fn router(server: &ApiServer) -> Result<Spec> {
    let [health] = ports::free()?;
    let arguments = vec![
        kubeconfig(server),
        // Routes and Services are others' business.
        "--run-firewall=true".to_owned(),
        "--run-router=false".to_owned(),
        "--run-service-proxy=false".to_owned(),
        "--run-loadbalancer=false".to_owned(),
        format!("--hostname-override={NODE}"),
        format!("--service-cluster-ip-range={SERVICES}"),
        format!("--health-port={health}"),
    ];
    let ready = Ready::Path(health, "/healthz");
    Ok(spec("kube-router", tools::kube_router()?, arguments, ready))
}

fn kubeconfig(server: &ApiServer) -> String {
    format!("--kubeconfig={}", server.kubeconfig().display())
}

fn kubelet(place: &Place, part: &dyn Fn(&str, Vec<String>, Ready) -> Spec) -> Result<Spec> {
    let [port, health] = ports::free()?;
    let settings = place.parts.join("kubelet.yaml");
    let text = include_str!("kubelet.yaml")
        .replace("@PORT@", &port.to_string())
        .replace("@HEALTH@", &health.to_string())
        .replace("@CGROUP@", &cgroup_root());
    fs::write(&settings, text)?;
    // The name servers of pods that ask for the node's: CoreDNS, which asks nobody.
    fs::write("/run/resolv.conf", format!("nameserver {ADDRESS}\n"))?;
    let arguments = vec![
        format!("--config={}", settings.display()),
        "--root-dir=/run/kubelet".to_owned(),
        certificates(place, "kubelet"),
        format!("--node-ip={ADDRESS}"),
        format!("--hostname-override={NODE}"),
    ];
    Ok(part("kubelet", arguments, Ready::Path(health, "/healthz")))
}

/// Where a program keeps the certificate that it makes for itself.
fn certificates(place: &Place, name: &str) -> String {
    format!(
        "--cert-dir={}",
        place.parts.join("certificates").join(name).display()
    )
}

fn spec(name: &str, program: PathBuf, arguments: Vec<String>, ready: Ready) -> Spec {
    Spec {
        name: name.to_owned(),
        command: Box::new(move || {
            let mut command = Command::new(&program);
            command.args(&arguments).current_dir(Path::new("/"));
            command
        }),
        ready,
        stop_signal: Signal::SIGTERM,
        stop_limit: Duration::from_secs(5),
    }
}
