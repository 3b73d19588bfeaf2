//! The simple forms: daily, weekly, monthly, yearly, and the month ends that people mean.

use std::str::FromStr;

use chrono::{Datelike, NaiveDate};

use super::rule::{End, Frequency, Rule, RuleError, Until};

/// `recurrence_type` of the HTTP API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SimpleKind {
    /// Every n days.
    Daily,
    /// Every n weeks, on the start's weekday.
    Weekly,
    /// Every n months, on the start's day.
    Monthly,
    /// Every n years, on the start's date.
    Yearly,
    /// What only the rule itself can say.
    Custom,
}

/// A `recurrence_type` that is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be daily, weekly, monthly, yearly or custom, not {0:?}")]
pub struct UnknownKind(pub String);

impl SimpleKind {
    /// The name in the HTTP API.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Daily => "daily",
            Self::Weekly => "weekly",
            Self::Monthly => "monthly",
            Self::Yearly => "yearly",
            Self::Custom => "custom",
        }
    }
}

impl FromStr for SimpleKind {
    type Err = UnknownKind;

    fn from_str(text: &str) -> Result<Self, UnknownKind> {
        [
            Self::Daily,
            Self::Weekly,
            Self::Monthly,
            Self::Yearly,
            Self::Custom,
        ]
        .into_iter()
        .find(|kind| kind.name() == text)
        .ok_or_else(|| UnknownKind(text.to_owned()))
    }
}

impl Rule {
    /// The rule that the simple fields say, for a task that is first due on `anchor`.
    ///
    /// # Errors
    /// When the interval or the count is out of range, or the kind is custom.
    pub fn from_simple(
        kind: SimpleKind,
        interval: u16,
        end: End,
        anchor: Option<NaiveDate>,
    ) -> Result<Self, RuleError> {
        let plain = match (kind, anchor) {
            (SimpleKind::Daily, _) => Self::every(Frequency::Daily, interval)?,
            (SimpleKind::Weekly, _) => Self::every(Frequency::Weekly, interval)?,
            (SimpleKind::Monthly, None) => Self::every(Frequency::Monthly, interval)?,
            (SimpleKind::Monthly, Some(date)) => Self {
                interval: Self::every(Frequency::Monthly, interval)?.interval,
                ..Self::monthly_on_day(date.day() as u8)?
            },
            (SimpleKind::Yearly, None) => Self::every(Frequency::Yearly, interval)?,
            (SimpleKind::Yearly, Some(date)) => Self {
                interval: Self::every(Frequency::Yearly, interval)?.interval,
                ..Self::yearly_on(date.month() as u8, date.day() as u8)?
            },
            (SimpleKind::Custom, _) => {
                return Err(RuleError::Contradiction(
                    "recurrence_type custom needs rrule",
                ));
            }
        };
        // Read back from its own text, so that the limits of the end stand in one place.
        Self { end, ..plain }.to_string().parse()
    }

    /// The rule for a task that is due on `date`: "every month" says on which day of the month, so that the 31st means
    /// the last day of a shorter one. A rule that says more than its unit stays as it is.
    #[must_use]
    pub fn anchored(self, date: NaiveDate) -> Self {
        let kind = self.simple_kind();
        if !self.is_plain() || !matches!(kind, SimpleKind::Monthly | SimpleKind::Yearly) {
            return self;
        }
        Self::from_simple(kind, self.interval, self.end, Some(date)).unwrap_or(self)
    }

    /// Every month on `day`; in a shorter month on its last day.
    ///
    /// # Errors
    /// When `day` is not 1 to 31.
    pub fn monthly_on_day(day: u8) -> Result<Self, RuleError> {
        let mut rule = Self::every(Frequency::Monthly, 1)?;
        rule.clamp_to(day, 31)?;
        Ok(rule)
    }

    /// Every year on that date; 29 February is the 28th in a common year.
    ///
    /// # Errors
    /// When there is no such date in any year.
    pub fn yearly_on(month: u8, day: u8) -> Result<Self, RuleError> {
        let leap = NaiveDate::from_ymd_opt(2024, month.into(), 1);
        let length = leap.map_or(0, |first| first.num_days_in_month());
        let mut rule = Self::every(Frequency::Yearly, 1)?;
        rule.by_month = vec![month];
        rule.clamp_to(day, length)?;
        Ok(rule)
    }

    /// Says "on `day`, or on the last day before it" in RFC 5545's terms: the last of the 28th up to `day`.
    fn clamp_to(&mut self, day: u8, longest: u8) -> Result<(), RuleError> {
        if day == 0 || day > longest {
            return Err(RuleError::BadValue {
                part: "BYMONTHDAY",
                value: day.to_string(),
                allowed: "use a day that the month has",
            });
        }
        let can_be_missing = day > 28 && (self.by_month.is_empty() || self.by_month == [2]);
        if can_be_missing {
            self.by_month_day = (28..=day as i8).collect();
            self.by_set_pos = vec![-1];
        } else {
            self.by_month_day = vec![day as i8];
        }
        Ok(())
    }

    /// The day that a rule made by [`Self::monthly_on_day`] or [`Self::yearly_on`] is on, negative from the end.
    pub(super) fn single_month_day(&self) -> Option<i8> {
        if !self.by_day.is_empty() {
            return None;
        }
        match (self.by_month_day.as_slice(), self.by_set_pos.as_slice()) {
            ([day], []) => Some(*day),
            ([28, .., last], [-1]) if self.by_month_day.iter().copied().eq(28..=*last) => {
                Some(*last)
            }
            _ => None,
        }
    }

    /// Which of the simple kinds tells the same as this rule, apart from interval and end.
    #[must_use]
    pub fn simple_kind(&self) -> SimpleKind {
        let single_weekday = self.by_month.is_empty()
            && self.by_month_day.is_empty()
            && self.by_set_pos.is_empty()
            && self.by_day.len() == 1;
        let positive_day = self.single_month_day().is_some_and(|day| day > 0);
        if matches!(self.end, End::Until(Until::Local(_) | Until::Instant(_))) {
            return SimpleKind::Custom;
        }
        match self.frequency {
            Frequency::Daily if self.is_plain() => SimpleKind::Daily,
            Frequency::Weekly if self.is_plain() || single_weekday => SimpleKind::Weekly,
            Frequency::Monthly if self.is_plain() => SimpleKind::Monthly,
            Frequency::Monthly if self.by_month.is_empty() && positive_day => SimpleKind::Monthly,
            Frequency::Yearly if self.is_plain() => SimpleKind::Yearly,
            Frequency::Yearly if self.by_month.len() == 1 && positive_day => SimpleKind::Yearly,
            _ => SimpleKind::Custom,
        }
    }
}
