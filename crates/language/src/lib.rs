//! What people write about their tasks, and how Nudge writes back. Pure: no clock, no I/O, no randomness.
//!
//! [`quick_add()`] reads one task out of a text. [`recurrence()`] and [`moment()`] read a part of a sentence where only that
//! part is asked for. [`describe`] is the way back.
//!
//! Three floors, each of which uses only those below it:
//! - [`vocabulary`]: words on their own, the calendar, and the types that matchers return.
//! - [`matchers`]: a matcher for each kind of meaning. The phrases that it knows stand in `phrases`, in tables of their own.
//! - `decisions`: `correct` takes out what people put right themselves, `scan` finds what means something, `quick_add` chooses
//!   the clearest piece of each kind, `whole` drops what is only a part of what was said, `title` is what is left, and `settle`
//!   makes dates of the rest.
//!
//! What a chat message wants is read on these floors by the chatbot, in its own folder `intent`.
//!
//! What people differ over, as it is decided here (and said in [`QuickAdd::notes`] where it may surprise):
//! - An hour alone is in the afternoon from 1 to 6 and in the morning from 7 to 11, unless that is past today and the
//!   other is still to come, or the thing itself says so ("dinner at 8").
//! - Relative words never mean the past: "at 9am", said at 10, is tomorrow; "this morning", said in the afternoon, is
//!   today without a time.
//! - "Friday" is the next one after today, "next Friday" that of next week.
//! - `3/4` is March 4th where people write the month first, else the 3rd of April.
//! - "Until June" ends before June begins, "until 5 June" with that day.
//! - A night goes on behind midnight: "friday night at 1" is on Saturday. "Friday at midnight" is when Friday begins.
//! - What is put right in the same breath counts, what it puts right does not: "tomorrow, no wait, friday" is Friday.
//! - A day beside a recurrence that can't be its first ("every day on monday", "every week on the 1st"), a time of another zone
//!   ("9am UTC") and a day counted from another ("the day before friday") are told, and set nothing.
//! - A word that could be a date but describes the next word is none: "read Sunday paper".

mod decisions;
pub mod describe;
pub mod matchers;
mod phrases;
pub mod vocabulary;

pub use decisions::alone::{moment, recurrence};
pub use decisions::correct::{corrected, turn};
pub use decisions::quick_add::{QuickAdd, Span, SpanKind, quick_add};
pub use decisions::scan::scan;
pub use vocabulary::context::{Context, MAX_TEXT_CHARS};
