//! What becomes of a due date.

use chrono::{Days, NaiveTime};
use domain::{Due, limits, zone};

use crate::{Context, NewDue};

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
    /// A date alone keeps the time. A time alone keeps the date, unless that is past: then it is today, or tomorrow
    /// when that time is past today.
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
            Self::Shift { days, time } => {
                let due = current.ok_or(NewDueError::NoDue)?;
                shift(due, days, time).map(Some)
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
    let zone = context.zone;
    let now = context.local();
    let time = time.or_else(|| current.and_then(|due| due.time));
    let kept = current
        .map(|due| due.date)
        .filter(|day| time.is_none_or(|time| day.and_time(time) > now));
    let next = || match time {
        Some(time) if now.date().and_time(time) <= now => now.date().succ_opt(),
        _ => Some(now.date()),
    };
    let date = date.or(kept).or_else(next).ok_or(NewDueError::TooFar)?;
    Ok(Due { date, time, zone })
}

fn shift(due: &Due, days: i64, stretch: chrono::Duration) -> Result<Due, NewDueError> {
    let count = Days::new(days.unsigned_abs());
    let date = if days < 0 {
        due.date.checked_sub_days(count)
    } else {
        due.date.checked_add_days(count)
    };
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
    let wall = zone::local(instant, due.zone);
    Ok(Due {
        date: wall.date(),
        time: Some(wall.time()),
        zone: due.zone,
    })
}
