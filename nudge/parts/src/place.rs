//! Where things are kept, and which ports and secrets the parts share.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The folders of one run.
pub struct Place {
    /// What the host keeps itself: people, keys, compiled components.
    pub data: PathBuf,
    /// What the parts keep.
    pub parts: PathBuf,
    /// What they say.
    pub logs: PathBuf,
}

impl Place {
    /// The folders below `data`, which need not be there.
    pub fn of(data: &Path) -> Result<Self> {
        let data = std::path::absolute(data)?;
        Ok(Self {
            parts: data.join("parts"),
            logs: data.join("logs"),
            data,
        })
    }

    /// Makes the folders below `data`.
    pub fn open(data: &Path) -> Result<Self> {
        let place = Self::of(data)?;
        for folder in [&place.parts, &place.logs] {
            fs::create_dir_all(folder)
                .with_context(|| format!("can't make {}", folder.display()))?;
        }
        Ok(place)
    }

    /// Writes down where the parts are, for the commands that look into a running Nudge; only its owner may read it.
    pub fn write_environment(&self, environment: &BTreeMap<String, String>) -> Result<()> {
        let path = self.environment();
        let mut file = fs::File::options()
            .create(true)
            .write(true)
            .truncate(true)
            .mode(0o600)
            .open(&path)
            .with_context(|| format!("can't write {}", path.display()))?;
        for (name, value) in environment {
            writeln!(file, "{name}={value}")?;
        }
        Ok(())
    }

    /// What a running Nudge wrote down.
    pub fn read_environment(&self) -> Result<BTreeMap<String, String>> {
        let path = self.environment();
        let text = fs::read_to_string(&path).with_context(|| {
            format!(
                "no Nudge with real parts runs here ({} is not there)",
                path.display()
            )
        })?;
        let lines = text.lines().filter_map(|line| line.split_once('='));
        Ok(lines
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect())
    }

    /// Takes the note back when the parts have stopped.
    pub fn forget_environment(&self) {
        fs::remove_file(self.environment()).ok();
    }

    /// Where that is written down.
    pub fn environment(&self) -> PathBuf {
        self.parts.join("environment")
    }

    /// A secret that stays the same from run to run.
    pub fn kept_secret(&self, name: &str) -> Result<String> {
        let path = self.parts.join(name);
        if let Ok(secret) = fs::read_to_string(&path) {
            return Ok(secret);
        }
        let secret = random_text()?;
        fs::write(&path, &secret).with_context(|| format!("can't write {}", path.display()))?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
        Ok(secret)
    }
}

/// 128 random bits.
pub fn random_text() -> Result<String> {
    let mut bytes = [0; 16];
    fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
