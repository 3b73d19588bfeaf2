//! The phrases of `matchers/day`.

use crate::vocabulary::date::{Lead, NamedDay};

/// What leads to a date, and what it says of it.
pub(crate) const LEADS: &[(&str, Lead)] = &[
    ("on", Lead::Plain),
    ("by", Lead::Plain),
    ("due", Lead::Plain),
    ("due on", Lead::Plain),
    ("due by", Lead::Plain),
    ("before", Lead::Plain),
    ("due before", Lead::Plain),
    ("no later than", Lead::Plain),
    ("not later than", Lead::Plain),
    ("@", Lead::Plain),
    ("for", Lead::For),
    ("from", Lead::Start),
    ("starting", Lead::Start),
    ("starting on", Lead::Start),
    ("starting from", Lead::Start),
    ("start", Lead::Start),
    ("beginning", Lead::Start),
    ("beginning on", Lead::Start),
    ("as of", Lead::Start),
    ("and start", Lead::Start),
    ("first thing", Lead::Plain),
    ("first thing on", Lead::Plain),
    ("sometime", Lead::Plain),
    ("sometime on", Lead::Plain),
];

/// Days by their names.
pub(crate) const DAYS: &[(&str, NamedDay)] = &[
    ("today", NamedDay::Today),
    ("2day", NamedDay::Today),
    ("this day", NamedDay::Today),
    ("later today", NamedDay::Today),
    ("tonight", NamedDay::Tonight),
    ("tonite", NamedDay::Tonight),
    ("later tonight", NamedDay::Tonight),
    ("this morning", NamedDay::ThisMorning),
    ("today morning", NamedDay::ThisMorning),
    ("this afternoon", NamedDay::ThisAfternoon),
    ("this evening", NamedDay::ThisEvening),
    ("tomorrow", NamedDay::Tomorrow),
    ("tmr", NamedDay::Tomorrow),
    ("tmrw", NamedDay::Tomorrow),
    ("tomorow", NamedDay::Tomorrow),
    ("tommorow", NamedDay::Tomorrow),
    ("tommorrow", NamedDay::Tomorrow),
    ("tomorrrow", NamedDay::Tomorrow),
    ("tmw", NamedDay::Tomorrow),
    ("2moro", NamedDay::Tomorrow),
    ("2morrow", NamedDay::Tomorrow),
    ("the day after tomorrow", NamedDay::DayAfterTomorrow),
    ("day after tomorrow", NamedDay::DayAfterTomorrow),
    ("overmorrow", NamedDay::DayAfterTomorrow),
    ("this week", NamedDay::EndOfWeek),
    ("end of the week", NamedDay::EndOfWeek),
    ("end of week", NamedDay::EndOfWeek),
    ("the end of the week", NamedDay::EndOfWeek),
    ("eow", NamedDay::EndOfWeek),
    ("next week", NamedDay::NextWeek),
    ("the week after next", NamedDay::WeekAfterNext),
    ("this weekend", NamedDay::Weekend),
    ("the weekend", NamedDay::Weekend),
    ("at the weekend", NamedDay::Weekend),
    ("over the weekend", NamedDay::Weekend),
    ("next weekend", NamedDay::NextWeekend),
    ("next month", NamedDay::StartOfNextMonth),
    ("the first of next month", NamedDay::StartOfNextMonth),
    ("first of next month", NamedDay::StartOfNextMonth),
    ("the 1st of next month", NamedDay::StartOfNextMonth),
    ("1st of next month", NamedDay::StartOfNextMonth),
    ("start of next month", NamedDay::StartOfNextMonth),
    ("the beginning of next month", NamedDay::StartOfNextMonth),
    ("beginning of next month", NamedDay::StartOfNextMonth),
    ("end of month", NamedDay::EndOfMonth),
    ("end of the month", NamedDay::EndOfMonth),
    ("the end of the month", NamedDay::EndOfMonth),
    ("the end of month", NamedDay::EndOfMonth),
    ("month end", NamedDay::EndOfMonth),
    ("eom", NamedDay::EndOfMonth),
    ("the end of this month", NamedDay::EndOfMonth),
    ("this month", NamedDay::EndOfMonth),
    ("end of next month", NamedDay::EndOfNextMonth),
    ("the end of next month", NamedDay::EndOfNextMonth),
    ("next year", NamedDay::NextYear),
    ("end of the year", NamedDay::EndOfYear),
    ("end of year", NamedDay::EndOfYear),
    ("the end of the year", NamedDay::EndOfYear),
    ("eoy", NamedDay::EndOfYear),
    ("end of quarter", NamedDay::EndOfQuarter),
    ("end of the quarter", NamedDay::EndOfQuarter),
    ("the end of the quarter", NamedDay::EndOfQuarter),
    ("this quarter", NamedDay::EndOfQuarter),
    ("next quarter", NamedDay::NextQuarter),
];

/// What stands before a day that is spoken of rather than meant: "about June 3rd".
pub(crate) const SPEAKING_OF: &[&str] = &["about", "regarding", "of", "than"];

/// What leads to an amount of time that counts from now: "in 3 days".
pub(crate) const AHEAD_LEADS: &[&str] = &[
    "in",
    "in about",
    "in around",
    "in the next",
    "within",
    "within the next",
    "within about",
];

/// What stands before a period that is none to count from: "3 times a week on monday".
pub(crate) const TIMES_A: &[&str] = &["twice", "thrice", "times", "once", "per"];

/// What stands between an amount of time and the day from which it counts: "a week from monday".
pub(crate) const FROM_A_DAY: &[&str] = &["from", "on", "after", "from next"];

/// What says of a weekday which one it is. Of "next" it is that of next week, of the others the one to come.
pub(crate) const WEEKDAY_LEADS: &[&str] = &[
    "this",
    "next",
    "this coming",
    "coming",
    "the coming",
    "following",
    "the following",
    "this next",
    "next week",
    "next week on",
];

/// What makes a name of the weekday behind it: "Black Friday".
pub(crate) const NAMES_WITH_A_DAY: &[&str] = &[
    "black", "good", "cyber", "easter", "palm", "ash", "super", "bowl", "giving", "taco", "freaky",
];
