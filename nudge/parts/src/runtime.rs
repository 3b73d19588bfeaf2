//! What runs the functions: the host, or Spin behind the host's door.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use nix::sys::signal::Signal;

use crate::application::Application;
use crate::part::{Ready, Spec};
use crate::programs;

/// Which program runs the functions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Runtime {
    /// The host, without its sidecar.
    #[default]
    Host,
    /// `spin up`. The host signs people in before it, and passes on what they ask.
    Spin,
}

/// Where everything is that has to do with the functions.
pub(crate) struct Wiring {
    /// What is run.
    pub(crate) application: Application,
    /// Where it keeps people and keys.
    pub(crate) data: PathBuf,
    /// What Spin keeps.
    pub(crate) state: PathBuf,
    /// People's door.
    pub(crate) port: u16,
    /// Where Dapr and Pushpin find the functions.
    pub(crate) functions_port: u16,
    /// Where daprd finds the host's key set; with the host as runtime, the same.
    pub(crate) inner_port: u16,
    /// Where Pushpin takes sockets.
    pub(crate) sockets: u16,
    /// `SPIN_VARIABLE_…`
    pub(crate) variables: BTreeMap<String, String>,
    /// More arguments of `nudge run`.
    pub(crate) arguments: Vec<String>,
}

impl Runtime {
    /// Says what is missing, before anything is started.
    ///
    /// # Errors
    /// What to install.
    pub fn check(self) -> Result<()> {
        match self {
            Self::Host => Ok(()),
            Self::Spin => spin().map(drop),
        }
    }

    /// The parts that run the functions, in the order in which they start.
    ///
    /// # Errors
    /// When Spin is missing, or the host does not say how it is trusted.
    pub(crate) fn specs(self, wiring: Wiring) -> Result<Vec<Spec>> {
        Ok(match self {
            Self::Host => vec![wiring.host("functions", Vec::new())],
            Self::Spin => {
                let elsewhere = format!("--functions=127.0.0.1:{}", wiring.functions_port);
                let functions = wiring.spin(&spin()?, wiring.variables_of_host()?);
                vec![functions, wiring.host("host", vec![elsewhere])]
            }
        })
    }
}

/// The `spin` on the path.
///
/// # Errors
/// What to install, where there is none.
pub fn spin() -> Result<PathBuf> {
    match programs::find_program("spin", &[]) {
        Some(program) => Ok(program),
        None => {
            bail!("there is no spin on the path: install Spin 3.6 or later (spinframework.dev)")
        }
    }
}

impl Wiring {
    fn host(&self, name: &str, more: Vec<String>) -> Spec {
        let (program, variables) = (self.application.program.clone(), self.variables.clone());
        let arguments = [
            format!("--port={}", self.port),
            format!("--data={}", self.data.display()),
            "--no-sidecar".to_owned(),
            format!("--inner-port={}", self.inner_port),
            format!("--socket-proxy=127.0.0.1:{}", self.sockets),
            format!("--manifest={}", self.application.manifest.display()),
        ];
        let arguments: Vec<String> = arguments
            .into_iter()
            .chain(more)
            .chain(self.arguments.iter().cloned())
            .collect();
        Spec {
            name: name.to_owned(),
            command: Box::new(move || {
                let mut command = Command::new(&program);
                command.arg("run").args(&arguments).envs(&variables);
                command
            }),
            ready: Ready::Port(self.inner_port),
            stop_signal: Signal::SIGTERM,
            stop_limit: Duration::from_secs(30),
        }
    }

    /// Only what Spin documents: it finds the components by the manifest, and variables in its environment.
    fn spin(&self, program: &Path, more: BTreeMap<String, String>) -> Spec {
        let (program, variables) = (program.to_owned(), self.variables.clone());
        let manifest = self.application.manifest.clone();
        let (listen, state) = (
            format!("127.0.0.1:{}", self.functions_port),
            self.state.clone(),
        );
        Spec {
            name: "functions".to_owned(),
            command: Box::new(move || {
                let mut command = Command::new(&program);
                command
                    .arg("up")
                    .arg("--from")
                    .arg(&manifest)
                    .args(["--listen", &listen])
                    .arg("--state-dir")
                    .arg(&state)
                    .envs(&variables)
                    .envs(&more);
                command
            }),
            ready: Ready::Path(self.functions_port, "/.well-known/spin/health"),
            // What its Ctrl-C is: it ends the process that serves, too.
            stop_signal: Signal::SIGINT,
            stop_limit: Duration::from_secs(30),
        }
    }

    /// The variables by which functions elsewhere trust the host's sign-in; it knows them itself.
    fn variables_of_host(&self) -> Result<BTreeMap<String, String>> {
        let output = Command::new(&self.application.program)
            .arg("variables")
            .args(["--inner-port", &self.inner_port.to_string()])
            .args(["--public-url", &format!("http://localhost:{}", self.port)])
            .output()
            .context("can't start the host")?;
        if !output.status.success() {
            bail!("nudge variables failed ({})", output.status);
        }
        let said = String::from_utf8(output.stdout)?;
        let lines = said.lines().filter_map(|line| line.split_once('='));
        Ok(lines
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect())
    }
}

#[cfg(test)]
mod tests;
