//! The system's stories, told by people who use it.
//!
//! A [`Place`] is an address where Nudge runs. The tests in `tests/stories` know nothing else: by default each starts the
//! real host with the real components on a free port, and with `NUDGE_URL` set they run against whatever is there (real
//! Dapr, Kafka, PostgreSQL). Every answer that its people get is held against the API's document. The tests in `tests/host` start and kill a [`Host`] of their own.
//!
//! | variable | what |
//! |---|---|
//! | `NUDGE_URL` | where Nudge runs, such as `http://localhost:3000` |
//! | `NUDGE_TOKEN_COMMAND` | prints an access token for the person whose name is appended; with `NUDGE_URL` |
//! | `NUDGE_MAIL_ADDRESS` | where that Nudge sends its mail: the tests listen there; with `NUDGE_URL` |
//! | `NUDGE_SIGNING_KEY` | a file with the issuer's Ed25519 key (PKCS #8), to make tokens that must be refused; with `NUDGE_URL` |
//! | `NUDGE_BIN` | another host binary than `target/debug/nudge` |
//!
//! Everything here panics with a sentence when Nudge does not do what a story expects: that is what a test wants.

mod answer;
mod contract;
mod host;
pub mod load;
mod mail;
mod person;
mod place;
mod screen;
mod task;
pub mod token;
mod wait;

pub use answer::Answer;
pub use host::{Host, HostSettings, runs_command, set_passphrase};
pub use mail::{Mail, MailServer};
pub use person::{Call, Person};
pub use place::Place;
pub use screen::Screen;
pub use task::{NewTask, Task, task};
pub use wait::{PATIENCE, eventually};
