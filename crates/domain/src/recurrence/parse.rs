//! A rule as text: RFC 5545 section 3.3.10, in and out.

use std::fmt;
use std::str::FromStr;

use chrono::{NaiveDate, NaiveTime, Weekday};

use super::rule::{
    End, Frequency, INTERVAL_ALLOWED, MAX_COUNT, MAX_INTERVAL, MAX_RULE_BYTES, Rule, RuleError,
    Until, WeekdayNum,
};

const UNSUPPORTED: [&str; 5] = ["BYSECOND", "BYMINUTE", "BYHOUR", "BYYEARDAY", "BYWEEKNO"];

impl FromStr for Rule {
    type Err = RuleError;

    /// Reads a rule in any case, with or without the `RRULE:` in front.
    fn from_str(text: &str) -> Result<Self, RuleError> {
        if text.len() > MAX_RULE_BYTES {
            return Err(RuleError::TooLong);
        }
        let upper = text.trim().to_ascii_uppercase();
        let body = upper.strip_prefix("RRULE:").unwrap_or(&upper);
        let parts = Parts::split(body)?;
        let rule = parts.rule()?;
        check(&rule)?;
        Ok(rule)
    }
}

/// The parts by name, each at most once.
struct Parts<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Parts<'a> {
    fn split(body: &'a str) -> Result<Self, RuleError> {
        let mut parts: Vec<(&str, &str)> = Vec::new();
        for part in body.split(';').filter(|part| !part.is_empty()) {
            let (name, value) = part
                .split_once('=')
                .ok_or_else(|| RuleError::NotAPart(part.to_owned()))?;
            if UNSUPPORTED.contains(&name) {
                return Err(RuleError::Unsupported(name.to_owned()));
            }
            if parts.iter().any(|(other, _)| *other == name) {
                return Err(RuleError::Twice(name.to_owned()));
            }
            parts.push((name, value));
        }
        Ok(Self(parts))
    }

    fn rule(self) -> Result<Rule, RuleError> {
        let frequency = match self.0.iter().find(|(name, _)| *name == "FREQ") {
            Some((_, value)) => frequency(value)?,
            None => return Err(RuleError::NoFrequency),
        };
        let mut rule = Rule::every(frequency, 1)?;
        for (name, value) in self.0 {
            match name {
                "FREQ" => {}
                "INTERVAL" => rule.interval = interval(value)?,
                "COUNT" | "UNTIL" if rule.end != End::Never => {
                    return Err(RuleError::Contradiction(
                        "COUNT and UNTIL exclude each other",
                    ));
                }
                "COUNT" => rule.end = End::Count(count(value)?),
                "UNTIL" => rule.end = End::Until(until(value)?),
                "WKST" => rule.week_start = week_start(value)?,
                "BYMONTH" => rule.by_month = list(value, by_month)?,
                "BYMONTHDAY" => rule.by_month_day = list(value, by_month_day)?,
                "BYDAY" => rule.by_day = list(value, by_day)?,
                "BYSETPOS" => rule.by_set_pos = list(value, by_set_pos)?,
                _ => return Err(RuleError::UnknownPart(name.to_owned())),
            }
        }
        Ok(rule)
    }
}

/// What RFC 5545 says of parts that exclude each other.
fn check(rule: &Rule) -> Result<(), RuleError> {
    let has_ordinals = rule.by_day.iter().any(|day| day.ordinal != 0);
    if has_ordinals && matches!(rule.frequency, Frequency::Daily | Frequency::Weekly) {
        return Err(RuleError::Contradiction(
            "BYDAY with a number, such as 2MO, needs FREQ=MONTHLY or FREQ=YEARLY",
        ));
    }
    if !rule.by_month_day.is_empty() && rule.frequency == Frequency::Weekly {
        return Err(RuleError::Contradiction(
            "BYMONTHDAY does not go with FREQ=WEEKLY",
        ));
    }
    let has_others =
        !(rule.by_month.is_empty() && rule.by_month_day.is_empty() && rule.by_day.is_empty());
    if !rule.by_set_pos.is_empty() && !has_others {
        return Err(RuleError::Contradiction(
            "BYSETPOS needs BYMONTH, BYMONTHDAY or BYDAY to choose from",
        ));
    }
    Ok(())
}

fn bad(part: &'static str, value: &str, allowed: &'static str) -> RuleError {
    RuleError::BadValue {
        part,
        value: value.to_owned(),
        allowed,
    }
}

fn frequency(value: &str) -> Result<Frequency, RuleError> {
    match value {
        "DAILY" => Ok(Frequency::Daily),
        "WEEKLY" => Ok(Frequency::Weekly),
        "MONTHLY" => Ok(Frequency::Monthly),
        "YEARLY" => Ok(Frequency::Yearly),
        _ => Err(RuleError::BadFrequency(value.to_owned())),
    }
}

fn interval(value: &str) -> Result<u16, RuleError> {
    match value.parse() {
        Ok(interval @ 1..=MAX_INTERVAL) => Ok(interval),
        _ => Err(bad("INTERVAL", value, INTERVAL_ALLOWED)),
    }
}

fn count(value: &str) -> Result<u32, RuleError> {
    match value.parse() {
        Ok(count @ 1..=MAX_COUNT) => Ok(count),
        _ => Err(bad("COUNT", value, "use a whole number from 1 to 10000")),
    }
}

fn until(value: &str) -> Result<Until, RuleError> {
    let allowed = "use a date such as 20261231, or a moment such as 20261231T225959Z";
    let read = || {
        let (date, time) = value
            .split_once('T')
            .map_or((value, None), |(date, time)| (date, Some(time)));
        let date =
            digits(date, 8).and_then(|date| NaiveDate::parse_from_str(date, "%Y%m%d").ok())?;
        let Some(time) = time else {
            return Some(Until::Date(date));
        };
        let (time, is_instant) = time
            .strip_suffix('Z')
            .map_or((time, false), |time| (time, true));
        let time = digits(time, 6)?;
        let part = |at: usize| time[at..at + 2].parse::<u32>().ok();
        // There may be a second 60 (RFC 5545 section 3.3.12); the last one before it is as good.
        let time = NaiveTime::from_hms_opt(part(0)?, part(2)?, part(4)?.min(59))?;
        let at = date.and_time(time);
        Some(match is_instant {
            true => Until::Instant(at.and_utc()),
            false => Until::Local(at),
        })
    };
    read().ok_or_else(|| bad("UNTIL", value, allowed))
}

fn digits(text: &str, length: usize) -> Option<&str> {
    let are_digits = text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
    are_digits.then_some(text)
}

fn week_start(value: &str) -> Result<Weekday, RuleError> {
    weekday(value).ok_or_else(|| bad("WKST", value, "use MO, TU, WE, TH, FR, SA or SU"))
}

fn weekday(value: &str) -> Option<Weekday> {
    Some(match value {
        "MO" => Weekday::Mon,
        "TU" => Weekday::Tue,
        "WE" => Weekday::Wed,
        "TH" => Weekday::Thu,
        "FR" => Weekday::Fri,
        "SA" => Weekday::Sat,
        "SU" => Weekday::Sun,
        _ => return None,
    })
}

fn list<T: PartialEq + Ord>(
    value: &str,
    parse: impl Fn(&str) -> Result<T, RuleError>,
) -> Result<Vec<T>, RuleError> {
    let mut items = value.split(',').map(parse).collect::<Result<Vec<T>, _>>()?;
    items.sort();
    items.dedup();
    Ok(items)
}

fn by_month(value: &str) -> Result<u8, RuleError> {
    match value.parse() {
        Ok(month @ 1..=12) => Ok(month),
        _ => Err(bad("BYMONTH", value, "use 1 to 12")),
    }
}

fn by_month_day(value: &str) -> Result<i8, RuleError> {
    match value.parse() {
        Ok(day @ (-31..=-1 | 1..=31)) => Ok(day),
        _ => Err(bad(
            "BYMONTHDAY",
            value,
            "use 1 to 31, or -1 to -31 from the end",
        )),
    }
}

fn by_set_pos(value: &str) -> Result<i16, RuleError> {
    match value.parse() {
        Ok(position @ (-366..=-1 | 1..=366)) => Ok(position),
        _ => Err(bad(
            "BYSETPOS",
            value,
            "use 1 to 366, or -1 to -366 from the end",
        )),
    }
}

fn by_day(value: &str) -> Result<WeekdayNum, RuleError> {
    let error = || bad("BYDAY", value, "use MO to SU, or with a number: 2MO, -1FR");
    let split = value
        .len()
        .checked_sub(2)
        .filter(|at| value.is_char_boundary(*at));
    let (number, name) = value.split_at(split.ok_or_else(error)?);
    let ordinal = match number {
        "" => 0,
        _ => match number.parse() {
            Ok(ordinal @ (-53..=-1 | 1..=53)) => ordinal,
            _ => return Err(error()),
        },
    };
    Ok(WeekdayNum {
        ordinal,
        weekday: weekday(name).ok_or_else(error)?,
    })
}

impl PartialOrd for WeekdayNum {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for WeekdayNum {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let key = |day: &Self| (day.ordinal, day.weekday.num_days_from_monday());
        key(self).cmp(&key(other))
    }
}

impl fmt::Display for Frequency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Daily => "DAILY",
            Self::Weekly => "WEEKLY",
            Self::Monthly => "MONTHLY",
            Self::Yearly => "YEARLY",
        })
    }
}

impl fmt::Display for WeekdayNum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.ordinal != 0 {
            write!(f, "{}", self.ordinal)?;
        }
        f.write_str(weekday_name(self.weekday))
    }
}

fn weekday_name(weekday: Weekday) -> &'static str {
    ["MO", "TU", "WE", "TH", "FR", "SA", "SU"][weekday.num_days_from_monday() as usize]
}

impl fmt::Display for Rule {
    /// The canonical form: no prefix, no part that says the default.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FREQ={}", self.frequency)?;
        if self.interval != 1 {
            write!(f, ";INTERVAL={}", self.interval)?;
        }
        write_list(f, "BYMONTH", &self.by_month)?;
        write_list(f, "BYMONTHDAY", &self.by_month_day)?;
        write_list(f, "BYDAY", &self.by_day)?;
        write_list(f, "BYSETPOS", &self.by_set_pos)?;
        if self.week_start != Weekday::Mon {
            write!(f, ";WKST={}", weekday_name(self.week_start))?;
        }
        match self.end {
            End::Never => Ok(()),
            End::Count(count) => write!(f, ";COUNT={count}"),
            End::Until(Until::Date(date)) => write!(f, ";UNTIL={}", date.format("%Y%m%d")),
            End::Until(Until::Local(at)) => write!(f, ";UNTIL={}", at.format("%Y%m%dT%H%M%S")),
            End::Until(Until::Instant(at)) => {
                write!(f, ";UNTIL={}", at.format("%Y%m%dT%H%M%SZ"))
            }
        }
    }
}

fn write_list<T: fmt::Display>(f: &mut fmt::Formatter<'_>, name: &str, items: &[T]) -> fmt::Result {
    for (i, item) in items.iter().enumerate() {
        if i == 0 {
            write!(f, ";{name}={item}")?;
        } else {
            write!(f, ",{item}")?;
        }
    }
    Ok(())
}
