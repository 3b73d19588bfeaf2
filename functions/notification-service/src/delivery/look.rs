//! What becomes of a message that is about to be sent.

use chrono::{DateTime, Utc};

use crate::preferences::Preferences;

/// What is to become of a message that is about to be sent, by what holds at that moment.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Look {
    Send {
        address: String,
    },
    /// The person's hours are quiet until then.
    PutOff(DateTime<Utc>),
    /// For this reason it is not sent at all.
    Withdraw(&'static str),
    /// The person was erased.
    Erased,
}

/// What is to become of the message that a code is sent by.
pub(super) fn look_at_code(preferences: &Preferences) -> Look {
    match preferences.email.to_confirm() {
        Some(address) => Look::Send {
            address: address.to_owned(),
        },
        None => Look::Withdraw("there is no address to be confirmed"),
    }
}

/// What is to become of a message, by its person's wishes at `now` and whether they have read what it says.
pub(super) fn look(preferences: &Preferences, was_read: bool, now: DateTime<Utc>) -> Look {
    if was_read {
        return Look::Withdraw("it was read in the app, or its reminder was answered or is over");
    }
    if !preferences.email.enabled {
        return Look::Withdraw("e-mail is off");
    }
    let Some(address) = preferences.email_address() else {
        return Look::Withdraw("no address is confirmed");
    };
    match preferences.earliest(now) {
        at if at > now => Look::PutOff(at),
        _ => Look::Send {
            address: address.to_owned(),
        },
    }
}
