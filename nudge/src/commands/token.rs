//! `nudge token`

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use nudge_host::app::sign_in_folder;
use nudge_host::sign_in::SignIn;

#[derive(Args)]
pub(crate) struct Token {
    /// Whose; may be left out when there is only one person.
    #[arg(long)]
    user: Option<String>,
    /// Where everything is kept.
    #[arg(long, default_value = ".nudge")]
    data: PathBuf,
}

impl Token {
    pub(crate) fn run(&self) -> Result<()> {
        let sign_in = SignIn::open(&sign_in_folder(&self.data), false)?;
        println!("{}", sign_in.token(self.user.as_deref())?);
        Ok(())
    }
}
