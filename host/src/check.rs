//! `nudge check`: has everything that is derived of a person compared with its sources, and mended where that is asked for.

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::json;

use crate::recorder::Recorder;

/// The audit service's route for operators.
const PATH: &str = "/audit-service/check";

/// How often everything of a person is gone through to mend it: what one round mends may show what the next one can.
const ROUNDS: u32 = 3;

/// What was found of one person.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// How many things were compared with their sources.
    pub checked: u64,
    /// What differed and is mended, a line each.
    pub mended: Vec<String>,
    /// What differs.
    pub left: Vec<String>,
}

#[derive(Deserialize)]
struct Answer {
    checked: u64,
    findings: Vec<Finding>,
    next: Option<String>,
}

#[derive(Deserialize)]
struct Finding {
    function: String,
    kind: String,
    place: String,
    detail: String,
    mended: bool,
}

/// Checks everything of the person `user_id`, and mends what differs if `repair` says so.
///
/// # Errors
/// When the audit service does not answer, or not with success: what was mended until then stays.
pub async fn check(recorder: &Recorder<'_>, user_id: &str, repair: bool) -> Result<Checked> {
    let mut all = Checked::default();
    for _ in 0..ROUNDS {
        let round = one_round(recorder, user_id, repair).await?;
        let is_done = round.mended.is_empty();
        all.checked = round.checked;
        all.mended.extend(round.mended);
        all.left = round.left;
        if is_done {
            break;
        }
    }
    Ok(all)
}

async fn one_round(recorder: &Recorder<'_>, user_id: &str, repair: bool) -> Result<Checked> {
    let mut round = Checked::default();
    let mut from = None;
    loop {
        let body = json!({ "user_id": user_id, "repair": repair, "from": from });
        let (status, said) = recorder.ask(PATH, &body).await?;
        if !status.is_success() {
            bail!("the audit service answered {status}: {said}");
        }
        let answer: Answer = serde_json::from_str(&said).context("the audit service's answer")?;
        round.checked += answer.checked;
        for finding in answer.findings {
            let Finding {
                function,
                kind,
                place,
                detail,
                mended,
            } = finding;
            let line = format!("{function}: {kind}: {place}: {detail}");
            match mended {
                true => round.mended.push(line),
                false => round.left.push(line),
            }
        }
        if answer.next.is_some() && answer.next == from {
            bail!("the audit service does not come on: it stays at {from:?}");
        }
        from = answer.next;
        if from.is_none() {
            return Ok(round);
        }
    }
}
