//! `task-recurrence`: how one occurrence led to the next.

use uuid::Uuid;

use super::payload;
use crate::DueDocument;

payload! {
    /// The next occurrence of a recurring task exists.
    TaskRecurred for TaskRecurred {
        /// The series.
        series_id: Uuid,
        /// The occurrence that was completed.
        from_task_id: Uuid,
        /// The occurrence that now exists.
        next_task_id: Uuid,
        /// Number of the new occurrence by the rule, from 1.
        occurrence: u32,
        /// When the new occurrence is due.
        due: DueDocument,
        /// Dates of the rule that were already past and were left out.
        skipped: u32,
        /// The task's title.
        title: String,
    }
}

payload! {
    /// A recurring task has no further occurrence.
    RecurrenceEnded for RecurrenceEnded {
        /// The series.
        series_id: Uuid,
        /// The last occurrence.
        last_task_id: Uuid,
        /// Number of the last occurrence.
        occurrence: u32,
        /// The rule that came to its end.
        rrule: String,
        /// The task's title.
        title: String,
    }
}
