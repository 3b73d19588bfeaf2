//! `nudge components`

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use nudge_host::component;
use nudge_host::manifest::Manifest;

use crate::application::Files;

#[derive(Args)]
pub(crate) struct Components {
    /// The folder to write them into, each under its id.
    #[arg(long)]
    out: PathBuf,
    #[command(flatten)]
    files: Files,
    /// Where this program unpacks what it holds.
    #[arg(long, default_value = ".nudge")]
    data: PathBuf,
}

impl Components {
    pub(crate) fn run(&self) -> Result<()> {
        let manifest = Manifest::read(&self.files.find(&self.data)?.manifest)?;
        std::fs::create_dir_all(&self.out)?;
        for (id, component) in &manifest.component {
            let file = self.out.join(format!("{id}.wasm"));
            std::fs::write(&file, component::composed(id, component)?)
                .with_context(|| format!("can't write {}", file.display()))?;
        }
        Ok(())
    }
}
