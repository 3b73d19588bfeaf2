//! Where things are kept, and which ports and secrets the parts share.

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::io::{Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

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

    /// Takes the folders for one Nudge with real parts, for as long as the file that is returned is open.
    ///
    /// # Errors
    /// When another one has them, or they can't be written to.
    pub fn claim(&self) -> Result<File> {
        let path = self.environment();
        let file = File::options()
            .create(true)
            .write(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .with_context(|| format!("can't write {}", path.display()))?;
        file.try_lock().with_context(|| {
            format!(
                "another Nudge with real parts runs on {}; stop that one, or use another folder with --data",
                self.data.display()
            )
        })?;
        // What one that was killed had left.
        file.set_len(0)?;
        Ok(file)
    }

    /// Writes down where the parts are, for the commands that look into a running Nudge; only its owner may read it. It counts
    /// for as long as the claim does.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn write_environment(
        mut claim: &File,
        environment: &BTreeMap<String, String>,
    ) -> Result<()> {
        let lines = environment
            .iter()
            .map(|(name, value)| format!("{name}={value}\n"));
        claim.write_all(lines.collect::<String>().as_bytes())?;
        Ok(())
    }

    /// What a running Nudge wrote down.
    ///
    /// # Errors
    /// When none runs on the folder.
    pub fn read_environment(&self) -> Result<BTreeMap<String, String>> {
        let nobody = || format!("no Nudge with real parts runs on {}", self.data.display());
        let mut file = File::open(self.environment()).with_context(nobody)?;
        // Who wrote it holds the lock while it runs.
        ensure!(
            matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)),
            nobody()
        );
        let mut text = String::new();
        file.read_to_string(&mut text)?;
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
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seen to fail: while what a killed Nudge had left was read.
    #[test]
    fn what_is_written_down_counts_while_its_writer_runs() {
        let data = std::env::temp_dir().join(format!("nudge-place-{}", std::process::id()));
        let place = Place::open(&data).expect("a place");
        let environment = BTreeMap::from([("INNER_URL".to_owned(), "http://x".to_owned())]);
        assert!(place.read_environment().is_err());
        let claim = place.claim().expect("nobody has it");
        Place::write_environment(&claim, &environment).expect("written");
        assert_eq!(place.read_environment().expect("read"), environment);
        assert!(place.claim().is_err());
        assert_eq!(place.read_environment().expect("read"), environment);
        // As the kernel closes it when the process is killed.
        drop(claim);
        assert!(place.read_environment().is_err());
        place.claim().expect("nobody has it any more");
        fs::remove_dir_all(data).expect("removed");
    }
}
