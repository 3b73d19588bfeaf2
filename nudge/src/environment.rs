//! What commands for operators know of a Nudge that runs with real parts.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use nudge_parts::place::Place;

/// The variables of this process, and behind them what a running Nudge wrote down in its data folder.
pub(crate) struct Environment {
    written: BTreeMap<String, String>,
}

impl Environment {
    /// That of the Nudge whose data folder is `data`; where none runs there, this process's own.
    ///
    /// # Errors
    /// When the path can't be made absolute.
    pub(crate) fn of(data: &Path) -> Result<Self> {
        let place = Place::of(data)?;
        Ok(Self {
            written: place.read_environment().unwrap_or_default(),
        })
    }

    /// The variable `name`, where it is set.
    pub(crate) fn find(&self, name: &str) -> Option<String> {
        let own = std::env::var(name).ok();
        own.or_else(|| self.written.get(name).cloned())
    }

    /// The variable `name`.
    ///
    /// # Errors
    /// What to do, where it is not set.
    pub(crate) fn get(&self, name: &str) -> Result<String> {
        self.find(name).with_context(|| {
            format!(
                "set {name}, or name with --data the folder of a Nudge that runs with real parts"
            )
        })
    }

    /// All variables whose names begin with `prefix`.
    pub(crate) fn beginning_with(&self, prefix: &str) -> BTreeMap<String, String> {
        let own = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        let written = self.written.clone().into_iter();
        written
            .chain(own)
            .filter(|(name, _)| name.starts_with(prefix))
            .collect()
    }
}

/// Who runs this, as it goes on record: the variable `USER`.
pub(crate) fn operator() -> String {
    std::env::var("USER").unwrap_or_else(|_| "unknown".to_owned())
}
