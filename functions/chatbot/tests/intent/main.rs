//! What the chatbot understands of messages: tables of sentences, and what holds for every message.

#[path = "../../../../crates/language/tests/it/corpus.rs"]
mod corpus;
mod find;
mod intent;
mod properties;
#[path = "../../../../crates/language/tests/it/texts.rs"]
mod texts;
