//! `task-audit`: facts that are no task change but must be on record.

use uuid::Uuid;

use super::payload;

payload! {
    /// A channel took a notification.
    NotificationDelivered for NotificationDelivered {
        /// The notification.
        notification_id: Uuid,
        /// `in-app`, `email`, …
        channel: String,
        /// How many tries it took.
        tries: u32,
    }
}

payload! {
    /// A channel refused a notification for good.
    NotificationFailed for NotificationFailed {
        /// The notification.
        notification_id: Uuid,
        /// `in-app`, `email`, …
        channel: String,
        /// How many tries there were.
        tries: u32,
        /// What the channel said last, without addresses or secrets.
        reason: String,
    }
}

payload! {
    /// A notification was not sent by a channel, because meanwhile there was no need for it or no wish.
    NotificationWithdrawn for NotificationWithdrawn {
        /// The notification.
        notification_id: Uuid,
        /// `email`, …
        channel: String,
        /// How many tries there were before.
        tries: u32,
        /// What had changed, without addresses.
        reason: String,
    }
}

payload! {
    /// Somebody was refused.
    AccessDenied for AccessDenied {
        /// Method and route, without query.
        route: String,
        /// Which check failed.
        reason: String,
    }
}

payload! {
    /// Somebody took their data out.
    DataExported for DataExported {
        /// `json`, `icalendar`, `csv`.
        format: String,
        /// How many tasks.
        tasks: u32,
    }
}

payload! {
    /// An event, or what is on record, was given to a consumer again.
    EventReplayed for EventReplayed {
        /// The event; of a replay from the record, the last one that was there.
        replayed_event_id: Uuid,
        /// The dead-letter topic that held it, or `audit` for the record.
        topic: String,
        /// Who asked for it.
        operator: String,
        /// Which function got it; absent for a dead letter, whose topic says so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<String>,
    }
}

payload! {
    /// A dead-lettered event was given up: its consumer never gets it.
    EventDiscarded for EventDiscarded {
        /// The event.
        discarded_event_id: Uuid,
        /// The dead-letter topic that held it.
        topic: String,
        /// Who decided it.
        operator: String,
    }
}

payload! {
    /// Everything of a person is to be erased. It is the last event of theirs that the task service publishes, so whoever has
    /// it has all those before it.
    ErasureRequested for ErasureRequested {
        /// Who asked for it: an operator's name or `person`, nothing of the person.
        asked_by: String,
    }
}

payload! {
    /// What was on record of a person was erased: the events are gone, their hashes stay. The audit service puts this on
    /// record itself, so it is on no topic. It has nothing of what was erased.
    PersonErased for PersonErased {
        /// Who asked for it: an operator's name or a function's app-id, nothing of the person.
        asked_by: String,
        /// The events of the records up to this number are gone, but for earlier ones of this type.
        through: u64,
    }
}
