//! Where Nudge runs: an address, and who issues tokens there.

use std::path::{Path, PathBuf};

use tempfile::TempDir;
use tokio::process::Command;
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::host::{Host, HostSettings, run_command};
use crate::{MailServer, Person};

/// Somewhere Nudge runs.
#[derive(Debug)]
pub struct Place {
    address: String,
    mail: MailServer,
    tokens: Tokens,
}

#[derive(Debug)]
enum Tokens {
    /// A host of this test, in a folder that goes with it.
    Host { host: Box<Host>, _data: TempDir },
    /// A shell command to which the person's name is appended.
    Command(String),
}

/// The people file is read, changed and written: one at a time.
static PEOPLE: Mutex<()> = Mutex::const_new(());

impl Place {
    /// The place that the environment names, or a host of its own.
    ///
    /// # Panics
    /// When that does not start, or `NUDGE_URL` is set without what it needs.
    pub async fn open() -> Self {
        let mail = MailServer::start(std::env::var("NUDGE_MAIL_ADDRESS").ok().as_deref()).await;
        let Ok(address) = std::env::var("NUDGE_URL") else {
            return Self::of_its_own(mail).await;
        };
        let command = std::env::var("NUDGE_TOKEN_COMMAND")
            .expect("NUDGE_TOKEN_COMMAND, which prints a token for the name that is appended");
        Self {
            address: address.trim_end_matches('/').to_owned(),
            mail,
            tokens: Tokens::Command(command),
        }
    }

    async fn of_its_own(mail: MailServer) -> Self {
        let data = tempfile::tempdir().expect("a folder");
        let mut settings = HostSettings::new(data.path()).without_limits_for_people();
        settings.mail = Some(mail.address());
        let host = Host::start(settings).await;
        Self {
            address: host.address().to_owned(),
            mail,
            tokens: Tokens::Host {
                host: Box::new(host),
                _data: data,
            },
        }
    }

    /// Where it is.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The mail server that it sends to.
    #[must_use]
    pub fn mail(&self) -> &MailServer {
        &self.mail
    }

    /// Somebody new, whose name begins with `name`.
    ///
    /// # Panics
    /// When they get no token.
    pub async fn person(&self, name: &str) -> Person {
        let name = format!("{name}-{}", Uuid::new_v4().simple());
        let token = match &self.tokens {
            Tokens::Host { host, .. } => token_of(host.settings(), &name).await,
            Tokens::Command(command) => {
                let output = Command::new("sh")
                    .arg("-c")
                    .arg(format!("{command} {name}"))
                    .output()
                    .await
                    .expect("NUDGE_TOKEN_COMMAND runs");
                let said = String::from_utf8_lossy(&output.stderr);
                assert!(
                    output.status.success(),
                    "NUDGE_TOKEN_COMMAND failed: {said}"
                );
                String::from_utf8_lossy(&output.stdout).trim().to_owned()
            }
        };
        Person::new(&self.address, &name, Some(token)).by_contract()
    }

    /// Somebody who has not signed in.
    #[must_use]
    pub fn stranger(&self) -> Person {
        Person::new(&self.address, "stranger", None).by_contract()
    }

    /// The issuer's key, where it is known.
    #[must_use]
    pub fn signing_key(&self) -> Option<Vec<u8>> {
        let path = match &self.tokens {
            Tokens::Host { host, .. } => host.settings().data.join("sign-in/key.der"),
            Tokens::Command(_) => PathBuf::from(std::env::var_os("NUDGE_SIGNING_KEY")?),
        };
        std::fs::read(path).ok()
    }

    /// The data folder of a host of its own.
    #[must_use]
    pub fn data(&self) -> Option<&Path> {
        match &self.tokens {
            Tokens::Host { host, .. } => Some(&host.settings().data),
            Tokens::Command(_) => None,
        }
    }

    /// What is in the log of a host of its own; for messages.
    #[must_use]
    pub fn log(&self) -> Option<String> {
        match &self.tokens {
            Tokens::Host { host, .. } => Some(host.log()),
            Tokens::Command(_) => None,
        }
    }
}

impl Host {
    /// Somebody whom this host knows by exactly this name.
    ///
    /// # Panics
    /// When it knows nobody of that name.
    pub async fn known_person(&self, name: &str) -> Person {
        let data = &self.settings().data;
        let token = run_command(data, &["token", "--user", name]).await;
        Person::new(self.address(), name, Some(token))
    }

    /// Somebody new at this host.
    pub async fn person(&self, name: &str) -> Person {
        let name = format!("{name}-{}", Uuid::new_v4().simple());
        let token = token_of(self.settings(), &name).await;
        Person::new(self.address(), &name, Some(token))
    }
}

async fn token_of(settings: &HostSettings, name: &str) -> String {
    let _turn = PEOPLE.lock().await;
    run_command(&settings.data, &["person", name, "--no-passphrase"]).await;
    run_command(&settings.data, &["token", "--user", name]).await
}
