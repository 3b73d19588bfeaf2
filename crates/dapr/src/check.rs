//! Whether what is derived (lists, directories, timetable, counts) still says what its sources say, and mending it where
//! it does not. Each function checks what is its own, a person and a stretch at a time.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Dapr;

/// The longest pause after one mend, so that a stretch of a check ends in time.
const LONGEST_PAUSE: Duration = Duration::from_millis(200);

/// What is to be checked: the body of `POST /{function}/check`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// Whose.
    pub user_id: String,
    /// Whether what is wrong is to be mended.
    #[serde(default)]
    pub repair: bool,
    /// Tasks that must be where they belong. Without any, the lists are walked, and what is in them must exist.
    #[serde(default)]
    pub task_ids: Vec<Uuid>,
    /// Where to go on: `next` of the report before.
    #[serde(default)]
    pub from: Option<String>,
    /// The highest `sequence` of the task service's events among the person's last records, for that service; 0 when none is
    /// known.
    #[serde(default)]
    pub last_sequence: u64,
}

/// What a check came to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// How many things were compared with their sources.
    pub checked: u64,
    /// What differs.
    pub findings: Vec<Finding>,
    /// Where the next check goes on; absent when this one came to the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// Something that is not as its source says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Which kind, such as `missing-from-list`.
    pub kind: String,
    /// The document or the task.
    pub place: String,
    /// What is wrong.
    pub detail: String,
    /// Whether it is mended now.
    pub mended: bool,
}

impl Report {
    /// Puts a finding down.
    pub fn find(
        &mut self,
        kind: &str,
        place: impl Into<String>,
        detail: impl Into<String>,
        mended: bool,
    ) {
        self.findings.push(Finding {
            kind: kind.to_owned(),
            place: place.into(),
            detail: detail.into(),
            mended,
        });
    }
}

/// Waits after a mend that began at `began`, three times as long as it took and at most 200 ms. A mend writes the document
/// that the person's own commands take turns on; without pauses they could lose every turn.
pub async fn let_commands_in<D: Dapr>(dapr: &D, began: Instant) {
    let pause = began.elapsed().saturating_mul(3);
    dapr.pause(pause.min(LONGEST_PAUSE)).await;
}
