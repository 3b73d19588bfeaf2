//! Runs futures in an order drawn from a seed, and drops some of them half-way: two replicas and their crashes, on one
//! thread and repeatable.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Waker};

use chrono::{DateTime, Utc};
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

thread_local! {
    static NOW_MS: Cell<i64> = const { Cell::new(0) };
}

/// The moment that simulations begin: 1 March 2026, 12:00 UTC.
const START_MS: i64 = 1_772_366_400_000;

/// The simulation's clock; it moves only while an [`Interleaving`] runs.
#[must_use]
pub fn clock() -> DateTime<Utc> {
    DateTime::from_timestamp_millis(NOW_MS.get()).unwrap_or_default()
}

/// Futures that take turns.
pub struct Interleaving {
    rng: SmallRng,
    actors: Vec<Pin<Box<dyn Future<Output = ()>>>>,
    crash_probability: f64,
}

impl Interleaving {
    /// A simulation of its own for every `seed`, with the clock at its beginning.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        NOW_MS.set(START_MS);
        Self {
            rng: SmallRng::seed_from_u64(seed),
            actors: Vec::new(),
            crash_probability: 0.0,
        }
    }

    /// How likely an actor is to die instead of taking its turn.
    pub fn set_crash_probability(&mut self, probability: f64) {
        self.crash_probability = probability;
    }

    /// The source of all that is random.
    pub fn rng(&mut self) -> &mut SmallRng {
        &mut self.rng
    }

    /// Lets an actor take part.
    pub fn spawn(&mut self, actor: impl Future<Output = ()> + 'static) {
        self.actors.push(Box::pin(actor));
    }

    /// How many actors are at work.
    #[must_use]
    pub fn at_work(&self) -> usize {
        self.actors.len()
    }

    /// One turn of one actor; the clock moves by up to `most_ms` before it.
    pub fn turn(&mut self, most_ms: i64) {
        NOW_MS.set(NOW_MS.get() + self.rng.random_range(0..=most_ms));
        if self.actors.is_empty() {
            return;
        }
        let chosen = self.rng.random_range(0..self.actors.len());
        let dies = self.rng.random_bool(self.crash_probability);
        let finished = dies
            || self.actors[chosen]
                .as_mut()
                .poll(&mut Context::from_waker(Waker::noop()))
                .is_ready();
        if finished {
            drop(self.actors.swap_remove(chosen));
        }
    }

    /// Turns until all actors have come to their end.
    pub fn run_out(&mut self, most_ms: i64) {
        while !self.actors.is_empty() {
            self.turn(most_ms);
        }
    }

    /// Ends all actors where they are.
    pub fn kill_all(&mut self) {
        self.actors.clear();
    }

    /// Lets time pass, or go back.
    pub fn wait_ms(&mut self, ms: i64) {
        NOW_MS.set(NOW_MS.get() + ms);
    }
}
