//! Recurrences: "every 2 weeks on Monday", "monthly on the 31st", "weekdays until June".

mod end;
mod except;
mod frequency;
mod on;
mod recurrence;

pub use end::end;
pub use except::{except, lead as except_lead};
pub use frequency::beyond;
pub use recurrence::{basis, recurrence};
