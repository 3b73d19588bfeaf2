//! What becomes of a due date.

use chrono::{Days, Duration, Months, NaiveTime, Timelike};
use domain::{Due, limits, zone};
use language::Context;

use crate::intent::vocabulary::NewDue;

/// Why a due date can't become what was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NewDueError {
    /// "Push it back" of a task that has no due date.
    #[error("has no due date to move from")]
    NoDue,
    /// Beyond the calendar.
    #[error("is too far away")]
    TooFar,
}

impl NewDue {
    /// The due date that comes of it; `None` when the task has none any more.
    ///
    /// A date alone keeps the time, and whose clocks show it. A time is one of the speaker's clocks; alone it keeps the date on
    /// which the speaker sees the task, unless that is past: then it is today, or tomorrow when that time is past today.
    ///
    /// # Errors
    /// [`NewDueError`]
    pub fn apply(
        self,
        current: Option<&Due>,
        context: &Context,
    ) -> Result<Option<Due>, NewDueError> {
        match self {
            Self::Never => Ok(None),
            Self::At { date, time } => at(date, time, current, context).map(Some),
            Self::Shift { months, days, time } => {
                let due = current.ok_or(NewDueError::NoDue)?;
                shift(due, months, days, time).map(Some)
            }
        }
    }
}

fn at(
    date: Option<chrono::NaiveDate>,
    time: Option<NaiveTime>,
    current: Option<&Due>,
    context: &Context,
) -> Result<Due, NewDueError> {
    let now = context.local();
    let Some(time) = time else {
        let kept = current.copied().unwrap_or(Due {
            date: now.date(),
            time: None,
            zone: context.zone,
        });
        return Ok(date.map_or(kept, |date| kept.on(date)));
    };
    let seen = current.map(|due| match due.time {
        Some(_) => zone::local(due.reminder_instant(), context.zone).date(),
        None => due.date,
    });
    let kept = seen.filter(|day| day.and_time(time) > now);
    let next = || match now.date().and_time(time) <= now {
        true => now.date().succ_opt(),
        false => Some(now.date()),
    };
    Ok(Due {
        date: date.or(kept).or_else(next).ok_or(NewDueError::TooFar)?,
        time: Some(time),
        zone: context.zone,
    })
}

fn shift(due: &Due, months: i32, days: i64, stretch: Duration) -> Result<Due, NewDueError> {
    let month = Months::new(months.unsigned_abs());
    let count = Days::new(days.unsigned_abs());
    let there = match months < 0 {
        true => due.date.checked_sub_months(month),
        false => due.date.checked_add_months(month),
    };
    let date = there.and_then(|there| match days < 0 {
        true => there.checked_sub_days(count),
        false => there.checked_add_days(count),
    });
    let moved = due.on(date.ok_or(NewDueError::TooFar)?);
    if stretch.is_zero() {
        return Ok(moved);
    }
    // An all-day task counts from the hour at which it rings, as its reminders do.
    let instant = moved
        .reminder_instant()
        .checked_add_signed(stretch)
        .filter(|instant| limits::is_instant(*instant))
        .ok_or(NewDueError::TooFar)?;
    // A due date is one to the minute: not before the time that was asked for.
    let wall = zone::local(instant, due.zone) + Duration::seconds(59);
    let wall = wall.with_second(0).unwrap_or(wall);
    Ok(Due {
        date: wall.date(),
        time: Some(wall.time()),
        zone: due.zone,
    })
}
