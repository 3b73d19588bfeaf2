//! `nudge variables`

use std::net::SocketAddr;

use clap::Args;
use nudge_host::app;

#[derive(Args)]
pub(crate) struct Variables {
    /// The host's loopback port for Dapr.
    #[arg(long)]
    inner_port: u16,
    /// Where people find the screen.
    #[arg(long)]
    public_url: String,
}

impl Variables {
    pub(crate) fn run(&self) {
        let inner = SocketAddr::from(([127, 0, 0, 1], self.inner_port));
        for (name, value) in app::variables_elsewhere(&self.public_url, inner) {
            println!("SPIN_VARIABLE_{}={value}", name.to_ascii_uppercase());
        }
    }
}
