//! `nudge backup`

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use nudge_host::backup::back_up;

#[derive(Args)]
pub(crate) struct Backup {
    /// The file to write, which must not be there. It holds everything that people wrote, and the key that signs their tokens:
    /// only its owner may read it.
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
    /// Where everything is kept.
    #[arg(long, default_value = ".nudge")]
    data: PathBuf,
}

impl Backup {
    pub(crate) fn run(&self) -> Result<()> {
        let bytes = back_up(&self.data, &self.to)?;
        println!("{}: {bytes} bytes", self.to.display());
        Ok(())
    }
}
