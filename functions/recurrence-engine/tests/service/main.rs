//! The recurrence engine: its dates, and the whole of it through its routes over a Dapr in memory.

mod next;
mod once;
