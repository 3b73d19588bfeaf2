//! `nudge replay`

use anyhow::{Result, bail};
use clap::Args;
use nudge_host::recorder::Recorder;
use nudge_host::replay::replay;

use super::recorder::{Whose, with_recorder};
use crate::environment::operator;

#[derive(Args)]
pub(crate) struct Replay {
    /// Whose state was lost: reminder-service, recurrence-engine or notification-service.
    #[arg(long, value_name = "FUNCTION")]
    to: String,
    #[command(flatten)]
    whose: Whose,
}

impl Replay {
    pub(crate) fn run(self) -> Result<()> {
        let Self { to, whose } = self;
        with_recorder(whose, async |recorder, user_ids| {
            replay_each(recorder, &to, user_ids).await
        })
    }
}

async fn replay_each(recorder: &Recorder<'_>, to: &str, user_ids: &[String]) -> Result<()> {
    let operator = operator();
    let mut failed = 0;
    for user_id in user_ids {
        // What one person's record is like must not keep it from the others.
        let replayed = match replay(recorder, to, user_id, &operator).await {
            Ok(replayed) => replayed,
            Err(error) => {
                println!("{user_id}: failed: {error:#}");
                failed += 1;
                continue;
            }
        };
        println!(
            "{user_id}: {} tasks told, {} restored",
            replayed.told, replayed.restored
        );
        for refused in &replayed.refused {
            println!("{user_id}: not understood: {refused}");
        }
    }
    if failed > 0 {
        bail!(
            "{failed} of {} people's records were not told to the end; repeating it does no harm",
            user_ids.len()
        );
    }
    Ok(())
}
