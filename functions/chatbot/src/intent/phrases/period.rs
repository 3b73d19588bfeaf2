//! The phrases of `readers/period`.

use crate::intent::vocabulary::NamedPeriod;

/// Stretches of due dates by their names.
pub(crate) const PERIODS: &[(&str, NamedPeriod)] = &[
    ("today", NamedPeriod::Today),
    ("today's", NamedPeriod::Today),
    ("tonight", NamedPeriod::Today),
    ("this morning", NamedPeriod::Today),
    ("this afternoon", NamedPeriod::Today),
    ("this evening", NamedPeriod::Today),
    ("my day", NamedPeriod::Today),
    ("overdue", NamedPeriod::Overdue),
    ("late", NamedPeriod::Overdue),
    ("past due", NamedPeriod::Overdue),
    ("overdue ones", NamedPeriod::Overdue),
    ("missed", NamedPeriod::Overdue),
    ("behind schedule", NamedPeriod::Overdue),
    ("this week", NamedPeriod::ThisWeek),
    ("this week's", NamedPeriod::ThisWeek),
    ("the week", NamedPeriod::ThisWeek),
    ("the rest of the week", NamedPeriod::ThisWeek),
    ("my week", NamedPeriod::ThisWeek),
    ("tomorrow's", NamedPeriod::Tomorrow),
    ("tomorrow morning", NamedPeriod::Tomorrow),
    ("tomorrow evening", NamedPeriod::Tomorrow),
    ("yesterday", NamedPeriod::Yesterday),
    ("yesterday's", NamedPeriod::Yesterday),
    ("this weekend", NamedPeriod::Weekend),
    ("the weekend", NamedPeriod::Weekend),
    ("at the weekend", NamedPeriod::Weekend),
    ("on the weekend", NamedPeriod::Weekend),
    ("weekend", NamedPeriod::Weekend),
    ("next week", NamedPeriod::NextWeek),
    ("next week's", NamedPeriod::NextWeek),
    ("this month", NamedPeriod::ThisMonth),
    ("this month's", NamedPeriod::ThisMonth),
    ("next month", NamedPeriod::NextMonth),
    ("next month's", NamedPeriod::NextMonth),
    ("this year", NamedPeriod::ThisYear),
    ("without a date", NamedPeriod::NoDue),
    ("without date", NamedPeriod::NoDue),
    ("without a due date", NamedPeriod::NoDue),
    ("without due date", NamedPeriod::NoDue),
    ("with no date", NamedPeriod::NoDue),
    ("with no due date", NamedPeriod::NoDue),
    ("no date", NamedPeriod::NoDue),
    ("no due date", NamedPeriod::NoDue),
    ("undated", NamedPeriod::NoDue),
    ("unscheduled", NamedPeriod::NoDue),
    ("that have no date", NamedPeriod::NoDue),
    ("not scheduled", NamedPeriod::NoDue),
];

/// What may stand before a stretch of due dates.
pub(crate) const LEADS: &[&str] = &["due", "for", "on", "by", "due on", "due by", "due in", "in"];

/// What stands before a number of days or weeks: "the next 3 days".
pub(crate) const NEXT: &[&str] = &["the next", "next", "over the next", "within the next"];
