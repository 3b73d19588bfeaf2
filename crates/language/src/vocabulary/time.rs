//! What a matcher returns for a time of day.

use chrono::{NaiveTime, Timelike};

use super::lexicon::DayPart;

/// A time of day as it was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParsedTime {
    /// What the clock shows.
    pub time: NaiveTime,
    /// Whether the hour was said without saying which half of the day; `time` then has the morning's.
    pub open: bool,
    /// Whether only a part of the day was said, of which `time` is a fair guess.
    pub part: bool,
    /// What was said of another time beside it.
    pub beside: Option<Beside>,
}

/// Another time beside the one that a task can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beside {
    /// "10am to 11am": when it is over.
    End,
    /// "8am and 8pm": when it is to be done, too.
    Another,
}

impl ParsedTime {
    /// A time whose half of the day is known.
    pub fn sure(hour: u32, minute: u32) -> Option<Self> {
        let time = NaiveTime::from_hms_opt(hour, minute, 0)?;
        Some(Self {
            time,
            open: false,
            part: false,
            beside: None,
        })
    }

    /// A time as a clock of twelve hours shows it, whose half of the day was not said.
    pub fn open(hour: u32, minute: u32) -> Option<Self> {
        // Twelve is noon unless it is said to be at night.
        let open = (1..=12).contains(&hour);
        Some(Self {
            open,
            ..Self::sure(hour, minute)?
        })
    }

    /// The time that is most likely meant: from 1 to 6 the afternoon, from 7 to 11 the morning.
    pub fn likely(self) -> NaiveTime {
        if self.open && self.time.hour() < 7 {
            self.other_half()
        } else {
            self.time
        }
    }

    /// The same reading of the clock in the half of the day that is not the likely one.
    pub fn unlikely(self) -> Option<NaiveTime> {
        let other = if self.likely() == self.time {
            self.other_half()
        } else {
            self.time
        };
        self.open.then_some(other)
    }

    /// The time, known to be in a part of the day.
    pub fn within(self, part: DayPart) -> NaiveTime {
        match (self.open, self.time.hour()) {
            (false, _) => self.time,
            // A night goes on behind midnight: "tonight at 1".
            (true, 1..=4) if part.is_night() => self.time,
            (true, 12) if part.is_night() => self.other_half(),
            (true, 12) => self.time,
            (true, _) if part.after_noon => self.other_half(),
            (true, _) => self.time,
        }
    }

    /// A part of the day, for which its usual hour stands.
    pub fn of_part(part: DayPart) -> Self {
        Self {
            time: part.time(),
            open: false,
            part: true,
            beside: None,
        }
    }

    /// The same in that part of the day.
    pub fn of(self, part: DayPart) -> Self {
        Self {
            time: self.within(part),
            open: false,
            ..self
        }
    }

    /// Twelve hours later or earlier on the same day.
    #[must_use]
    pub fn other_half(self) -> NaiveTime {
        self.time
            .with_hour((self.time.hour() + 12) % 24)
            .unwrap_or(self.time)
    }
}
