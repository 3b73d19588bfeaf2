//! What was measured, as a table.

use std::fmt;
use std::time::Duration;

/// The rows so far.
#[derive(Debug, Default)]
pub(crate) struct Report {
    rows: Vec<[String; 4]>,
}

impl Report {
    /// Adds what was measured by `measure`, and what stands beside it.
    pub(crate) fn row(
        &mut self,
        measure: &str,
        what: impl Into<String>,
        measured: impl Into<String>,
        beside: impl Into<String>,
    ) {
        let row = [
            measure.to_owned(),
            what.into(),
            measured.into(),
            beside.into(),
        ];
        eprintln!("  {}: {} ({})", row[1], row[2], row[3]);
        self.rows.push(row);
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| by | what | measured | beside it, in the same run |")?;
        writeln!(f, "|---|---|---|---|")?;
        for [measure, what, measured, beside] in &self.rows {
            writeln!(f, "| `{measure}` | {what} | {measured} | {beside} |")?;
        }
        Ok(())
    }
}

/// A time with three digits, in the unit that fits.
pub(crate) fn time(duration: Duration) -> String {
    let micros = duration.as_secs_f64() * 1e6;
    let (value, unit) = match micros {
        ..1e3 => (micros, "µs"),
        ..1e6 => (micros / 1e3, "ms"),
        _ => (micros / 1e6, "s"),
    };
    match value {
        ..10.0 => format!("{value:.2} {unit}"),
        ..100.0 => format!("{value:.1} {unit}"),
        _ => format!("{value:.0} {unit}"),
    }
}

/// How often `one` fits into `other`.
pub(crate) fn ratio(other: f64, one: f64) -> String {
    format!("{:.2} ×", other / one.max(f64::MIN_POSITIVE))
}

/// Times that were taken, in order.
#[derive(Debug, Default)]
pub(crate) struct Times(Vec<Duration>);

impl Times {
    /// Puts them in order.
    pub(crate) fn new(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self(times)
    }

    /// The time that this part of them, of 1, did not exceed; nothing of nothing is zero.
    pub(crate) fn quantile(&self, part: f64) -> Duration {
        let last = self.0.len().saturating_sub(1);
        // Never more than the number of times.
        let at = (last as f64 * part).round() as usize;
        self.0.get(at).copied().unwrap_or_default()
    }

    /// The one in the middle.
    pub(crate) fn median(&self) -> Duration {
        self.quantile(0.5)
    }

    /// `p50 …, p99 …`
    pub(crate) fn summary(&self) -> String {
        let (p50, p99) = (self.median(), self.quantile(0.99));
        format!("p50 {}, p99 {}", time(p50), time(p99))
    }
}
