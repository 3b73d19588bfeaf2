//! The contract between the functions: envelope, event types, topics, and the wire form of a task.
//!
//! Functions never call each other to react to a change: they publish and subscribe to what is described here.
//! The JSON Schemas in `schemas/` are made from these types, and a test fails when the two differ.
//!
//! What is stored or published is read leniently, so that versions can work side by side: a document keeps the fields that
//! this version does not know ([`UnknownFields`]), and a type of event or a value of an enumeration that it does not know
//! keeps its name. Requests are read strictly, by types of their own in the functions that take them.

mod cloud_event;
mod envelope;
mod payload;
mod story;
mod subscription;
mod task_document;
mod timestamp;
mod topic;
mod unknown;

pub use cloud_event::{Malformed, cloud_event, parse_delivery};
pub use envelope::{Chain, Event, EventType, Metadata, Payload, PayloadError, VERSION};
pub use payload::*;
pub use story::{DERIVATIONS, Derivation, PartAnswer, Parts, Story, StoryPart};
pub use subscription::{SUBSCRIPTIONS, Subscription};
pub use task_document::{
    BasisDocument, ChecklistItemDocument, DueDocument, InvalidTask, RecurrenceDocument,
    RecurrenceEndDocument, ReminderDocument, StatusDocument, TaskDocument, hours_and_minutes,
};
pub use timestamp::{OutOfRange, Timestamp};
pub use topic::Topic;
pub use unknown::UnknownFields;
