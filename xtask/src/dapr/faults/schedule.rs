//! What is broken when: drawn from a seed, so that a run can be had again.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{Rng, SeedableRng};

/// How long nothing new happens between two faults, in milliseconds. Most parts take longer to come back, so faults overlap.
const GAP: std::ops::Range<u64> = 500..7_000;
/// How long a part stands still, in milliseconds: from a hiccup to more than those who wait for it wait.
const PAUSE: std::ops::Range<u64> = 500..20_000;

/// What a part is to the system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Broker,
    Store,
    Sidecar,
    Proxy,
    Functions,
}

impl Kind {
    const ALL: [Self; 5] = [
        Self::Broker,
        Self::Store,
        Self::Sidecar,
        Self::Proxy,
        Self::Functions,
    ];

    /// What the part called `name` is.
    fn of(name: &str) -> Option<Self> {
        match name {
            "kafka" => Some(Self::Broker),
            "postgresql" => Some(Self::Store),
            "pushpin" | "zurl" => Some(Self::Proxy),
            "functions" => Some(Self::Functions),
            daprd if daprd.starts_with("daprd-") => Some(Self::Sidecar),
            _ => None,
        }
    }
}

/// What happens to a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deed {
    /// SIGKILL.
    Kill,
    /// SIGSTOP, and SIGCONT after so long.
    Pause(Duration),
}

/// One fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    /// How long after the one before.
    pub(super) gap: Duration,
    /// The part's name.
    pub(super) part: String,
    pub(super) deed: Deed,
}

/// So many rounds: in each, one of each kind of `parts` is killed and one is paused, in any order.
pub(super) fn draw(seed: u64, rounds: usize, parts: &[&str]) -> Vec<Fault> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut faults = Vec::new();
    for _ in 0..rounds {
        let mut round: Vec<(Kind, bool)> = Kind::ALL
            .iter()
            .flat_map(|kind| [(*kind, true), (*kind, false)])
            .collect();
        round.shuffle(&mut random);
        for (kind, is_kill) in round {
            let of_kind: Vec<&&str> = parts
                .iter()
                .filter(|part| Kind::of(part) == Some(kind))
                .collect();
            // Where a part is somebody else's, such as a broker that was there already, nobody breaks it.
            let Some(part) = of_kind.choose(&mut random) else {
                continue;
            };
            let pause = Duration::from_millis(random.random_range(PAUSE));
            faults.push(Fault {
                gap: Duration::from_millis(random.random_range(GAP)),
                part: (**part).to_owned(),
                deed: if is_kill {
                    Deed::Kill
                } else {
                    Deed::Pause(pause)
                },
            });
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARTS: [&str; 7] = [
        "kafka",
        "postgresql",
        "zurl",
        "pushpin",
        "functions",
        "daprd-task-service",
        "daprd-audit-service",
    ];

    #[test]
    fn a_seed_is_a_schedule() {
        assert_eq!(draw(7, 3, &PARTS), draw(7, 3, &PARTS));
        assert_ne!(draw(7, 3, &PARTS), draw(8, 3, &PARTS));
    }

    #[test]
    fn every_round_kills_and_pauses_each_kind() {
        for seed in 0..50 {
            let faults = draw(seed, 6, &PARTS);
            assert_eq!(faults.len(), 60);
            for round in faults.chunks(10) {
                for kind in Kind::ALL {
                    let of_kind = round
                        .iter()
                        .filter(|fault| Kind::of(&fault.part) == Some(kind));
                    let kills = of_kind.filter(|fault| fault.deed == Deed::Kill).count();
                    assert_eq!(kills, 1, "{kind:?} in {round:?}");
                }
            }
        }
    }

    #[test]
    fn what_is_not_ours_is_not_broken() {
        assert!(draw(1, 2, &["kafka-somewhere"]).is_empty());
    }
}
