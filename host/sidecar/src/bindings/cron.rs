//! `bindings.cron`: calls a function by the clock. As Dapr's, it does not wait for a slow call before the next.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chrono::Utc;
use croner::Cron;
use croner::parser::{CronParser, Seconds};
use http::{Request, header};
use tracing::warn;

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
        // One that can't be read has kept the host from starting.
        if let Ok(schedule) = of_component(component) {
            spawn(sidecar, apps, component, schedule);
        }
    }
}

/// Whether the schedule of a cron can be read.
pub(crate) fn check(component: &Component) -> Result<(), String> {
    of_component(component).map(|_| ())
}

fn of_component(component: &Component) -> Result<Schedule, String> {
    let schedule = component.metadata.get("schedule");
    parse(schedule.map_or("", String::as_str))
}

fn parse(text: &str) -> Result<Schedule, String> {
    let wrong =
        |reason: &dyn std::fmt::Display| format!("the schedule {text:?} can't be read: {reason}");
    if let Some(interval) = text.strip_prefix("@every ") {
        let interval = duration(interval.trim());
        return interval.map(Schedule::Every).map_err(|error| wrong(&error));
    }
    let parser = CronParser::builder().seconds(Seconds::Optional).build();
    parser
        .parse(text)
        .map(|cron| Schedule::Cron(Box::new(cron)))
        .map_err(|error| wrong(&error))
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A schedule, an instant, and the next one after it.
    #[test]
    fn schedules() {
        let table = [
            (
                "*/5 * * * *",
                "2031-03-01T10:02:30Z",
                "2031-03-01T10:05:00Z",
            ),
            (
                "30 * * * * *",
                "2031-03-01T10:02:30Z",
                "2031-03-01T10:03:30Z",
            ),
            (
                "0 0 9 * * MON",
                "2031-03-01T10:00:00Z",
                "2031-03-03T09:00:00Z",
            ),
            ("@daily", "2031-02-28T10:00:00Z", "2031-03-01T00:00:00Z"),
            ("@hourly", "2031-02-28T10:00:00Z", "2031-02-28T11:00:00Z"),
            ("0 0 29 2 *", "2031-03-01T00:00:00Z", "2032-02-29T00:00:00Z"),
        ];
        for (text, now, expected) in table {
            let Ok(Schedule::Cron(cron)) = parse(text) else {
                panic!("{text} is not taken");
            };
            let now: chrono::DateTime<Utc> = now.parse().expect(now);
            let next = cron.find_next_occurrence(&now, false).expect(text);
            assert_eq!(
                next,
                expected.parse::<chrono::DateTime<Utc>>().expect(expected),
                "{text}"
            );
        }
        let every = parse("@every 1m30s");
        assert!(matches!(every, Ok(Schedule::Every(interval)) if interval.as_secs() == 90));
        for bad in [
            "",
            "now and then",
            "@every",
            "@every soon",
            "@every 0s",
            "99 * * * *",
            "* * * * * * * *",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
