//! `nudge person`

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use nudge_host::app::sign_in_folder;
use nudge_host::sign_in;

#[derive(Args)]
pub(crate) struct Person {
    /// Their name.
    name: String,
    /// Where mail for them goes.
    #[arg(long)]
    email: Option<String>,
    /// Leaves them without a passphrase of their own.
    #[arg(long)]
    no_passphrase: bool,
    /// Where everything is kept.
    #[arg(long, default_value = ".nudge")]
    data: PathBuf,
}

impl Person {
    pub(crate) fn run(self) -> Result<()> {
        let passphrase = if self.no_passphrase {
            None
        } else {
            eprintln!(
                "A passphrase for {} (8 characters or more), then Enter:",
                self.name
            );
            let mut line = String::new();
            std::io::stdin().read_line(&mut line)?;
            Some(line.trim_end_matches(['\r', '\n']).to_owned())
        };
        sign_in::set_person(
            &sign_in_folder(&self.data),
            &self.name,
            self.email,
            passphrase.as_deref(),
        )
    }
}
