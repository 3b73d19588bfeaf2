//! All parts together: the order of their start, what they know of each other, and the order of their stop.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::application::Application;
use crate::daprd::{self, Daprds};
use crate::part::{Part, Spec};
use crate::place::Place;
use crate::pushpin::{self, Pushpin};
use crate::runtime::{Runtime, Wiring};
use crate::settings::Settings;
use crate::stop::Stop;
use crate::{existing, kafka, postgres, programs};

/// How long a part may take to become ready: a broker that was killed waits for its old session to end, and the machine
/// may be busy.
pub const START_LIMIT: Duration = Duration::from_secs(180);

/// Running parts.
pub struct System {
    place: Place,
    /// Keeps others from the place.
    claim: File,
    /// In the order in which they were started.
    parts: Vec<Part>,
    address: String,
    /// What is run.
    application: Application,
    /// Those that hold the sockets, the one that was started first.
    proxies: Vec<Pushpin>,
    /// What they prove themselves with.
    grip_key: String,
}

impl System {
    /// Starts every part, and waits until all are ready. `arguments` are more of `nudge run` for the host; parts that are
    /// missing are installed or built where that can be done.
    ///
    /// # Errors
    /// What is missing, which part is not ready in time, or that `stop` was asked meanwhile.
    pub fn start(
        settings: &Settings,
        application: &Application,
        arguments: &[String],
        stop: &Stop,
    ) -> Result<Self> {
        existing::check(settings)?;
        settings.runtime.check()?;
        let place = Place::open(&settings.data)?;
        let [inner_port, spin_port] = ports::free()?;
        let functions_port = match settings.runtime {
            Runtime::Host => inner_port,
            Runtime::Spin => spin_port,
        };
        let mut system = Self {
            address: String::new(),
            parts: Vec::new(),
            claim: place.claim()?,
            place,
            application: application.clone(),
            proxies: Vec::new(),
            grip_key: String::new(),
        };
        let secrets = Secrets::new()?;
        let (kafka, postgres) = system.start_stores(settings, stop)?;
        let port = match settings.port {
            0 => ports::free::<1>()?[0],
            port => port,
        };
        system.address = format!("http://localhost:{port}");
        let app_ids = app_ids(&application.manifest)?;
        let mut daprd_ports = BTreeMap::new();
        for app_id in &app_ids {
            let [http, grpc, internal] = ports::free()?;
            let ports = daprd::Ports {
                http,
                grpc,
                internal,
            };
            daprd_ports.insert(app_id.clone(), ports);
        }
        let mut environment = BTreeMap::from([
            ("NUDGE_URL".to_owned(), system.address.clone()),
            ("NUDGE_KAFKA_BROKERS".to_owned(), kafka),
            ("NUDGE_POSTGRES".to_owned(), postgres),
            ("APP_API_TOKEN".to_owned(), secrets.app_api_token.clone()),
            ("DAPR_API_TOKEN".to_owned(), secrets.dapr_api_token.clone()),
            (
                "INNER_URL".to_owned(),
                format!("http://127.0.0.1:{functions_port}"),
            ),
        ]);
        // Where a mail catcher for development usually listens.
        let mail = [
            ("SMTP_HOST", "127.0.0.1"),
            ("SMTP_PORT", "1025"),
            ("SMTP_FROM", "nudge@localhost"),
        ];
        for (name, default) in mail {
            let value = std::env::var(name).unwrap_or_else(|_| default.to_owned());
            environment.insert(name.to_owned(), value);
        }
        if let Some(mail) = settings.mail {
            environment.insert("SMTP_HOST".to_owned(), mail.ip().to_string());
            environment.insert("SMTP_PORT".to_owned(), mail.port().to_string());
            environment.insert("SMTP_FROM".to_owned(), "nudge@example.test".to_owned());
        }
        let proxies = system.prepare_proxies(settings, functions_port, &secrets.grip_key)?;
        let sockets = proxies[0].ports.sockets;
        let mut variables = variables(&secrets, &proxies, &daprd_ports);
        if settings.tireless_people {
            for name in ["COMMANDS_PER_MINUTE", "MAILS_PER_HOUR"] {
                variables.insert(format!("SPIN_VARIABLE_{name}"), "0".to_owned());
            }
        }
        system.start_parts(proxies[0].specs(), stop)?;
        let wiring = Wiring {
            application: application.clone(),
            data: system.place.data.clone(),
            state: system.place.parts.join("spin"),
            port,
            functions_port,
            inner_port,
            sockets,
            variables,
            arguments: arguments.to_vec(),
        };
        system.start_parts(settings.runtime.specs(wiring)?, stop)?;
        let mut for_daprd = environment.clone();
        for (name, value) in [("DAPR_HOST_IP", "127.0.0.1"), ("NAMESPACE", "default")] {
            for_daprd.insert(name.to_owned(), value.to_owned());
        }
        let key_set = format!("http://127.0.0.1:{inner_port}");
        let daprds = Daprds::new(&system.place, &application.components, &key_set, for_daprd)?;
        let specs: Vec<Spec> = daprd_ports
            .iter()
            .map(|(app_id, ports)| daprds.spec(app_id, functions_port, *ports))
            .collect();
        system.start_parts(specs, stop)?;
        for (app_id, ports) in &daprd_ports {
            environment.insert(
                format!("DAPR_{}", screaming(app_id)),
                format!("http://127.0.0.1:{}", ports.http),
            );
        }
        Place::write_environment(&system.claim, &environment)?;
        system.proxies = proxies;
        system.grip_key = secrets.grip_key;
        Ok(system)
    }

    /// The Pushpin that is one of the parts; and one that the tests of the sockets start and kill themselves, to which the
    /// gateway publishes from the beginning.
    fn prepare_proxies(
        &self,
        settings: &Settings,
        functions_port: u16,
        key: &str,
    ) -> Result<Vec<Pushpin>> {
        let names = ["pushpin", "pushpin-2"];
        let wanted = if settings.second_proxy { 2 } else { 1 };
        let prepare = |name: &&str| {
            let [sockets, publish] = ports::free()?;
            let ports = pushpin::Ports { sockets, publish };
            pushpin::prepare(&self.place, name, ports, functions_port, key)
        };
        names.iter().take(wanted).map(prepare).collect()
    }

    /// The broker and the database, ready and with all topics; how they are reached.
    fn start_stores(&mut self, settings: &Settings, stop: &Stop) -> Result<(String, String)> {
        let mut specs = Vec::new();
        let kafka = match &settings.kafka {
            Some(brokers) => brokers.clone(),
            None => {
                let [port, controller_port] = ports::free()?;
                specs.push(kafka::spec(&self.place, port, controller_port)?);
                format!("127.0.0.1:{port}")
            }
        };
        let postgres = match &settings.postgres {
            Some(url) => url.clone(),
            None => {
                let [port] = ports::free()?;
                let (spec, url) = postgres::spec(&self.place, port)?;
                specs.push(spec);
                url
            }
        };
        self.start_parts(specs, stop)?;
        programs::quietly(
            Command::new(&self.application.program)
                .args(["topics", "apply", "--brokers", &kafka, "--list"])
                .arg(self.application.components.join("topics.json")),
        )?;
        Ok((kafka, postgres))
    }

    /// Starts parts at once, and waits for each.
    fn start_parts(&mut self, specs: impl IntoIterator<Item = Spec>, stop: &Stop) -> Result<()> {
        let first = self.parts.len();
        for spec in specs {
            self.parts.push(Part::start(spec, &self.place.logs)?);
        }
        for part in &self.parts[first..] {
            part.wait_ready(START_LIMIT, &|| stop.asked())?;
        }
        Ok(())
    }

    /// Where people find it.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The parts, in the order in which they were started.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The file that lists the parts.
    pub fn environment(&self) -> PathBuf {
        self.place.environment()
    }

    /// Where everything is kept.
    pub fn data(&self) -> &Path {
        &self.place.data
    }

    /// Where the parts are.
    pub fn parts_environment(&self) -> Result<BTreeMap<String, String>> {
        self.place.read_environment()
    }

    /// What the suite of Dapr's behaviour has to know.
    pub fn for_conformance(&self) -> Result<BTreeMap<String, String>> {
        let mut environment = self.place.read_environment()?;
        environment.retain(|name, _| name.starts_with("NUDGE_"));
        let program = daprd::program()?.display().to_string();
        environment.insert("CONFORMANCE_DAPRD".to_owned(), program);
        Ok(environment)
    }

    /// What the scenarios have to know.
    pub fn for_scenarios(&self, mail: &str) -> BTreeMap<&'static str, String> {
        let (host, data) = (
            self.application.program.display(),
            self.place.data.display(),
        );
        // The file of people is read, changed and written: one process at a time.
        let token = format!(
            r#"person() {{ flock '{data}/people.lock' sh -c "'{host}' person '$1' --no-passphrase --data '{data}' >/dev/null && '{host}' token --user '$1' --data '{data}'"; }}; person"#
        );
        BTreeMap::from([
            ("NUDGE_URL", self.address.clone()),
            ("NUDGE_TOKEN_COMMAND", token),
            ("NUDGE_MAIL_ADDRESS", mail.to_owned()),
            ("NUDGE_SIGNING_KEY", format!("{data}/sign-in/key.der")),
            ("NUDGE_BIN", host.to_string()),
        ])
    }

    /// What `nudge check` says of everybody, and whether it found all as it should be.
    pub fn check(&self) -> Result<(bool, String)> {
        let output = Command::new(&self.application.program)
            .args(["check", "--data"])
            .arg(&self.place.data)
            .envs(self.place.read_environment()?)
            .output()
            .context("can't run nudge check")?;
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        Ok((output.status.success(), said))
    }

    /// What the tests of the sockets have to know, beside what the scenarios know.
    pub fn for_sockets(&self) -> Result<BTreeMap<&'static str, String>> {
        let [first, second] = self.proxies.as_slice() else {
            bail!("the tests of the sockets need two proxies");
        };
        let inner = self.place.read_environment()?;
        let url = |port: u16| format!("http://127.0.0.1:{port}");
        Ok(BTreeMap::from([
            ("SOCKETS_INNER_URL", inner["INNER_URL"].clone()),
            ("SOCKETS_GRIP_KEY", self.grip_key.clone()),
            ("SOCKETS_FIRST_PROXY", url(first.ports.sockets)),
            ("SOCKETS_FIRST_PUBLISH", url(first.ports.publish)),
            ("SOCKETS_SECOND_PROXY", url(second.ports.sockets)),
            ("SOCKETS_SECOND_RUN", second.run.display().to_string()),
            (
                "SOCKETS_SECOND_PUSHPIN",
                second.settings.display().to_string(),
            ),
            (
                "SOCKETS_SECOND_ZURL",
                second.zurl_settings.display().to_string(),
            ),
        ]))
    }

    /// What the test of the screen before a proxy that dies has to know.
    pub fn for_screen(&self) -> Result<BTreeMap<&'static str, String>> {
        let proxy = self.parts.iter().find(|part| part.name == "pushpin");
        let pid = proxy.and_then(Part::pid).context("Pushpin does not run")?;
        Ok(BTreeMap::from([
            ("NUDGE_URL", self.address.clone()),
            ("NUDGE_PROXY_PID", pid.to_string()),
        ]))
    }

    /// Stops what was started, the last first: nothing is taken from under what still works.
    pub fn stop(mut self) {
        while let Some(mut part) = self.parts.pop() {
            part.stop();
            eprintln!("  {:<28} stopped", part.name);
        }
    }
}

impl Drop for System {
    fn drop(&mut self) {
        while let Some(mut part) = self.parts.pop() {
            part.stop();
        }
        // Whoever takes the folders next must not meet these parts.
        self.place.forget_environment();
    }
}

/// The functions, as the manifest names them.
fn app_ids(manifest: &Path) -> Result<Vec<String>> {
    let text = std::fs::read_to_string(manifest)
        .with_context(|| format!("can't read {}", manifest.display()))?;
    let manifest: toml::Table = text
        .parse()
        .with_context(|| format!("in {}", manifest.display()))?;
    let components = manifest.get("component").and_then(toml::Value::as_table);
    // The screen calls nothing through Dapr.
    let calls_dapr = |component: &toml::Value| {
        component
            .get("variables")
            .and_then(|variables| variables.get("dapr_url"))
            .is_some()
    };
    let ids = components
        .into_iter()
        .flatten()
        .filter(|(_, component)| calls_dapr(component));
    Ok(ids.map(|(id, _)| id.clone()).collect())
}

/// What the parts prove themselves with, anew at every start.
struct Secrets {
    /// Dapr to the functions.
    app_api_token: String,
    /// The functions to their Dapr.
    dapr_api_token: String,
    /// Pushpin to the functions.
    grip_key: String,
}

impl Secrets {
    fn new() -> Result<Self> {
        Ok(Self {
            app_api_token: crate::place::random_text()?,
            dapr_api_token: crate::place::random_text()?,
            grip_key: crate::place::random_text()?,
        })
    }
}

/// What the functions are told of the parts.
fn variables(
    secrets: &Secrets,
    proxies: &[Pushpin],
    daprds: &BTreeMap<String, daprd::Ports>,
) -> BTreeMap<String, String> {
    let url = |port: u16| format!("http://127.0.0.1:{port}");
    let publishers = proxies.iter().map(|pushpin| url(pushpin.ports.publish));
    let mut variables = BTreeMap::from([
        ("APP_API_TOKEN".to_owned(), secrets.app_api_token.clone()),
        ("DAPR_API_TOKEN".to_owned(), secrets.dapr_api_token.clone()),
        ("GRIP_KEY".to_owned(), secrets.grip_key.clone()),
        (
            "PUSHPIN_URLS".to_owned(),
            publishers.collect::<Vec<_>>().join(","),
        ),
    ]);
    for (app_id, ports) in daprds {
        variables.insert(format!("{}_DAPR_URL", screaming(app_id)), url(ports.http));
    }
    variables
        .into_iter()
        .map(|(name, value)| (format!("SPIN_VARIABLE_{name}"), value))
        .collect()
}

/// `task-service` as environment variables write it.
fn screaming(app_id: &str) -> String {
    app_id.replace('-', "_").to_ascii_uppercase()
}
