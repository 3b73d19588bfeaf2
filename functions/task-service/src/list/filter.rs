//! What a listing asks for.

use chrono::{DateTime, Datelike, Duration, NaiveDate, Utc};
use dapr::ordered::Item;
use domain::{Due, limits, zone};
use events::DueDocument;
use function::{Paging, Problem, unknown_parameter};
use serde::Deserialize;
use serde_json::Value;

use super::key_range::KeyRange;

/// Zones reach from UTC-12 to UTC+14: so far a wall-clock date can lie from the same date in UTC.
const ZONE_SLACK: Duration = Duration::hours(15);

/// A parsed query of `GET /api/tasks`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Listing {
    pub(crate) which: Which,
    pub(crate) sort: Sort,
    pub(crate) paging: Paging,
    due: Option<DueFilter>,
    labels: Vec<String>,
    list: Option<String>,
    priority: Option<u64>,
    text: Option<String>,
    zone: Option<zone::Tz>,
}

/// Open tasks or completed ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    Open,
    Completed,
}

/// The order of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    /// The list's own: open tasks by due date, completed ones newest first.
    Due,
    Priority,
    Created,
    Title,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DueFilter {
    Today,
    Tomorrow,
    Overdue,
    Week,
    None,
    /// A date on which something can be due.
    On(NaiveDate),
}

impl Listing {
    /// Reads the query.
    ///
    /// # Errors
    /// 422 for a parameter that is unknown or has a value that it doesn't take.
    pub(crate) fn parse(query: &[(String, String)]) -> Result<Self, Problem> {
        let mut listing = Self {
            which: Which::Open,
            sort: Sort::Due,
            paging: Paging::default(),
            due: None,
            labels: Vec::new(),
            list: None,
            priority: None,
            text: None,
            zone: None,
        };
        for (name, value) in query {
            listing.set(name, value)?;
        }
        Ok(listing)
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), Problem> {
        let wrong = |takes: &str| {
            Problem::invalid_field(format!("?{name}"), format!("takes {takes}, not {value:?}"))
        };
        match name {
            "status" => {
                self.which = match value {
                    "open" => Which::Open,
                    "completed" => Which::Completed,
                    _ => return Err(wrong("open or completed")),
                }
            }
            "due" => {
                self.due = Some(DueFilter::parse(value).ok_or_else(|| wrong(DueFilter::TAKES))?)
            }
            "label" => self
                .labels
                .push(value.trim_start_matches('#').to_lowercase()),
            "list" => self.list = Some(value.trim_start_matches('@').to_lowercase()),
            "priority" => {
                let level = value.parse().ok().filter(|level| (1..=4).contains(level));
                self.priority = Some(level.ok_or_else(|| wrong("1 to 4"))?);
            }
            "text" => self.text = Some(value.to_lowercase()),
            "sort" => {
                self.sort =
                    Sort::parse(value).ok_or_else(|| wrong("due, priority, created or title"))?
            }
            "time_zone" => {
                self.zone = Some(
                    zone::parse(value)
                        .map_err(|error| Problem::invalid_field("?time_zone", error))?,
                )
            }
            _ => {
                if !self.paging.take(name, value)? {
                    return Err(unknown_parameter(name));
                }
            }
        }
        Ok(())
    }

    /// The stretch of the open list in which matches can be.
    pub(crate) fn key_range(&self, now: DateTime<Utc>) -> KeyRange {
        let now = limits::clamp_instant(now);
        let until = |days| KeyRange::between(None, now + Duration::days(days) + ZONE_SLACK);
        match self.due {
            None => KeyRange::all(),
            Some(DueFilter::None) => KeyRange::without_due(),
            Some(DueFilter::Overdue | DueFilter::Today) => until(1),
            Some(DueFilter::Tomorrow) => until(2),
            Some(DueFilter::Week) => until(8),
            Some(DueFilter::On(date)) => {
                let start = date.and_time(chrono::NaiveTime::MIN).and_utc();
                KeyRange::between(
                    Some(start - ZONE_SLACK),
                    start + Duration::days(1) + ZONE_SLACK,
                )
            }
        }
    }

    /// Whether every task is asked for.
    fn takes_all(&self) -> bool {
        self.labels.is_empty()
            && self.list.is_none()
            && self.priority.is_none()
            && self.text.is_none()
            && self.due.is_none()
    }

    /// Whether the item of a list is asked for.
    pub(crate) fn matches(&self, item: &Item, now: DateTime<Utc>) -> bool {
        if self.takes_all() {
            return true;
        }
        let task = &item.value.value();
        let text = |name: &str| task.get(name).and_then(Value::as_str).unwrap_or_default();
        let has_label = |label: &String| {
            task["labels"]
                .as_array()
                .is_some_and(|all| all.iter().any(|has| has == label))
        };
        self.labels.iter().all(has_label)
            && self.list.as_ref().is_none_or(|list| text("list") == list)
            && self
                .priority
                .is_none_or(|priority| task["priority"] == priority)
            && self
                .text
                .as_ref()
                .is_none_or(|wanted| text("title").to_lowercase().contains(wanted))
            && self
                .due
                .is_none_or(|filter| self.matches_due(filter, task, now))
    }

    /// Dates are compared where the person is: in the zone of the request, else in the task's own.
    fn matches_due(&self, filter: DueFilter, task: &Value, now: DateTime<Utc>) -> bool {
        let due = DueDocument::deserialize(&task["due"])
            .ok()
            .and_then(|due| Due::try_from(&due).ok());
        let Some(due) = due else {
            return filter == DueFilter::None;
        };
        let today = zone::local(now, self.zone.unwrap_or(due.zone)).date();
        let date = match (self.zone, due.time) {
            (Some(zone), Some(time)) => {
                zone::local(zone::resolve(due.date, time, due.zone), zone).date()
            }
            _ => due.date,
        };
        match filter {
            DueFilter::None => false,
            DueFilter::Overdue => due.overdue_after() <= now,
            DueFilter::Today => date == today,
            DueFilter::Tomorrow => today.succ_opt() == Some(date),
            DueFilter::Week => {
                date >= today && date.num_days_from_ce() < today.num_days_from_ce() + 7
            }
            DueFilter::On(wanted) => date == wanted,
        }
    }
}

impl DueFilter {
    const TAKES: &str = "today, tomorrow, overdue, week, none or a date of the years 1970 to 9000 such as 2026-04-01";

    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "today" => Self::Today,
            "tomorrow" => Self::Tomorrow,
            "overdue" => Self::Overdue,
            "week" => Self::Week,
            "none" => Self::None,
            date => Self::On(
                date.parse()
                    .ok()
                    .filter(|date| limits::is_due_date(*date))?,
            ),
        })
    }
}

impl Sort {
    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "due" => Self::Due,
            "priority" => Self::Priority,
            "created" => Self::Created,
            "title" => Self::Title,
            _ => return None,
        })
    }

    /// What comes before the list's own key in this order.
    pub(super) fn key(self, task: &Value) -> String {
        let text = |name: &str| {
            task.get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_lowercase()
        };
        match self {
            Self::Due => String::new(),
            Self::Priority => task["priority"].to_string(),
            Self::Created => text("created_at"),
            Self::Title => text("title"),
        }
    }
}
