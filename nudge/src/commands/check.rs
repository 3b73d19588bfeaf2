//! `nudge check`

use anyhow::{Result, bail};
use clap::Args;
use nudge_host::check::check;
use nudge_host::recorder::Recorder;

use super::recorder::{Whose, with_recorder};

#[derive(Args)]
pub(crate) struct Check {
    /// Mends what differs.
    #[arg(long)]
    repair: bool,
    #[command(flatten)]
    whose: Whose,
}

impl Check {
    pub(crate) fn run(self) -> Result<()> {
        let Self { repair, whose } = self;
        with_recorder(whose, async |recorder, user_ids| {
            check_each(recorder, user_ids, repair).await
        })
    }
}

async fn check_each(recorder: &Recorder<'_>, user_ids: &[String], repair: bool) -> Result<()> {
    let mut wrong = 0;
    for user_id in user_ids {
        let checked = match check(recorder, user_id, repair).await {
            Ok(checked) => checked,
            Err(error) => {
                println!("{user_id}: failed: {error:#}");
                wrong += 1;
                continue;
            }
        };
        let (mended, left) = (checked.mended.len(), checked.left.len());
        println!(
            "{user_id}: {} checked, {mended} mended, {left} wrong",
            checked.checked
        );
        for line in &checked.mended {
            println!("{user_id}: mended: {line}");
        }
        for line in &checked.left {
            println!("{user_id}: wrong: {line}");
        }
        wrong += usize::from(left > 0);
    }
    if wrong > 0 {
        bail!(
            "what is derived of {wrong} of {} people is not as its sources say{}",
            user_ids.len(),
            if repair { "" } else { "; --repair mends it" }
        );
    }
    Ok(())
}
