//! Dates as a person would say them.

use chrono::{Datelike, NaiveDate, NaiveTime};
use domain::{Basis, Due, Recurrence};

/// A due date seen from `today`: `today at 09:00`, `tomorrow`, `Friday at 18:30`, `Mon 14 Dec`, `1 Mar 2027`.
#[must_use]
pub fn due(due: &Due, today: NaiveDate) -> String {
    match due.time {
        Some(time) => format!("{} at {}", date(due.date, today), clock(time)),
        None => date(due.date, today),
    }
}

/// A date seen from `today`.
#[must_use]
pub fn date(date: NaiveDate, today: NaiveDate) -> String {
    match (date - today).num_days() {
        0 => "today".to_owned(),
        1 => "tomorrow".to_owned(),
        -1 => "yesterday".to_owned(),
        2..=6 => date.format("%A").to_string(),
        _ if date.year() == today.year() => date.format("%a %-d %b").to_string(),
        _ => date.format("%-d %b %Y").to_string(),
    }
}

/// A date with all that it takes to be sure of it: `Friday 4 December 2026`.
#[must_use]
pub fn full_date(date: NaiveDate) -> String {
    date.format("%A %-d %B %Y").to_string()
}

/// How a task comes again: `every Monday`, `every 3 days after it is done`.
#[must_use]
pub fn recurrence(recurrence: &Recurrence) -> String {
    let rule = recurrence.rule.describe();
    match recurrence.basis {
        Basis::Due => rule,
        Basis::Completion => format!("{rule} after it is done"),
    }
}

/// `HH:MM`.
#[must_use]
pub fn clock(time: NaiveTime) -> String {
    time.format("%H:%M").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recurrences_say_what_they_count_from() {
        let rule: domain::Rule = "FREQ=DAILY;INTERVAL=3".parse().expect("a rule");
        let said = |basis| {
            recurrence(&Recurrence {
                rule: rule.clone(),
                basis,
            })
        };
        assert_eq!(said(Basis::Due), "every 3 days");
        assert_eq!(said(Basis::Completion), "every 3 days after it is done");
    }

    #[test]
    fn dates_seen_from_a_tuesday() {
        let today = NaiveDate::from_ymd_opt(2026, 11, 24).expect("a date");
        let table = [
            ("2026-11-24", "today"),
            ("2026-11-25", "tomorrow"),
            ("2026-11-23", "yesterday"),
            ("2026-11-27", "Friday"),
            ("2026-11-30", "Monday"),
            ("2026-12-01", "Tue 1 Dec"),
            ("2026-11-20", "Fri 20 Nov"),
            ("2027-03-01", "1 Mar 2027"),
        ];
        for (day, expected) in table {
            assert_eq!(date(day.parse().expect("a date"), today), expected);
        }
    }
}
