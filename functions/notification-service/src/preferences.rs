//! What a person wants: channels, quiet hours, time zone.

use chrono::{DateTime, Days, NaiveTime, Utc};
use dapr::erase::Tombstone;
use domain::zone;
use events::UnknownFields;
use http_api::Problem;
use serde::{Deserialize, Serialize};

/// Longest e-mail address, in bytes (RFC 5321 section 4.5.3.1.3, without the angle brackets).
const MAX_ADDRESS: usize = 254;

/// The document `channels/{user}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Preferences {
    /// An IANA name: whose clocks the quiet hours mean. Absent: UTC.
    #[serde(default)]
    pub(crate) time_zone: Option<String>,
    /// When only the app tells, and other channels wait.
    #[serde(default)]
    pub(crate) quiet_hours: Option<QuietHours>,
    /// The e-mail channel.
    #[serde(default)]
    pub(crate) email: EmailPreference,
    /// Set when everything of the person is erased.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) erased: Option<Tombstone>,
    /// What a newer version says besides.
    #[serde(flatten)]
    pub(crate) unknown: UnknownFields,
}

/// From when to when, `HH:MM`; over midnight when `from` is later than `to`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct QuietHours {
    from: String,
    to: String,
    /// What a newer version says besides.
    #[serde(flatten)]
    unknown: UnknownFields,
}

/// Whether mail is sent, and where to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct EmailPreference {
    #[serde(default)]
    pub(crate) enabled: bool,
    #[serde(default)]
    pub(crate) address: Option<String>,
    /// What a newer version says besides.
    #[serde(flatten)]
    pub(crate) unknown: UnknownFields,
}

/// The body of `GET` and `PUT /api/preferences`: what the document says, as far as this version promises it. Read
/// strictly.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PreferencesBody {
    #[serde(default)]
    time_zone: Option<String>,
    #[serde(default)]
    quiet_hours: Option<QuietHoursBody>,
    #[serde(default)]
    email: EmailBody,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct QuietHoursBody {
    from: String,
    to: String,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EmailBody {
    #[serde(default)]
    enabled: bool,
    #[serde(default)]
    address: Option<String>,
}

impl From<PreferencesBody> for Preferences {
    fn from(body: PreferencesBody) -> Self {
        Self {
            time_zone: body.time_zone,
            quiet_hours: body.quiet_hours.map(|quiet| QuietHours {
                from: quiet.from,
                to: quiet.to,
                unknown: UnknownFields::default(),
            }),
            email: EmailPreference {
                enabled: body.email.enabled,
                address: body.email.address,
                unknown: UnknownFields::default(),
            },
            erased: None,
            unknown: UnknownFields::default(),
        }
    }
}

impl From<Preferences> for PreferencesBody {
    fn from(preferences: Preferences) -> Self {
        Self {
            time_zone: preferences.time_zone,
            quiet_hours: preferences.quiet_hours.map(|quiet| QuietHoursBody {
                from: quiet.from,
                to: quiet.to,
            }),
            email: EmailBody {
                enabled: preferences.email.enabled,
                address: preferences.email.address,
            },
        }
    }
}

pub(crate) fn key(user: &str) -> String {
    format!("channels/{user}")
}

impl Preferences {
    /// What a person sent, with all that `stored` says and this version does not know.
    ///
    /// # Errors
    /// 422 with the field that is wrong.
    pub(crate) fn of_body(body: PreferencesBody, stored: &Self) -> Result<Self, Problem> {
        let mut preferences = Self::from(body);
        preferences.check()?;
        preferences.unknown.keep(&stored.unknown);
        preferences.email.unknown.keep(&stored.email.unknown);
        if let (Some(quiet), Some(stored)) = (&mut preferences.quiet_hours, &stored.quiet_hours) {
            quiet.unknown.keep(&stored.unknown);
        }
        Ok(preferences)
    }

    fn check(&self) -> Result<(), Problem> {
        if let Some(name) = &self.time_zone {
            zone::parse(name).map_err(|error| Problem::invalid_field("/time_zone", error))?;
        }
        if let Some(quiet) = &self.quiet_hours {
            for (pointer, text) in [
                ("/quiet_hours/from", &quiet.from),
                ("/quiet_hours/to", &quiet.to),
            ] {
                time(text).ok_or_else(|| Problem::invalid_field(pointer, "takes HH:MM"))?;
            }
        }
        match &self.email.address {
            Some(address) if address.len() > MAX_ADDRESS || !address.contains('@') => Err(
                Problem::invalid_field("/email/address", "is no e-mail address"),
            ),
            None if self.email.enabled => Err(Problem::invalid_field(
                "/email/address",
                "is needed before e-mail can be turned on",
            )),
            _ => Ok(()),
        }
    }

    /// Where mail goes, if it does.
    pub(crate) fn email_address(&self) -> Option<&str> {
        self.email.address.as_deref().filter(|_| self.email.enabled)
    }

    /// When a message may leave: `now`, or the end of the quiet hours that `now` lies in.
    pub(crate) fn earliest(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        let quiet = self.quiet_hours.as_ref();
        let Some((from, to)) = quiet.and_then(|quiet| Some((time(&quiet.from)?, time(&quiet.to)?)))
        else {
            return now;
        };
        let zone = self
            .time_zone
            .as_deref()
            .and_then(|name| zone::parse(name).ok())
            .unwrap_or(zone::Tz::UTC);
        let wall = zone::local(now, zone);
        let over_midnight = from > to;
        let is_quiet = if over_midnight {
            wall.time() >= from || wall.time() < to
        } else {
            (from..to).contains(&wall.time())
        };
        if !is_quiet {
            return now;
        }
        let tomorrow = over_midnight && wall.time() >= from;
        let end = wall.date().checked_add_days(Days::new(tomorrow.into()));
        end.map_or(now, |date| zone::resolve(date, to, zone))
    }
}

fn time(text: &str) -> Option<NaiveTime> {
    NaiveTime::parse_from_str(text, "%H:%M").ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quiet_hours() {
        let table = [
            // From, to, now in Berlin's winter (UTC+1), expected.
            (
                "22:00",
                "07:00",
                "2026-12-01T20:59:00Z",
                "2026-12-01T20:59:00Z",
            ),
            (
                "22:00",
                "07:00",
                "2026-12-01T21:00:00Z",
                "2026-12-02T06:00:00Z",
            ),
            (
                "22:00",
                "07:00",
                "2026-12-02T02:00:00Z",
                "2026-12-02T06:00:00Z",
            ),
            (
                "22:00",
                "07:00",
                "2026-12-02T06:00:00Z",
                "2026-12-02T06:00:00Z",
            ),
            (
                "12:00",
                "14:00",
                "2026-12-02T12:30:00Z",
                "2026-12-02T13:00:00Z",
            ),
            // The night in which the clocks go forward is an hour shorter.
            (
                "22:00",
                "07:00",
                "2026-03-28T22:30:00Z",
                "2026-03-29T05:00:00Z",
            ),
            (
                "10:00",
                "10:00",
                "2026-12-02T09:00:00Z",
                "2026-12-02T09:00:00Z",
            ),
        ];
        for (from, to, now, expected) in table {
            let preferences = Preferences {
                time_zone: Some("Europe/Berlin".to_owned()),
                quiet_hours: Some(QuietHours {
                    from: from.to_owned(),
                    to: to.to_owned(),
                    unknown: UnknownFields::default(),
                }),
                ..Preferences::default()
            };
            assert!(preferences.check().is_ok());
            let now: DateTime<Utc> = now.parse().expect("an instant");
            let expected: DateTime<Utc> = expected.parse().expect("an instant");
            assert_eq!(preferences.earliest(now), expected, "{from}-{to} at {now}");
        }
    }
}
