//! What Nudge knows about tasks, reminders, recurrence and time zones.
//!
//! Pure: no I/O, no clock, no randomness, no serde. Instants, ids and state come in as arguments, so that every rule
//! can be tested by a table. The wire forms of these types live in `events` (events) and `function` (HTTP).

pub mod due;
pub mod id;
pub mod limits;
pub mod recurrence;
pub mod reminder;
pub mod task;
pub mod text;
pub mod zone;

pub use due::Due;
pub use id::{EventId, ReminderId, SeriesId, TaskId, UserId};
pub use recurrence::{Basis, Recurrence, Rule};
pub use reminder::ReminderRule;
pub use task::{Priority, Status, Task};
pub use text::{InvalidText, Label, ListName, Notes, Title};
