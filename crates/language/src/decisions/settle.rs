//! From what was said to when a task is due, how it comes again, and when it rings.

use chrono::{Days, NaiveDate, NaiveTime, Timelike};
use domain::task::MAX_REMINDERS;
use domain::{Basis, Due, Recurrence, ReminderRule, zone};

use crate::describe;
use crate::vocabulary::calendar;
use crate::vocabulary::context::Reading;
use crate::vocabulary::date::ParsedDate;
use crate::vocabulary::lexicon::{DAY_PART_HOURS, DayPart};
use crate::vocabulary::meaning::{Meaning, Piece};
use crate::vocabulary::recurrence::{ParsedEnd, ParsedRecurrence};
use crate::vocabulary::reminder::ParsedReminder;
use crate::vocabulary::time::{Beside, ParsedTime};

/// What the words about time come to.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Settled {
    pub(crate) due: Option<Due>,
    pub(crate) recurrence: Option<Recurrence>,
    pub(crate) reminders: Option<Vec<ReminderRule>>,
    pub(crate) notes: Vec<String>,
}

/// Settles `pieces`, of which at most one is a date, a time and a recurrence. `asks` says that the person wants to be
/// reminded, `usual` in which part of the day such a thing is.
pub(crate) fn settle(
    pieces: &[Piece],
    asks: bool,
    usual: Option<DayPart>,
    reading: &Reading,
) -> Settled {
    let mut said = ParsedPieces {
        usual,
        ..ParsedPieces::of(pieces)
    };
    let asks = said.take_due_from_reminder() || asks;
    let mut settled = Settled::default();
    said.settle_due(reading, &mut settled);
    said.settle_reminders(asks, reading, &mut settled);
    settled
}

/// What the pieces say, by kind.
#[derive(Debug, Default)]
struct ParsedPieces {
    date: Option<ParsedDate>,
    time: Option<ParsedTime>,
    recurrence: Option<ParsedRecurrence>,
    basis: Basis,
    until: Option<ParsedEnd>,
    reminders: Vec<ParsedReminder>,
    usual: Option<DayPart>,
}

impl ParsedPieces {
    fn of(pieces: &[Piece]) -> Self {
        let mut told = Self::default();
        for piece in pieces {
            match &piece.meaning {
                Meaning::Date(said) => told.date = Some(*said),
                Meaning::Time(said) => told.time = Some(*said),
                Meaning::Recurrence(said) => told.recurrence = Some(said.clone()),
                Meaning::Basis => told.basis = Basis::Completion,
                Meaning::End(until) => told.until = Some(*until),
                Meaning::Reminder(said) => told.reminders.push(said.clone()),
                // Left out of the recurrence before anything is settled.
                Meaning::Except(_)
                | Meaning::Label(_)
                | Meaning::List(_)
                | Meaning::Priority(_) => {}
            }
        }
        told
    }

    /// "Remind me at 8 to call": when nothing else says when, the task is due when it should ring.
    fn take_due_from_reminder(&mut self) -> bool {
        if self.date.is_some() || self.time.is_some() {
            return false;
        }
        let moment = self.reminders.iter().position(|said| match said {
            ParsedReminder::Before(_) | ParsedReminder::DaysBefore(..) => false,
            ParsedReminder::At { date, .. } => self.recurrence.is_none() || date.is_none(),
        });
        let Some(ParsedReminder::At { date, time }) = moment.map(|at| self.reminders.remove(at))
        else {
            return false;
        };
        (self.date, self.time) = (date, time);
        true
    }

    /// The time of day, as far as it is known before the day is.
    fn clock(&self) -> Option<NaiveTime> {
        match (self.date.and_then(|date| date.time), self.time, self.part()) {
            (Some(exact), ..) => Some(exact),
            (None, Some(time), part) => Some(match part.or(self.usual) {
                Some(part) => time.within(part),
                None => time.likely(),
            }),
            (None, None, part) => part.map(DayPart::time),
        }
    }

    /// The part of the day that was said.
    fn part(&self) -> Option<DayPart> {
        let of_recurrence = || self.recurrence.as_ref().and_then(|said| said.part);
        self.date.and_then(|date| date.part).or_else(of_recurrence)
    }

    /// The time, when its hour could be in either half of the day.
    fn open_time(&self) -> Option<ParsedTime> {
        let settled = self.part().or(self.usual).is_some();
        self.time.filter(|time| time.open && !settled)
    }

    fn only_a_part(&self) -> bool {
        self.time.is_none_or(|time| time.part) && self.date.is_none_or(|date| date.time.is_none())
    }

    fn settle_due(&self, reading: &Reading, settled: &mut Settled) {
        let clock = self.clock();
        let day = match (&self.recurrence, self.date) {
            (Some(said), _) => self.first_of(said, clock, reading, settled),
            (None, Some(date)) => Some(self.on_date(date, clock, reading, settled)),
            (None, None) => clock.and_then(|clock| self.next(clock, reading, settled)),
        };
        let Some((date, time)) = day else { return };
        let due = Due {
            date,
            time,
            zone: reading.zone(),
        };
        self.note_doubts(&due, &mut settled.notes);
        settled.due = Some(due);
    }

    /// Says what somebody could have meant otherwise.
    fn note_doubts(&self, due: &Due, notes: &mut Vec<String>) {
        if let Some(time) = due.time
            && !zone::exists(due.date, time, due.zone)
        {
            let rings = zone::local(due.reminder_instant(), due.zone).time();
            notes.push(format!(
                "The clocks go forward that day: there is no {}, so I take {}.",
                describe::clock(time),
                describe::clock(rings)
            ));
        }
        // People say "friday at midnight" of both its ends.
        let is_midnight =
            due.time == Some(NaiveTime::MIN) && self.time.is_some_and(|time| !time.part);
        if is_midnight && self.date.is_some_and(|said| said.date == due.date) {
            notes.push(format!(
                "I take that as 00:00, when {} begins.",
                describe::full_date(due.date)
            ));
        }
        if self.date.is_some_and(|said| said.doubtful) {
            notes.push(format!("I take that as {}.", describe::full_date(due.date)));
        }
        if let (Some(open), Some(time)) = (self.open_time(), due.time)
            && time != open.time
        {
            notes.push(format!("I take that as {}.", describe::clock(time)));
        }
        match self.time.and_then(|time| time.beside) {
            Some(Beside::End) => {
                notes.push("A task has no end, so I take the beginning.".to_owned())
            }
            Some(Beside::Another) => {
                notes.push(
                    "A task has one time, so I take the first; the other needs a task of its own."
                        .to_owned(),
                );
            }
            None => {}
        }
    }

    /// The first date of a recurrence that is still to come.
    fn first_of(
        &self,
        said: &ParsedRecurrence,
        clock: Option<NaiveTime>,
        reading: &Reading,
        settled: &mut Settled,
    ) -> Option<(NaiveDate, Option<NaiveTime>)> {
        let from = self.date.map_or(reading.today(), |date| date.date);
        let mut first = said.first(from)?;
        if first == reading.today() && clock.is_some_and(|clock| is_past(first, clock, reading)) {
            first = said.first(calendar::plus_days(first, 1)?)?;
        }
        let mut rule = said.rule(first, reading.week_start())?;
        match self.until.map(|until| until.end(first)) {
            Some(Some(end)) => rule.end = end,
            Some(None) => settled
                .notes
                .push("That would end before it begins, so I let it go on.".to_owned()),
            None => {}
        }
        settled.recurrence = Some(Recurrence {
            rule,
            basis: self.basis,
        });
        Some((first, clock))
    }

    /// The day that was said; another when its time is past already.
    fn on_date(
        &self,
        said: ParsedDate,
        clock: Option<NaiveTime>,
        reading: &Reading,
        settled: &mut Settled,
    ) -> (NaiveDate, Option<NaiveTime>) {
        if let Some(behind) = self.behind_midnight(said, clock, reading) {
            settled.notes.extend(clock.map(|clock| {
                let day = describe::date(behind, reading.today());
                format!("That night at {} is {day}.", describe::clock(clock))
            }));
            return (behind, clock);
        }
        let date = said.date;
        let Some(time) =
            clock.filter(|clock| date == reading.today() && is_past(date, *clock, reading))
        else {
            return (date, clock);
        };
        if said.time.is_some() {
            return (date, clock);
        }
        if self.only_a_part() {
            return (date, None);
        }
        if let Some(later) = self.later_today(reading) {
            return (date, Some(later));
        }
        match said.else_date {
            Some(other) => {
                settled.notes.push(past_note(time, other, reading));
                (other, clock)
            }
            None => (date, clock),
        }
    }

    /// "Friday night at 1" is on Saturday. Said in the night itself, "tonight at 2" is the same day.
    fn behind_midnight(
        &self,
        said: ParsedDate,
        clock: Option<NaiveTime>,
        reading: &Reading,
    ) -> Option<NaiveDate> {
        const MORNING: u32 = 5;
        let is_night =
            said.part.is_some_and(DayPart::is_night) && self.time.is_some_and(|time| !time.part);
        let clock = clock.filter(|clock| is_night && clock.hour() < MORNING)?;
        let goes_on = said.date == reading.today()
            && reading.now.hour() < MORNING
            && !is_past(said.date, clock, reading);
        (!goes_on)
            .then(|| calendar::plus_days(said.date, 1))
            .flatten()
    }

    /// The next time that the clock shows what was said.
    fn next(
        &self,
        clock: NaiveTime,
        reading: &Reading,
        settled: &mut Settled,
    ) -> Option<(NaiveDate, Option<NaiveTime>)> {
        let today = reading.today();
        if !is_past(today, clock, reading) {
            return Some((today, Some(clock)));
        }
        if let Some(later) = self.later_today(reading) {
            return Some((today, Some(later)));
        }
        let tomorrow = calendar::plus_days(today, 1)?;
        if !self.only_a_part() {
            settled.notes.push(past_note(clock, tomorrow, reading));
        }
        Some((tomorrow, Some(clock)))
    }

    /// "At 9", said at 10: the 9 that is still to come today.
    fn later_today(&self, reading: &Reading) -> Option<NaiveTime> {
        let other = self.open_time()?.unlikely()?;
        (!is_past(reading.today(), other, reading)).then_some(other)
    }

    fn settle_reminders(&self, asks: bool, reading: &Reading, settled: &mut Settled) {
        let mut rules: Vec<ReminderRule> = Vec::new();
        for said in &self.reminders {
            match (said, &mut settled.due) {
                (ParsedReminder::Before(minutes), Some(_)) => {
                    rules.extend(
                        minutes
                            .iter()
                            .map(|minutes| ReminderRule::BeforeDue(*minutes)),
                    );
                }
                (ParsedReminder::DaysBefore(days, time), Some(due)) => {
                    let day = due.date.checked_sub_days(Days::new((*days).into()));
                    let recurs = settled.recurrence.is_some();
                    rules.extend(day.and_then(|day| {
                        reminder_at(Some(ParsedDate::on(day)), Some(time.likely()), due, recurs)
                    }));
                }
                (ParsedReminder::At { date, time }, Some(due)) => {
                    let recurs = settled.recurrence.is_some();
                    let date = date.map(|date| before(date, due, reading));
                    let time = time
                        .map(|time| hour_before(time, date, due, reading))
                        .or(date.and_then(|date| date.time));
                    let had_a_time = due.time;
                    let rule = reminder_at(date, time, due, recurs);
                    let is_late = had_a_time.is_some_and(|due| time.is_some_and(|time| time > due));
                    if recurs && is_late && rule == Some(ReminderRule::BeforeDue(0)) {
                        settled.notes.push(
                            "What repeats can ring before it is due, not after, so I take its time."
                                .to_owned(),
                        );
                    }
                    rules.extend(rule);
                }
                (_, None) => {
                    settled.notes.push(
                        "I can remind you before it is due once I know when that is.".to_owned(),
                    );
                }
            }
        }
        // "In 1 minute" is in one minute, also when the due date is one to the minute.
        let exact = self.date.and_then(|date| date.exact).filter(|exact| {
            let due = settled.due.as_ref().map(Due::reminder_instant);
            settled.recurrence.is_none() && due.is_some_and(|due| due != *exact)
        });
        if rules.is_empty() {
            rules.extend(exact.map(ReminderRule::At));
        }
        if rules.is_empty()
            && asks
            && let Some(due) = &settled.due
        {
            rules.extend(at_due(due, reading, &mut settled.notes));
        }
        rules.truncate(MAX_REMINDERS);
        settled.reminders = (!rules.is_empty()).then_some(rules);
    }
}

/// The day of a reminder: "on tuesday" for what is due on Wednesday is the one before, which may be today.
fn before(said: ParsedDate, due: &Due, reading: &Reading) -> ParsedDate {
    let week = Days::new(7);
    let is_weekday = said.else_date.is_some() && said.else_date == said.date.checked_add_days(week);
    let earlier = said.date.checked_sub_days(week);
    let earlier =
        earlier.filter(|earlier| is_weekday && said.date > due.date && *earlier >= reading.today());
    earlier.map_or(said, |date| ParsedDate { date, ..said })
}

/// The time of a reminder whose half of the day was not said: the last one before the task is due that is still to come.
fn hour_before(
    said: ParsedTime,
    date: Option<ParsedDate>,
    due: &Due,
    reading: &Reading,
) -> NaiveTime {
    let likely = said.likely();
    let day = date.map_or(due.date, |date| date.date);
    let fits = |time: &NaiveTime| {
        let is_before = due
            .time
            .is_none_or(|due_time| day < due.date || *time <= due_time);
        is_before && !is_past(day, *time, reading)
    };
    match said.unlikely() {
        Some(other) if fits(&other) && !fits(&likely) => other,
        // "At 9pm, remind me at 8": an hour before, rather than thirteen.
        Some(other) if fits(&other) && date.is_none() && other > likely && due.time.is_some() => {
            other
        }
        _ => likely,
    }
}

/// The reminder for a moment of its own. A recurring task needs one that moves along with it.
fn reminder_at(
    date: Option<ParsedDate>,
    time: Option<NaiveTime>,
    due: &mut Due,
    recurs: bool,
) -> Option<ReminderRule> {
    let day = date.map_or(due.date, |date| date.date);
    let part = date.and_then(|date| date.part).map(|part| part.time());
    let at = Due {
        date: day,
        time: time.or(part),
        zone: due.zone,
    }
    .reminder_instant();
    if !recurs {
        return Some(ReminderRule::At(at));
    }
    let before = (due.reminder_instant() - at).num_minutes();
    match u32::try_from(before) {
        Ok(minutes) => Some(ReminderRule::BeforeDue(minutes))
            .filter(|_| minutes <= domain::reminder::MAX_MINUTES_BEFORE),
        // Later than an all-day task would ring: then that is its time.
        Err(_) => {
            due.time = due.time.or(time);
            Some(ReminderRule::BeforeDue(0))
        }
    }
}

/// The reminder of somebody who asked for one without saying when.
fn at_due(due: &Due, reading: &Reading, notes: &mut Vec<String>) -> Option<ReminderRule> {
    if due.time.is_some() || due.reminder_instant() > reading.context.now {
        return Some(ReminderRule::BeforeDue(0));
    }
    // "Remind me today", said after the hour at which all-day tasks ring: at the next part of the day.
    let time = DAY_PART_HOURS
        .iter()
        .filter_map(|hour| NaiveTime::from_hms_opt(*hour, 0, 0))
        .find(|time| due.date == reading.today() && !is_past(due.date, *time, reading))?;
    notes.push(format!("I'll remind you at {}.", describe::clock(time)));
    Some(ReminderRule::At(zone::resolve(due.date, time, due.zone)))
}

fn is_past(date: NaiveDate, time: NaiveTime, reading: &Reading) -> bool {
    zone::resolve(date, time, reading.zone()) <= reading.context.now
}

fn past_note(time: NaiveTime, other: NaiveDate, reading: &Reading) -> String {
    format!(
        "{} today is past, so I take {}.",
        describe::clock(time),
        describe::date(other, reading.today())
    )
}
