//! `nudge restore`

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use nudge_host::backup::restore;

#[derive(Args)]
pub(crate) struct Restore {
    /// What `nudge backup` wrote.
    file: PathBuf,
    /// The data folder to make. One that is there must be empty.
    #[arg(long, default_value = ".nudge")]
    data: PathBuf,
}

impl Restore {
    pub(crate) fn run(&self) -> Result<()> {
        restore(&self.file, &self.data)?;
        println!("{} is as it was", self.data.display());
        Ok(())
    }
}
