//! Several people at work, each with a record of their own of what was acknowledged, which is held against what Nudge shows
//! in the end: for tests that break something meanwhile.

mod check;
mod record;
mod work;

pub use check::{SETTLE_LIMIT, Settled, check_in_the_end};
pub use record::{Kind, Known, Record, State, Unanswered};
pub use work::{go_on_working, work};
