//! Everything of a person at once.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What [`EraseAccount::confirm`] must say.
pub const CONFIRMATION: &str = "erase";

/// Body of `DELETE /api/account`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EraseAccount {
    /// `erase`, so that nobody does it by mistake.
    #[schemars(extend("const" = CONFIRMATION))]
    pub confirm: String,
}

/// Answer to `DELETE /api/account`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErasingAccount {
    /// How far it is.
    pub state: Erasing,
}

/// How far an erasure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Erasing {
    /// It can't be lost any more, and is being done.
    Erasing,
}
