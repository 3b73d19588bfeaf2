//! `nudge erase`

use anyhow::{Result, bail};
use clap::Args;
use nudge_host::erase::erase;

use super::recorder::{Whose, with_recorder};
use crate::environment::operator;

#[derive(Args)]
pub(crate) struct Erase {
    /// Who asks for it: it stays on record for ever, so the name of an operator or a ticket, nothing of the person [default:
    /// who runs this]
    #[arg(long, value_name = "NAME")]
    asked_by: Option<String>,
    #[command(flatten)]
    whose: Whose,
}

impl Erase {
    pub(crate) fn run(self) -> Result<()> {
        let Self { asked_by, whose } = self;
        if whose.user.is_none() && whose.user_id.is_empty() {
            bail!("say whose data is to be erased: --user NAME or --user-id ID");
        }
        let asked_by = asked_by.unwrap_or_else(operator);
        with_recorder(whose, async |recorder, user_ids| {
            for user_id in user_ids {
                erase(recorder, user_id, &asked_by).await?;
                println!("{user_id}: erased");
            }
            Ok(())
        })
    }
}
