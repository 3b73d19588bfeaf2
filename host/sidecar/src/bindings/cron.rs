//! `bindings.cron`: calls a function by the clock. As Dapr's, it does not wait for a slow call before the next.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chrono::Utc;
use croner::Cron;
use croner::parser::{CronParser, Seconds};
use http::{Request, header};
use tracing::{error, warn};

use crate::components::{Component, duration};
use crate::{Apps, Sidecar};

enum Schedule {
    Every(Duration),
    Cron(Box<Cron>),
}

/// Starts the crons of all functions.
pub(crate) fn start(sidecar: &Arc<Sidecar>, apps: &Arc<dyn Apps>) {
    for component in sidecar
        .components
        .components
        .values()
        .filter(|component| component.kind == "bindings.cron")
    {
        let schedule = component
            .metadata
            .get("schedule")
            .map_or("", String::as_str);
        match parse(schedule) {
            Ok(schedule) => spawn(sidecar, apps, component, schedule),
            Err(reason) => error!("the cron {} never fires: {reason}", component.name),
        }
    }
}

fn parse(text: &str) -> Result<Schedule, String> {
    if let Some(interval) = text.strip_prefix("@every ") {
        return duration(interval.trim())
            .map(Schedule::Every)
            .map_err(|error| error.to_string());
    }
    let parser = CronParser::builder().seconds(Seconds::Optional).build();
    parser
        .parse(text)
        .map(|cron| Schedule::Cron(Box::new(cron)))
        .map_err(|error| error.to_string())
}

fn spawn(sidecar: &Arc<Sidecar>, apps: &Arc<dyn Apps>, component: &Component, schedule: Schedule) {
    let path = component
        .metadata
        .get("route")
        .cloned()
        .unwrap_or_else(|| format!("/{}", component.name));
    let app_ids = sidecar
        .app_ids
        .iter()
        .filter(|id| component.scopes.is_empty() || component.scopes.contains(id));
    let calls: Vec<(String, String)> = app_ids.map(|id| (id.clone(), path.clone())).collect();
    let (apps, token, mut stopped) = (
        Arc::clone(apps),
        sidecar.token.clone(),
        sidecar.stopping.subscribe(),
    );
    tokio::spawn(async move {
        let mut timer = match schedule {
            Schedule::Every(interval) => {
                let mut timer = tokio::time::interval(interval);
                timer.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
                timer.tick().await;
                Ok(timer)
            }
            Schedule::Cron(cron) => Err(cron),
        };
        loop {
            let tick = async {
                match &mut timer {
                    Ok(timer) => {
                        timer.tick().await;
                    }
                    Err(cron) => tokio::time::sleep(until_next(cron)).await,
                }
            };
            tokio::select! {
                () = tick => {}
                _ = stopped.wait_for(|stop| *stop) => return,
            }
            for (app_id, path) in &calls {
                tokio::spawn(fire(
                    Arc::clone(&apps),
                    app_id.clone(),
                    path.clone(),
                    token.clone(),
                ));
            }
        }
    });
}

fn until_next(cron: &Cron) -> Duration {
    let now = Utc::now();
    let next = cron.find_next_occurrence(&now, false).ok();
    next.and_then(|next| (next - now).to_std().ok())
        .unwrap_or(Duration::from_secs(60))
}

async fn fire(apps: Arc<dyn Apps>, app_id: String, path: String, token: String) {
    let request = Request::post(path)
        .header(header::HOST, "127.0.0.1")
        .header(header::CONTENT_TYPE, "application/json")
        .header("dapr-api-token", token)
        .body(Bytes::new());
    let Ok(request) = request else { return };
    match apps.call(&app_id, request).await {
        Ok(response) if response.status().is_success() => {}
        Ok(response) => warn!("a tick of {app_id} was answered {}", response.status()),
        Err(reason) => warn!("a tick of {app_id} was not answered: {reason}"),
    }
}
