//! The chatbot through its routes, before the real task service, each over a Dapr in memory.

mod fixture;
mod repeats;
mod unsaid;
mod zones;
