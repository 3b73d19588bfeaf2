//! The contract between the functions: envelope, event types, topics, and the wire form of a task.
//!
//! Functions never call each other to react to a change: they publish and subscribe to what is described here.
//! The JSON Schemas in `schemas/` are made from these types, and a test fails when the two differ.

mod cloud_event;
mod envelope;
mod payload;
mod story;
mod task_document;
mod timestamp;
mod topic;

pub use cloud_event::{Malformed, cloud_event, parse_delivery};
pub use envelope::{Chain, Event, EventType, Metadata, Payload, PayloadError, VERSION};
pub use payload::*;
pub use story::{DERIVATIONS, Derivation, Story};
pub use task_document::{
    BasisDocument, ChecklistItemDocument, DueDocument, InvalidTask, RecurrenceDocument,
    RecurrenceEndDocument, ReminderDocument, StatusDocument, TaskDocument,
};
pub use timestamp::Timestamp;
pub use topic::{SUBSCRIPTIONS, Subscription, Topic};
