//! The behaviour of Dapr that Nudge relies on, as one suite for two places: the sidecar inside the host, and a real daprd
//! with Kafka and PostgreSQL.
//!
//! Each case opens a [`Place`], which has an app-id of its own, and therefore keys, a consumer group and a subscription of
//! its own. [`App`] is the function behind it: it keeps what Dapr calls it with, and answers as the case says.
//!
//! The cases against a real daprd need what `cargo xtask test dapr` starts:
//!
//! | variable | what |
//! |---|---|
//! | `CONFORMANCE_DAPRD` | the program |
//! | `NUDGE_KAFKA_BROKERS` | a broker that has the topics of `topics.json` |
//! | `NUDGE_POSTGRES` | a database |
//! | `CONFORMANCE_KAFKA_PID` | the broker's process, where its clock may be set |
//! | `CONFORMANCE_PUBSUB` | a file in the place of dapr-components/kafka-pubsub.yaml; `cargo xtask test sasl` sets it |

mod app;
mod components;
mod daprd;
mod group;
mod place;
pub mod wall_clock;

pub use app::{App, Heard};
pub use group::{Group, Member};
pub use place::{Answer, Place, Where};

/// What Dapr proves itself with towards the app.
pub const APP_API_TOKEN: &str = "conformance-token";
/// What the real daprd demands of the app. The host's sidecar is reached by nobody else, and demands nothing.
pub const DAPR_API_TOKEN: &str = "conformance-api-token";
/// The topic of the cases.
pub const TOPIC: &str = "conformance";
/// Where what could not be processed goes.
pub const DEAD_LETTERS: &str = "conformance.dlq";
