//! When a completed task comes again.
//!
//! By dates and wall clock: the instant is only looked at to leave out what is already past.

use chrono::{DateTime, Duration, NaiveDate, Utc};
use domain::limits::{self, MAX_OCCURRENCE};
use domain::recurrence::{End, Frequency, Here, SimpleKind};
use domain::reminder::Reminder;
use domain::task::SeriesPlace;
use domain::{Basis, Due, ReminderRule, Rule, Task, zone};

/// What follows a completed occurrence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// It comes again.
    Again(Occurrence),
    /// The rule has come to its end.
    Ended,
}

/// The next occurrence of a series.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occurrence {
    /// Its number in the series, from 1.
    pub number: u32,
    /// When it is due.
    pub due: Due,
    /// How many dates of the rule were past already.
    pub skipped: u32,
}

/// What follows `task`, completed at `completed_at`; `None` when it does not recur.
#[must_use]
pub fn next(task: &Task, completed_at: DateTime<Utc>) -> Option<Next> {
    let (recurrence, due, place) = (task.recurrence.as_ref()?, task.due?, task.series?);
    let rule = recurrence.dated(&due).rule;
    let found = match recurrence.basis {
        Basis::Due => by_rule(&rule, due, place, completed_at),
        Basis::Completion => {
            let completed_on = zone::local(completed_at, due.zone).date();
            by_completion(&rule, due, place, completed_on)
        }
    };
    Some(found.map_or(Next::Ended, Next::Again))
}

/// The first date of the rule behind this one that is not past. Dates that were missed count, as RFC 5545 counts them.
fn by_rule(
    rule: &Rule,
    due: Due,
    place: SeriesPlace,
    completed_at: DateTime<Utc>,
) -> Option<Occurrence> {
    // A day before the one of completion, as an all-day task is not past on its day.
    let resume = zone::local(completed_at, due.zone).date().pred_opt()?;
    let here = Here {
        start: place.start,
        // Where people moved this one says nothing of the next.
        date: place.slot.unwrap_or(due.date),
        number: place.occurrence,
        resume,
    };
    let ahead = rule.next_not_past(here, |date| due.on(date).overdue_after() <= completed_at)?;
    Some(Occurrence {
        number: number(place, ahead.number)?,
        due: due.on(ahead.date),
        skipped: ahead.number - 1,
    })
}

/// The number of the occurrence that comes so many further on; `None` behind the last that there is.
fn number(place: SeriesPlace, further: u32) -> Option<u32> {
    let number = place.occurrence.checked_add(further)?;
    (number <= MAX_OCCURRENCE).then_some(number)
}

/// The first date of the rule behind the day of completion, counted from that day. The count goes by occurrences made.
fn by_completion(
    rule: &Rule,
    due: Due,
    place: SeriesPlace,
    completed_on: NaiveDate,
) -> Option<Occurrence> {
    let number = number(place, 1)?;
    let endless = Rule {
        end: End::Never,
        ..rule.clone()
    };
    let date = anchored(&endless, completed_on).next_after(completed_on, completed_on)?;
    let goes_on = match rule.end {
        End::Never => true,
        End::Count(count) => number <= count,
        End::Until(last) => date <= last.last_date(due.time, due.zone),
    };
    goes_on.then(|| Occurrence {
        number,
        due: due.on(date),
        skipped: 0,
    })
}

/// "Every month" from the 31st on means the last day of a shorter month, not that it is left out.
fn anchored(rule: &Rule, date: NaiveDate) -> Rule {
    let kind = match rule.frequency {
        Frequency::Monthly => SimpleKind::Monthly,
        Frequency::Yearly => SimpleKind::Yearly,
        Frequency::Daily | Frequency::Weekly => return rule.clone(),
    };
    if rule.simple_kind() != kind {
        return rule.clone();
    }
    Rule::from_simple(kind, rule.interval, End::Never, Some(date)).unwrap_or_else(|_| rule.clone())
}

/// The reminders of the next occurrence: those before the due date as they are, the fixed ones as many days later. One that
/// would come to an instant after the last that there is ([`limits`]) is left out.
#[must_use]
pub fn reminders(task: &Task, next: &Due) -> Vec<ReminderRule> {
    let days = task
        .due
        .map_or(Duration::zero(), |due| next.date - due.date);
    let moved = |reminder: &Reminder| match reminder.rule {
        ReminderRule::BeforeDue(minutes) => Some(ReminderRule::BeforeDue(minutes)),
        ReminderRule::At(at) => {
            let wall = zone::local(at, next.zone).checked_add_signed(days)?;
            let instant = zone::resolve(wall.date(), wall.time(), next.zone);
            Some(ReminderRule::At(instant))
        }
    };
    let is_instant = |rule: &ReminderRule| rule.instant(Some(next)).is_some_and(limits::is_instant);
    let rules = task.reminders.iter().filter_map(moved);
    rules.filter(is_instant).collect()
}
