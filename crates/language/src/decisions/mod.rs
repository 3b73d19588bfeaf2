//! What is decided once the matchers have spoken: which matches count, what they come to, and what is left for the title.

pub(crate) mod alone;
pub(crate) mod correct;
pub(crate) mod quick_add;
pub(crate) mod scan;
mod settle;
mod title;
mod whole;
