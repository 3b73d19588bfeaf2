//! What a process used, as Linux counts it.

use std::time::Duration;

use anyhow::{Context, Result};

/// Clock ticks a second, as `/proc` counts: fixed on Linux.
const TICKS: u32 = 100;

/// The CPU time of a process so far, user and system.
pub(crate) fn cpu(process: u32) -> Result<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The name in brackets may have anything in it: fields are counted after it.
    let (_, fields) = stat.rsplit_once(") ").context("a line of /proc/…/stat")?;
    let mut fields = fields.split(' ').skip(11);
    let mut ticks = || -> Result<u32> { Ok(fields.next().context("a number of ticks")?.parse()?) };
    Ok(Duration::from_secs(1) * (ticks()? + ticks()?) / TICKS)
}

/// The memory of a process, in MiB: what is resident now, and at most so far.
pub(crate) fn memory(process: u32) -> Result<(f64, f64)> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let field = |name: &str| -> Result<f64> {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let kib = line.and_then(|line| line.split_whitespace().next());
        Ok(kib.with_context(|| format!("no {name}"))?.parse::<f64>()? / 1024.0)
    };
    Ok((field("VmRSS:")?, field("VmHWM:")?))
}
