//! When a cron fires.

use std::time::Duration;

use croner::Cron;
use croner::parser::{CronParser, Seconds};

use crate::duration::duration;

/// When a cron fires.
#[derive(Debug, Clone)]
pub(crate) enum Schedule {
    /// After each such time.
    Every(Duration),
    /// At these times of the wall clock.
    Cron(Box<Cron>),
}

impl Schedule {
    /// Reads `@every 1m30s`, `@daily`, or a cron of five or six fields.
    ///
    /// # Errors
    /// A sentence that says what is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let wrong = |reason: &dyn std::fmt::Display| {
            format!("the schedule {text:?} can't be read: {reason}")
        };
        if let Some(interval) = text.strip_prefix("@every ") {
            let interval = duration(interval.trim());
            return interval.map(Self::Every).map_err(|error| wrong(&error));
        }
        let parser = CronParser::builder().seconds(Seconds::Optional).build();
        parser
            .parse(text)
            .map(|cron| Self::Cron(Box::new(cron)))
            .map_err(|error| wrong(&error))
    }
}

#[cfg(test)]
mod tests {
    use chrono::Utc;

    use super::*;

    /// A schedule, an instant, and the next one after it.
    #[test]
    fn schedules() {
        let table = [
            (
                "*/5 * * * *",
                "2031-03-01T10:02:30Z",
                "2031-03-01T10:05:00Z",
            ),
            (
                "30 * * * * *",
                "2031-03-01T10:02:30Z",
                "2031-03-01T10:03:30Z",
            ),
            (
                "0 0 9 * * MON",
                "2031-03-01T10:00:00Z",
                "2031-03-03T09:00:00Z",
            ),
            ("@daily", "2031-02-28T10:00:00Z", "2031-03-01T00:00:00Z"),
            ("@hourly", "2031-02-28T10:00:00Z", "2031-02-28T11:00:00Z"),
            ("0 0 29 2 *", "2031-03-01T00:00:00Z", "2032-02-29T00:00:00Z"),
        ];
        for (text, now, expected) in table {
            let Ok(Schedule::Cron(cron)) = Schedule::parse(text) else {
                panic!("{text} is not taken");
            };
            let now: chrono::DateTime<Utc> = now.parse().expect(now);
            let next = cron.find_next_occurrence(&now, false).expect(text);
            assert_eq!(
                next,
                expected.parse::<chrono::DateTime<Utc>>().expect(expected),
                "{text}"
            );
        }
        let every = Schedule::parse("@every 1m30s");
        assert!(matches!(every, Ok(Schedule::Every(interval)) if interval.as_secs() == 90));
        for bad in [
            "",
            "now and then",
            "@every",
            "@every soon",
            "@every 0s",
            "99 * * * *",
            "* * * * * * * *",
        ] {
            assert!(Schedule::parse(bad).is_err(), "{bad}");
        }
    }
}
