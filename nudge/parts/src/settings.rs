//! With which parts Nudge is started, and where.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

use crate::runtime::Runtime;

/// With which parts.
#[derive(Debug, Clone, Args)]
pub struct Settings {
    /// A broker that is there already, instead of one of our own.
    #[arg(long, value_name = "HOST:PORT", requires = "dapr")]
    pub kafka: Option<String>,
    /// A PostgreSQL that is there already, instead of one of our own.
    #[arg(long, value_name = "URL", requires = "dapr")]
    pub postgres: Option<String>,
    /// What runs the functions, with --dapr.
    #[arg(long, value_enum, default_value_t, requires = "dapr")]
    pub runtime: Runtime,
    /// Where everything is kept.
    #[arg(skip)]
    pub data: PathBuf,
    /// The port to listen on; 0 takes a free one.
    #[arg(skip)]
    pub port: u16,
    /// Where mail goes, instead of where the environment says.
    #[arg(skip)]
    pub mail: Option<SocketAddr>,
    /// Lets the gateway know of a second Pushpin, which the tests of the sockets start.
    #[arg(skip)]
    pub second_proxy: bool,
    /// Lifts what limits one person, for tests whose people work faster than people do.
    #[arg(skip)]
    pub tireless_people: bool,
}
