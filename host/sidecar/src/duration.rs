//! Durations.

use std::time::Duration;

use anyhow::{Result, anyhow};

/// `5s`, `200ms`, `1m30s`, as Go writes durations.
pub(crate) fn duration(text: &str) -> Result<Duration> {
    let bad = || anyhow!("{text:?} is no duration such as 5s or 200ms");
    let mut total = Duration::ZERO;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .ok_or_else(bad)?;
        let unit_end = rest[digits..]
            .find(|c: char| c.is_ascii_digit())
            .map_or(rest.len(), |at| digits + at);
        let seconds = match &rest[digits..unit_end] {
            "ms" => 0.001,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            _ => return Err(bad()),
        };
        let number: f64 = rest[..digits].parse().map_err(|_| bad())?;
        total += Duration::try_from_secs_f64(number * seconds).map_err(|_| bad())?;
        rest = &rest[unit_end..];
    }
    if total.is_zero() {
        Err(bad())
    } else {
        Ok(total)
    }
}
