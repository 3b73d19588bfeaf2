//! `nudge erase`: has everything of a person erased, and waits until it is.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::json;

use crate::recorder::Recorder;

/// The task service's route for operators: it keeps the wish until it is fulfilled.
const PATH: &str = "/task-service/erase/everywhere";

/// How long is waited before asking again where nothing can be done yet.
const PAUSE: Duration = Duration::from_millis(200);

/// How often in a row, a minute in all: the wish stays, and the ticks of a Nudge that runs go on with it.
const MOST_PAUSES: u32 = 300;

#[derive(Deserialize)]
struct Answer {
    done: bool,
    reason: Option<String>,
}

/// Erases everything of the person `user_id`, in the name of `asked_by`, which goes on record.
///
/// # Errors
/// When the functions don't answer, not with success, or don't come on: what was erased until then stays so, and the rest
/// follows when the Nudge runs, or with the next call.
pub async fn erase(recorder: &Recorder<'_>, user_id: &str, asked_by: &str) -> Result<()> {
    let body = json!({ "user_id": user_id, "asked_by": asked_by });
    let mut pauses = 0;
    loop {
        let (status, said) = recorder.ask(PATH, &body).await?;
        if !status.is_success() {
            bail!("the task service answered {status}: {said}");
        }
        let answer: Answer = serde_json::from_str(&said).context("the task service's answer")?;
        if answer.done {
            return Ok(());
        }
        let Some(reason) = answer.reason else {
            pauses = 0;
            continue;
        };
        pauses += 1;
        if pauses > MOST_PAUSES {
            bail!("it does not come on: {reason}");
        }
        tokio::time::sleep(PAUSE).await;
    }
}
