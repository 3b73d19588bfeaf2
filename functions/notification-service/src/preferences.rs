//! What a person wants: channels, quiet hours, time zone.

use api::preferences::{Email, MAX_ADDRESS_BYTES};
use chrono::{DateTime, Days, NaiveTime, Utc};
use dapr::erase::Tombstone;
use domain::zone;
use events::UnknownFields;
use function::{Pace, Problem};
use serde::{Deserialize, Serialize};

use crate::confirm::{Code, Said};

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
    /// The address that was confirmed last; empty while there is none. Absent in documents from before addresses were
    /// confirmed: there an address that mail goes to counts as confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    confirmed_address: Option<String>,
    /// The code that confirms `address`, from when one was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) code: Option<Code>,
    /// How much of the codes that a person may have sent is used up.
    #[serde(default, skip_serializing_if = "Pace::is_unused")]
    pub(crate) codes: Pace,
    /// What a newer version says besides.
    #[serde(flatten)]
    pub(crate) unknown: UnknownFields,
}

impl From<api::preferences::Preferences> for Preferences {
    fn from(body: api::preferences::Preferences) -> Self {
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
                ..EmailPreference::default()
            },
            erased: None,
            unknown: UnknownFields::default(),
        }
    }
}

impl Preferences {
    /// What is shown of them where mail is `available`, or where there is no mail server: as far as this version promises it.
    pub(crate) fn shown(self, available: bool) -> api::preferences::Preferences {
        api::preferences::Preferences {
            time_zone: self.time_zone,
            quiet_hours: self.quiet_hours.map(|quiet| api::preferences::QuietHours {
                from: in_two_digits(quiet.from),
                to: in_two_digits(quiet.to),
            }),
            email: Email {
                enabled: self.email.enabled,
                confirmed: self.email.is_confirmed(),
                address: self.email.address,
                available,
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
    pub(crate) fn of_body(
        body: api::preferences::Preferences,
        stored: &Self,
    ) -> Result<Self, Problem> {
        let mut preferences = Self::from(body);
        preferences.check()?;
        preferences.unknown.keep(&stored.unknown);
        preferences.email.unknown.keep(&stored.email.unknown);
        preferences.email.follow(&stored.email);
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
            Some(address) if !is_address(address) => Err(Problem::invalid_field(
                "/email/address",
                "is no e-mail address",
            )),
            None if self.email.enabled => Err(Problem::invalid_field(
                "/email/address",
                "is needed before e-mail can be turned on",
            )),
            _ => Ok(()),
        }
    }

    /// Where mail goes, if it does.
    pub(crate) fn email_address(&self) -> Option<&str> {
        let goes = self.email.enabled && self.email.is_confirmed();
        self.email.address.as_deref().filter(|_| goes)
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

impl EmailPreference {
    /// Whether the address is the person's own.
    pub(crate) fn is_confirmed(&self) -> bool {
        self.address.is_some() && self.address.as_deref() == self.confirmed()
    }

    fn confirmed(&self) -> Option<&str> {
        match &self.confirmed_address {
            Some(address) => Some(address),
            None => self.address.as_deref().filter(|_| self.enabled),
        }
    }

    /// The address to which a code has to go before mail does.
    pub(crate) fn to_confirm(&self) -> Option<&str> {
        let waits = self.enabled && !self.is_confirmed();
        self.address.as_deref().filter(|_| waits)
    }

    /// Takes over what was known of the addresses before this one was said.
    fn follow(&mut self, stored: &Self) {
        self.confirmed_address = Some(stored.confirmed().unwrap_or_default().to_owned());
        self.codes = stored.codes;
        let address = self.address.as_deref().unwrap_or_default();
        self.code = stored.code.clone().filter(|code| code.is_for(address));
    }

    /// Hears the code that was sent; the right one confirms the address.
    pub(crate) fn hear(&mut self, said: &str, now: DateTime<Utc>) -> Said {
        let Some(code) = &mut self.code else {
            return Said::Over;
        };
        let heard = code.hear(said, now);
        if heard == Said::Right {
            self.confirmed_address.clone_from(&self.address);
            self.code = None;
        }
        heard
    }
}

/// Whether mail can be sent to `address`: one `@`, before it 1 to 64 bytes that no mail program takes for something else,
/// behind it a host's name.
fn is_address(address: &str) -> bool {
    let Some((local, host)) = address.split_once('@') else {
        return false;
    };
    let is_plain = |c: char| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
    let has_empty_part = |text: &str| text.split('.').any(str::is_empty);
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    address.len() <= MAX_ADDRESS_BYTES
        && (1..=64).contains(&local.len())
        && local.chars().all(is_plain)
        && !has_empty_part(local)
        && host.split('.').all(is_label)
}

/// A time as answers say it: people may write 9:00.
fn in_two_digits(text: String) -> String {
    time(&text).map_or(text, |time| time.format("%H:%M").to_string())
}

fn time(text: &str) -> Option<NaiveTime> {
    NaiveTime::parse_from_str(text, "%H:%M").ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Seen to fail: answered as they were written, in a form that the API's document does not have.
    #[test]
    fn times_are_shown_in_two_digits() {
        let quiet_hours = json!({ "from": "9:5", "to": "21:30" });
        let body = serde_json::from_value(json!({ "quiet_hours": quiet_hours })).expect("a body");
        let preferences = Preferences::of_body(body, &Preferences::default()).expect("good ones");
        let shown = preferences.shown(true).quiet_hours.expect("quiet hours");
        assert_eq!((shown.from.as_str(), shown.to.as_str()), ("09:05", "21:30"));
    }

    /// Seen to fail: all of the bad ones but those without an `@` and the one that is too long, which were taken.
    #[test]
    fn addresses() {
        let long = format!("{}@b.test", "a".repeat(65));
        let longest = format!(
            "{}@{}.test",
            "a".repeat(60),
            ["b".repeat(60).as_str(); 3].join(".")
        );
        for good in [
            "a@b",
            "mia.o+x@example.org",
            "o'brien@example.org",
            "ü@bücher.example",
            "用户@例子.广告",
            "a@b-c.d",
            &longest,
        ] {
            assert!(is_address(good), "{good}");
        }
        for bad in [
            "",
            "a",
            "@",
            "@b",
            "a@",
            "a@@b",
            "a@b@c",
            "a b@c",
            " a@b",
            "a@b ",
            "a@b c",
            "a@b,c@d",
            "a,b@c",
            "<a@b>",
            "a<b@c",
            "\"a\"@b",
            "a@b\r\nBcc: c@d",
            "a\u{0}@b",
            "a\u{200b}@b",
            "a\u{202e}@b",
            "a@b.",
            "a@.b",
            "a@b..c",
            "a@-b",
            "a@b-",
            "a@[127.0.0.1]",
            ".a@b",
            "a.@b",
            "a..b@c",
            "a;b@c",
            "a@b_c",
            &long,
            &format!("{longest}.example"),
        ] {
            assert!(!is_address(bad), "{bad:?}");
        }
    }

    /// Documents from before addresses were confirmed, and what becomes of them.
    #[test]
    fn what_counts_as_confirmed() {
        let table = [
            (json!({}), None, None),
            (
                json!({ "enabled": true, "address": "a@b" }),
                Some("a@b"),
                None,
            ),
            (json!({ "enabled": false, "address": "a@b" }), None, None),
            (
                json!({ "enabled": true, "address": "a@b", "confirmed_address": "" }),
                None,
                Some("a@b"),
            ),
            (
                json!({ "enabled": true, "address": "a@b", "confirmed_address": "c@d" }),
                None,
                Some("a@b"),
            ),
            (
                json!({ "enabled": true, "address": "a@b", "confirmed_address": "a@b" }),
                Some("a@b"),
                None,
            ),
            (
                json!({ "enabled": false, "address": "a@b", "confirmed_address": "a@b" }),
                None,
                None,
            ),
        ];
        for (email, goes_to, to_confirm) in table {
            let document = json!({ "email": email });
            let preferences: Preferences = serde_json::from_value(document).expect("a document");
            assert_eq!(preferences.email_address(), goes_to, "{email}");
            assert_eq!(preferences.email.to_confirm(), to_confirm, "{email}");
        }
    }

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
