//! `nudge replay`: asks the audit service to tell a function what is on record, so that it can make lost state again.

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::recorder::Recorder;

/// The audit service's route for operators.
const PATH: &str = "/audit-service/replay";

/// What became of one person's record.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// How many tasks' stories were told.
    pub told: u64,
    /// How many of them made something again that was lost.
    pub restored: u64,
    /// What the function could not make sense of, and why.
    pub refused: Vec<String>,
}

#[derive(Deserialize)]
struct Answer {
    told: u64,
    restored: u64,
    refused: Vec<Value>,
    next_from: Option<u64>,
}

/// Tells the function `to` all that is on record of the person `user_id`, a stretch at a time.
///
/// # Errors
/// When the audit service does not answer, or not with success: what was told until then stays, and telling it again does
/// no harm.
pub async fn replay(
    recorder: &Recorder<'_>,
    to: &str,
    user_id: &str,
    operator: &str,
) -> Result<Replayed> {
    let mut replayed = Replayed::default();
    let mut from = Some(1);
    while let Some(first) = from {
        let body = json!({ "user_id": user_id, "to": to, "operator": operator, "from": first });
        let (status, said) = recorder.ask(PATH, &body).await?;
        if !status.is_success() {
            bail!("the audit service answered {status}: {said}");
        }
        let answer: Answer = serde_json::from_str(&said).context("the audit service's answer")?;
        replayed.told += answer.told;
        replayed.restored += answer.restored;
        let refused = answer.refused.iter().map(ToString::to_string);
        replayed.refused.extend(refused);
        from = answer.next_from;
        if from.is_some_and(|next| next <= first) {
            bail!("the audit service does not come on: it goes from record {first} to {from:?}");
        }
    }
    Ok(replayed)
}
