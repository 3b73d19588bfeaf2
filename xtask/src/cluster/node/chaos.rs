//! Pods of the release, deleted at random.

use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};

use super::sleep::daprds_run;
use super::world::{ROLES, World, name, runs};
use crate::cluster::chart::RELEASE;

/// How many, and how many milliseconds go by between two.
const DELETIONS: u32 = 30;
const PAUSE: std::ops::Range<u64> = 500..3000;

/// Deletes one pod after the other, every other without a moment to end, and waits until every daprd is back.
pub(super) fn delete_pods(world: &World, seed: u64) -> Result<()> {
    let mut random = StdRng::seed_from_u64(seed);
    for number in 1..=DELETIONS {
        world.goes_on()?;
        let pods = world.pods(ROLES)?;
        let mut names = Vec::new();
        for pod in pods.iter().filter(|pod| runs(pod)) {
            names.push(name(pod)?);
        }
        // In the order of the alphabet, whatever that of the API is: so a seed says something.
        names.sort_unstable();
        let pod = names.choose(&mut random).context("no pod runs")?;
        let how = match random.random_bool(0.5) {
            true => &["--grace-period=0", "--force"][..],
            false => &[],
        };
        eprintln!("  {number:>3}  {pod} {}", how.join(" "));
        let delete = ["-n", RELEASE, "delete", "pod", pod];
        // It may have gone by itself: KEDA lets functions sleep meanwhile.
        let gently = ["--wait=false", "--ignore-not-found"];
        world.kubectl(&[&delete[..], &gently, how].concat())?;
        thread::sleep(Duration::from_millis(random.random_range(PAUSE)));
    }
    daprds_run(world)
}
