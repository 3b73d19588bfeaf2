//! How a person wants to be told.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Longest e-mail address, in bytes (RFC 5321 section 4.5.3.1.3, without the angle brackets).
pub const MAX_ADDRESS_BYTES: usize = 254;

/// Body of `PUT /api/preferences`, and the answer of every route of the preferences.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Preferences {
    /// An IANA name: whose clocks are meant. `null`: UTC.
    #[serde(default)]
    pub time_zone: Option<String>,
    /// When only the app tells, and other channels wait.
    #[serde(default)]
    pub quiet_hours: Option<QuietHours>,
    /// The e-mail channel.
    #[serde(default)]
    pub email: Email,
}

/// From when to when; over midnight when `from` is later than `to`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct QuietHours {
    /// `HH:MM`
    #[schemars(regex(pattern = "^\\d\\d:\\d\\d$"))]
    pub from: String,
    /// `HH:MM`
    #[schemars(regex(pattern = "^\\d\\d:\\d\\d$"))]
    pub to: String,
}

/// Whether mail is sent, and where to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "EmailPreferences")]
pub struct Email {
    /// Whether the person wants mail.
    #[serde(default)]
    pub enabled: bool,
    /// Where it goes, in at most 254 bytes.
    #[serde(default)]
    #[schemars(length(max = MAX_ADDRESS_BYTES))]
    pub address: Option<String>,
    /// Whether the code that was sent to the address was said: only then mail goes there. A request may repeat it, and
    /// changes nothing by it.
    #[serde(default)]
    #[schemars(extend("readOnly" = true))]
    pub confirmed: bool,
    /// Whether there is a mail server at all. Where there is none, e-mail can't be turned on. A request may repeat it, and
    /// changes nothing by it.
    #[serde(default)]
    #[schemars(extend("readOnly" = true))]
    pub available: bool,
}

/// Body of `POST /api/preferences/email/confirm`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConfirmEmail {
    /// Six digits.
    pub code: String,
}
