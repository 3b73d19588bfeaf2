//! Who may sign in: `people.toml` in the sign-in's folder, or one person called `me`.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::SystemTime;

use anyhow::{Context, Result, bail};
use argon2::Argon2;
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::files::{has_key, write_private};

/// The file that has them, in the sign-in's folder.
pub(super) const FILE: &str = "people.toml";

/// Somebody who may sign in.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// Unique; the token's `sub`.
    pub name: String,
    /// Where mail for them goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Argon2id in PHC form; `nudge person` makes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passphrase_hash: Option<String>,
}

/// Everybody who may sign in.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct People {
    #[serde(default)]
    people: Vec<Person>,
    #[serde(skip)]
    path: PathBuf,
}

impl Person {
    /// Stands for the passphrase that they have, and for none: another one, or the same one set anew, gives another text.
    pub(super) fn credential(&self) -> String {
        let hash = self.passphrase_hash.as_deref().unwrap_or_default();
        URL_SAFE_NO_PAD.encode(Sha256::digest(hash))
    }

    /// Whether `passphrase` is theirs. Without one of their own they get in unless one is demanded.
    pub(super) fn accepts(&self, passphrase: &str, demanding: bool) -> bool {
        let Some(hash) = &self.passphrase_hash else {
            return !demanding;
        };
        PasswordHash::new(hash).is_ok_and(|hash| {
            Argon2::default()
                .verify_password(passphrase.as_bytes(), &hash)
                .is_ok()
        })
    }
}

/// Compared against where nobody has the name that is asked for, so that the answer takes as long.
static NOBODY: LazyLock<Person> = LazyLock::new(|| Person {
    name: String::new(),
    email: None,
    passphrase_hash: hash("a passphrase that nobody has").ok(),
});

/// As long as a try for somebody, in vain.
pub(super) fn accepts_nobody(passphrase: &str) {
    NOBODY.accepts(passphrase, true);
}

/// What tells one state of a file from another: its time and its length. `None`: there is no file.
type Stamp = Option<(SystemTime, u64)>;

/// The people as the file has them now: `nudge person` may change it while the host runs.
pub(super) struct Register {
    folder: PathBuf,
    read: Mutex<(Stamp, Arc<People>)>,
}

impl Register {
    pub(super) fn open(folder: &Path) -> Result<Self> {
        let people = Arc::new(People::open(folder)?);
        // The stamp is that of no file, so the first look reads the file once more.
        Ok(Self {
            folder: folder.to_owned(),
            read: Mutex::new((None, people)),
        })
    }

    /// Everybody. A file that can't be read leaves those who were there before.
    pub(super) fn now(&self) -> Arc<People> {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let stamp = stamp(&self.folder.join(FILE));
        if stamp != read.0 {
            match People::open(&self.folder) {
                Ok(people) => *read = (stamp, Arc::new(people)),
                Err(error) => tracing::error!("the people are those of before: {error:#}"),
            }
        }
        Arc::clone(&read.1)
    }
}

fn stamp(path: &Path) -> Stamp {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

impl People {
    pub(super) fn open(folder: &Path) -> Result<Self> {
        let path = folder.join(FILE);
        let mut people: Self = match std::fs::read_to_string(&path) {
            Ok(text) => {
                toml::from_str(&text).with_context(|| format!("{} is malformed", path.display()))?
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Self::default(),
            Err(error) => {
                return Err(error).with_context(|| format!("can't read {}", path.display()));
            }
        };
        if people.people.is_empty() {
            people.people.push(Person {
                name: "me".to_owned(),
                email: None,
                passphrase_hash: None,
            });
        }
        people.path = path;
        Ok(people)
    }

    pub(super) fn demand_passphrases(&self) -> Result<()> {
        match self
            .people
            .iter()
            .find(|person| person.passphrase_hash.is_none())
        {
            Some(person) => bail!(
                "{:?} has no passphrase, and this address is open to others; set one: nudge person {}",
                person.name,
                person.name
            ),
            None => Ok(()),
        }
    }

    pub(super) fn only_one(&self) -> Option<&Person> {
        match self.people.as_slice() {
            [person] => Some(person),
            _ => None,
        }
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.people.iter().map(|person| person.name.as_str())
    }

    pub(super) fn find(&self, name: Option<&str>) -> Result<&Person> {
        let found = match name {
            Some(name) => self.people.iter().find(|person| person.name == name),
            None => self.only_one(),
        };
        found.with_context(|| match name {
            Some(name) => {
                format!("there is nobody called {name:?}; add them: nudge person {name}")
            }
            None => "there are several people; say which one: --user NAME".to_owned(),
        })
    }
}

/// Adds a person to the sign-in in `folder`, or changes their address and passphrase.
///
/// # Errors
/// When the name or passphrase is empty or the file can't be written.
pub fn set(
    folder: &Path,
    name: &str,
    email: Option<String>,
    passphrase: Option<&str>,
) -> Result<()> {
    if name.trim().is_empty() || name.len() > 64 {
        bail!("a name has 1 to 64 characters");
    }
    // The form takes what browsers and keyboards put around a name off, so nobody could sign in by such a one.
    if name.trim() != name || name.chars().any(char::is_control) {
        bail!("a name has no space around it and no control characters");
    }
    let passphrase_hash = passphrase.map(hash).transpose()?;
    nudge_sidecar::private::make_folder(folder)?;
    // Two who are added at the same time are both added.
    let turn = File::create(folder.join("people.lock"))?;
    turn.lock()?;
    let mut people = People::open(folder)?;
    let is_new = !people.path.exists();
    match people.people.iter_mut().find(|person| person.name == name) {
        Some(person) => {
            person.email = email.or(person.email.take());
            person.passphrase_hash = passphrase_hash.or(person.passphrase_hash.take());
        }
        None => {
            // Whoever has run the host has things under the name that it gave them, and keeps it.
            if is_new && !has_key(folder) {
                people.people.clear();
            }
            people.people.push(Person {
                name: name.to_owned(),
                email,
                passphrase_hash,
            });
        }
    }
    write_private(&people.path, toml::to_string(&people)?.as_bytes())
}

fn hash(passphrase: &str) -> Result<String> {
    if passphrase.chars().count() < 8 {
        bail!("a passphrase has at least 8 characters");
    }
    let salt = SaltString::encode_b64(&rand::random::<[u8; 16]>())
        .map_err(|error| anyhow::anyhow!("{error}"))?;
    let hash = Argon2::default().hash_password(passphrase.as_bytes(), &salt);
    Ok(hash
        .map_err(|error| anyhow::anyhow!("{error}"))?
        .to_string())
}
