//! People at work while something is done to the cluster: the test `faults` of `tests/scenarios`, which judges in the end.

use anyhow::Result;

use super::world::World;
use crate::dapr::faults::{Driver, driver};

/// Has people work at `address` while `deed` is done; what they were acknowledged must hold afterwards. `test` is the name of
/// the test that says how.
pub(super) fn under_load(
    world: &World,
    address: &str,
    (test, seed): (&str, u64),
    deed: impl FnOnce() -> Result<()>,
) -> Result<()> {
    let command = driver(test, &world.for_scenarios(address), seed);
    let mut driver = Driver::start(command)?;
    driver.wait_for_work(world.stop())?;
    deed()?;
    driver.tell(&[])?;
    driver.wait_for_judgement(world.stop())
}
