//! The sidecar as a whole: its parts, and their beginning and end.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::sync::watch;

use crate::apps::{Apps, Internal};
use crate::bindings::{cron, smtp};
use crate::components::Components;
use crate::external::External;
use crate::pubsub::Broker;
use crate::store::{self, Store, WriteError};

/// How long running deliveries may take to end when the sidecar stops.
const STOP_LIMIT: Duration = Duration::from_secs(10);
/// How often what has expired is removed.
const TIDY_EVERY: Duration = Duration::from_secs(60);
/// How long writers have the store to themselves between two steps that make it smaller.
const SHRINK_PAUSE: Duration = Duration::from_millis(20);
/// The largest database that is looked over at every start, in bytes: some seconds of reading, beside the work.
const LOOK_OVER: u64 = 512 * 1024 * 1024;

/// Where things are, and whom the sidecar serves.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The SQLite file; made if need be.
    pub database: PathBuf,
    /// The folder of Dapr's YAML files.
    pub components: PathBuf,
    /// The functions.
    pub app_ids: Vec<String>,
    /// What the sidecar proves itself with towards the functions (`dapr-api-token`).
    pub app_api_token: String,
    /// Whether external calls may go to loopback and private addresses.
    pub allow_private: bool,
    /// Most deliveries at work at once, over all subscriptions.
    pub max_deliveries: usize,
}

/// Dapr for all functions of the process.
pub struct Sidecar {
    pub(crate) app_ids: Vec<String>,
    pub(crate) token: String,
    database: PathBuf,
    pub(crate) store: Arc<Store>,
    pub(crate) components: Arc<Components>,
    pub(crate) broker: Arc<Broker>,
    pub(crate) external: External,
    pub(crate) apps: OnceLock<Arc<dyn Apps>>,
    pub(crate) smtp: smtp::Line,
    pub(crate) stopping: watch::Sender<bool>,
}

impl Sidecar {
    /// Opens the database and reads the components.
    ///
    /// # Errors
    /// When another process has the database, or a YAML file is not as it should be; the message names the file.
    pub async fn open(settings: Settings, internal: Arc<dyn Internal>) -> Result<Arc<Self>> {
        let components = Arc::new(Components::read(&settings.components)?);
        let store =
            Arc::new(Store::open(&settings.database).with_context(|| {
                format!("can't use the data in {}", settings.database.display())
            })?);
        let (stopping, stopped) = watch::channel(false);
        let broker = Broker::open(
            Arc::clone(&store),
            Arc::clone(&components),
            settings.app_api_token.clone(),
            &settings.app_ids,
            settings.max_deliveries,
            stopped,
        )?;
        Ok(Arc::new(Self {
            app_ids: settings.app_ids,
            token: settings.app_api_token,
            database: settings.database,
            store,
            components,
            broker,
            external: External::new(internal, settings.allow_private)?,
            apps: OnceLock::new(),
            smtp: smtp::Line::default(),
            stopping,
        }))
    }

    /// Begins to deliver messages and to fire crons.
    pub fn start(self: &Arc<Self>, apps: &Arc<dyn Apps>) {
        if self.apps.set(Arc::clone(apps)).is_err() {
            return;
        }
        self.broker.start(apps);
        cron::start(
            &self.components,
            &cron::Functions {
                app_ids: &self.app_ids,
                token: &self.token,
                apps,
                stopping: &self.stopping,
            },
        );
        let (store, subscribers) = (Arc::clone(&self.store), self.broker.subscribers());
        let mut stopped = self.stopping.subscribe();
        tokio::spawn(async move {
            loop {
                if let Err(error) = tidy(&store, &subscribers).await {
                    tracing::warn!("what has expired stays for now: {error}");
                }
                let stop = stopped.wait_for(|stop| *stop);
                if tokio::time::timeout(TIDY_EVERY, stop).await.is_ok() {
                    return;
                }
            }
        });
        let database = self.database.clone();
        let looking = std::thread::Builder::new().name("look-over".to_owned());
        if let Err(error) = looking.spawn(move || look_over(&database)) {
            tracing::warn!("the database is not looked over: {error}");
        }
    }

    /// Whether any mail can be sent: a component of the kind has a mail server.
    #[must_use]
    pub fn sends_mail(&self) -> bool {
        let mut components = self.components.components.values();
        components.any(smtp::has_server)
    }

    /// What SQLite finds wrong with the database, which it reads as a whole; nothing where all is well.
    ///
    /// # Errors
    /// When it can't be looked at.
    pub fn damage(&self) -> Result<Vec<String>> {
        store::damage(&self.database)
    }

    /// Ends deliveries and crons, waits for those at work, and closes the database.
    pub async fn stop(&self) {
        self.stopping.send_replace(true);
        if tokio::time::timeout(STOP_LIMIT, self.broker.finish())
            .await
            .is_err()
        {
            tracing::warn!(
                "some deliveries did not end in time; they come again at the next start"
            );
        }
        self.store.checkpoint().await;
    }

    /// Resolves when no message is waiting or being delivered.
    pub async fn idle(&self) {
        self.broker.idle().await;
    }
}

/// Removes what has expired, and gives back the room, bit by bit.
async fn tidy(store: &Store, subscribers: &[String]) -> Result<(), WriteError> {
    store.purge(subscribers.to_vec()).await?;
    while store.shrink().await? {
        tokio::time::sleep(SHRINK_PAUSE).await;
    }
    Ok(())
}

/// Says in the log what is wrong with the database. By a connection of its own, so that nobody waits.
fn look_over(database: &Path) {
    if std::fs::metadata(database).is_ok_and(|file| file.len() > LOOK_OVER) {
        return;
    }
    match store::damage(database) {
        Ok(damage) if damage.is_empty() => {}
        Ok(damage) => tracing::error!(
            "the database is damaged; restore a copy of the data folder: {}",
            damage.join("; ")
        ),
        Err(error) => tracing::error!("the database can't be looked over: {error:#}"),
    }
}
