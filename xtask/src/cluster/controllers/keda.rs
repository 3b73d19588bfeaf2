//! KEDA's operator and its http add-on as processes on this machine, and what they need beside themselves.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::Result;
use nix::sys::signal::Signal;

use crate::cluster::tools::Keda;
use crate::dapr::sasl::Authority;
use nudge_parts::part::{Ready, Spec};
use nudge_parts::place::Place;

/// Where helm/platform puts the add-on, and the Service by which its scaler finds the interceptor.
pub(super) const ADD_ON_NAMESPACE: &str = "keda";
pub(super) const ADMIN_SERVICE: &str = "keda-add-ons-http-interceptor-admin";

/// The operator, which trusts the `authority` of the broker.
pub(super) fn operator(
    keda: &Keda,
    place: &Place,
    authority: &Authority,
    kubeconfig: PathBuf,
) -> Result<Spec> {
    let [health, metrics] = ports::free()?;
    let trusted = place.parts.join("trusted");
    fs::create_dir_all(&trusted)?;
    fs::copy(&authority.certificate, trusted.join("ca.pem"))?;
    let certificates = certificates(place)?;
    let arguments = [
        format!("--health-probe-bind-address=127.0.0.1:{health}"),
        format!("--metrics-service-bind-address=127.0.0.1:{metrics}"),
        format!("--cert-dir={}", certificates.display()),
        format!("--ca-dir={}", trusted.display()),
        "--enable-prometheus-metrics=false".to_owned(),
    ];
    let program = keda.operator.clone();
    Ok(Spec {
        name: "keda-operator".to_owned(),
        command: Box::new(move || {
            let mut command = Command::new(&program);
            command
                .args(&arguments)
                .env("KUBECONFIG", &kubeconfig)
                .env("WATCH_NAMESPACE", "")
                .env("POD_NAMESPACE", "keda")
                .env("KEDA_CLUSTER_OBJECT_NAMESPACE", "keda");
            command
        }),
        ready: Ready::Path(health, "/readyz"),
        stop_signal: Signal::SIGTERM,
        stop_limit: Duration::from_secs(10),
    })
}

/// By which the operator and KEDA's metrics server know each other, as somebody on loopback.
pub(in crate::cluster) fn certificates(place: &Place) -> Result<PathBuf> {
    let folder = place.parts.join("keda-certificates");
    let authority = Authority::make(&folder)?;
    fs::copy(&authority.certificate, folder.join("ca.crt"))?;
    authority.signs("tls")?;
    Ok(folder)
}

/// Where the http add-on is on loopback.
#[derive(Clone, Copy)]
pub(super) struct AddOn {
    /// Where the operator asks.
    pub(super) scaler: u16,
    /// Where people ask.
    pub(super) interceptor: u16,
    /// Where the scaler asks how many people wait, by way of the proxy.
    pub(super) admin: u16,
    /// What stands in for the cluster's network.
    pub(super) proxy: u16,
}

impl AddOn {
    /// The interceptor and the scaler.
    pub(super) fn specs(self, keda: &Keda, kubeconfig: &Path) -> [Spec; 2] {
        let interceptor = [
            ("KEDA_HTTP_PROXY_PORT", self.interceptor.to_string()),
            ("KEDA_HTTP_ADMIN_PORT", self.admin.to_string()),
            ("KEDA_HTTP_SHUTDOWN_DELAY", "0s".to_owned()),
            ("KEDA_HTTP_DRAIN_TIMEOUT", "1s".to_owned()),
        ];
        let variable = |name| format!("KEDA_HTTP_SCALER_TARGET_ADMIN_{name}");
        let scaler = [
            ("KEDA_HTTP_SCALER_PORT".to_owned(), self.scaler.to_string()),
            (variable("NAMESPACE"), ADD_ON_NAMESPACE.to_owned()),
            (variable("SERVICE"), ADMIN_SERVICE.to_owned()),
            (
                variable("DEPLOYMENT"),
                "keda-add-ons-http-interceptor".to_owned(),
            ),
            (variable("PORT"), self.admin.to_string()),
        ];
        let owned = interceptor.map(|(name, value)| (name.to_owned(), value));
        let ready = Ready::Path(self.admin, "/readyz");
        [
            self.spec(
                "http-interceptor",
                &keda.interceptor,
                owned.into(),
                ready,
                kubeconfig,
            ),
            self.spec(
                "http-scaler",
                &keda.scaler,
                scaler.into(),
                Ready::Port(self.scaler),
                kubeconfig,
            ),
        ]
    }

    fn spec(
        self,
        name: &str,
        program: &Path,
        mut environment: BTreeMap<String, String>,
        ready: Ready,
        kubeconfig: &Path,
    ) -> Spec {
        let program = program.to_owned();
        environment.insert("KUBECONFIG".to_owned(), kubeconfig.display().to_string());
        environment.insert(
            "HTTP_PROXY".to_owned(),
            format!("socks5://127.0.0.1:{}", self.proxy),
        );
        // Its default port can't be shared.
        environment.insert("OTEL_PROM_EXPORTER_ENABLED".to_owned(), "false".to_owned());
        Spec {
            name: name.to_owned(),
            command: Box::new(move || {
                let mut command = Command::new(&program);
                command
                    .envs(&environment)
                    .env_remove("NO_PROXY")
                    .env_remove("no_proxy");
                command
            }),
            ready,
            stop_signal: Signal::SIGTERM,
            stop_limit: Duration::from_secs(5),
        }
    }
}
