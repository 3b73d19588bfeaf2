//! `nudge dlq`

use anyhow::Result;
use clap::{Args, Subcommand};
use nudge_broker::dead_letters::Id;
use nudge_broker::operator::{Daprs, Functions, Operator};

use super::broker::Broker;
use crate::environment::{self, Environment};

#[derive(Subcommand)]
pub(crate) enum Dlq {
    /// What functions could not process, and why.
    List(Broker),
    /// One of them, whole.
    Show(One),
    /// Gives it to the function that could not process it, and to no other. That is on the audit record.
    Replay(Delivered),
    /// Gives it up: it is not listed any more, and stays on its topic for as long as that keeps it. That is on the audit
    /// record.
    Discard(One),
}

#[derive(Args)]
pub(crate) struct One {
    #[command(flatten)]
    broker: Broker,
    /// The message, as `list` names it: topic/partition/offset.
    id: Id,
}

#[derive(Args)]
pub(crate) struct Delivered {
    #[command(flatten)]
    one: One,
    /// Where the functions are reached behind the ingress [default: INNER_URL, or that of the Nudge in --data]. They are shown
    /// APP_API_TOKEN of the environment.
    #[arg(long, value_name = "URL")]
    functions: Option<String>,
}

impl Dlq {
    pub(crate) fn run(self) -> Result<()> {
        match self {
            Self::List(broker) => operator(&broker, &broker.environment()?)?.list(),
            Self::Show(One { broker, id }) => operator(&broker, &broker.environment()?)?.show(&id),
            Self::Replay(Delivered {
                one: One { broker, id },
                functions,
            }) => {
                let environment = broker.environment()?;
                let inner_url = match functions {
                    Some(url) => url,
                    None => environment.get("INNER_URL")?,
                };
                let functions = Functions {
                    inner_url,
                    app_api_token: environment.get("APP_API_TOKEN")?,
                };
                operator(&broker, &environment)?.replay(&id, &functions)
            }
            Self::Discard(One { broker, id }) => {
                operator(&broker, &broker.environment()?)?.discard(&id)
            }
        }
    }
}

fn operator(broker: &Broker, environment: &Environment) -> Result<Operator> {
    Ok(Operator {
        connection: broker.connection(environment)?,
        daprs: Daprs {
            urls: environment.beginning_with("DAPR_"),
            api_token: environment.find("DAPR_API_TOKEN").unwrap_or_default(),
        },
        name: environment::operator(),
    })
}
