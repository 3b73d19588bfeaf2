//! The audit service that a command asks, and about whom.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use nudge_host::app::{App, Dapr, Settings, sign_in_folder};
use nudge_host::recorder::Recorder;
use nudge_host::sign_in::SignIn;

use crate::application::Files;
use crate::environment::Environment;

/// Whose data is meant, and where it is.
#[derive(Args)]
pub(crate) struct Whose {
    /// Only this person's.
    #[arg(long, value_name = "NAME")]
    pub(crate) user: Option<String>,
    /// Only this person's, by the id that keys and events have; may be given several times.
    #[arg(long, value_name = "ID", conflicts_with = "user")]
    pub(crate) user_id: Vec<String>,
    /// Where Dapr finds the functions of a Nudge that runs with real parts [default: INNER_URL, or that of the Nudge in
    /// --data]. They are shown APP_API_TOKEN of the environment. Where there is neither, a Nudge that does not run is opened.
    #[arg(long, value_name = "URL")]
    inner_url: Option<String>,
    /// Where everything is kept.
    #[arg(long, default_value = ".nudge")]
    data: PathBuf,
    #[command(flatten)]
    files: Files,
}

/// Asks the audit service of a Nudge that runs, or opens one that does not.
pub(crate) fn with_recorder(
    whose: Whose,
    ask: impl AsyncFnOnce(&Recorder<'_>, &[String]) -> Result<()>,
) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let user_ids = match whose.user_id.is_empty() {
            true => SignIn::open(&sign_in_folder(&whose.data), false)?
                .user_ids(whose.user.as_deref())?,
            false => whose.user_id,
        };
        let environment = Environment::of(&whose.data)?;
        if let Some(url) = whose.inner_url.or_else(|| environment.find("INNER_URL")) {
            let app_api_token = environment.get("APP_API_TOKEN")?;
            let recorder = Recorder::At {
                url: &url,
                app_api_token: &app_api_token,
            };
            return ask(&recorder, &user_ids).await;
        }
        let found = whose.files.find(&whose.data)?;
        let app = App::start(&Settings {
            manifest: found.manifest,
            dapr: Dapr::Within {
                components: found.components,
                allow_private: false,
            },
            data: whose.data,
            demand_passphrases: false,
            public_url: "http://localhost:3000".to_owned(),
        })
        .await?;
        let asked = ask(&Recorder::Within(&app), &user_ids).await;
        app.stop().await;
        asked
    })
}
