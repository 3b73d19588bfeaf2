//! Somebody asks the parts to stop.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};

/// Whether somebody asked to stop. Clones ask and hear of the same.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<(Mutex<bool>, Condvar)>);

impl Stop {
    /// One that Ctrl-C asks for, or the signal that service managers send.
    ///
    /// # Errors
    /// When this process listens for them already.
    pub fn on_interrupt() -> Result<Self> {
        let stop = Self::default();
        let asked = stop.clone();
        ctrlc::set_handler(move || asked.ask()).context("can't listen for Ctrl-C")?;
        Ok(stop)
    }

    /// Waits until somebody asks.
    pub fn wait(&self) {
        let (asked, changed) = &*self.0;
        let asked = asked.lock().unwrap_or_else(PoisonError::into_inner);
        // Poisoning can't happen: nobody panics with the lock.
        drop(changed.wait_while(asked, |asked| !*asked));
    }

    /// Waits so long, or until somebody asks; returns whether somebody did.
    pub fn wait_for(&self, length: Duration) -> bool {
        let (asked, changed) = &*self.0;
        let asked = asked.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = changed.wait_timeout_while(asked, length, |asked| !*asked);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }

    /// Whether somebody asked.
    #[must_use]
    pub fn asked(&self) -> bool {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ask(&self) {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.0.1.notify_all();
    }
}
