//! The language as people use it: tables of sentences, and what holds for every text.

mod corpus;
mod properties;
mod quick_add;
mod texts;
