//! `bindings.cron`: calls a function by the clock. As Dapr's, it does not wait for a slow call before the next; but where
//! several are at work already, it leaves one out.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use croner::Cron;
use http::{Request, header};
use tokio::sync::{Semaphore, watch};
use tracing::{error, warn};

use crate::apps::{Apps, Cause};
use crate::components::{Component, Components};
use crate::schedule::Schedule;

/// Most calls of one function by one cron at work at once. What is slow must not take all that others need.
const AT_WORK: usize = 4;
/// The longest that a schedule sleeps before it looks at the clock again, which may have been set meanwhile.
const LONGEST_SLEEP: Duration = Duration::from_secs(20);

/// Whom the crons call, and until when.
pub(crate) struct Functions<'a> {
    pub(crate) app_ids: &'a [String],
    pub(crate) token: &'a str,
    pub(crate) apps: &'a Arc<dyn Apps>,
    pub(crate) stopping: &'a watch::Sender<bool>,
}

/// Starts the crons of all functions.
pub(crate) fn start(components: &Components, functions: &Functions<'_>) {
    for component in components.components.values() {
        if let Some(schedule) = component.schedule.clone() {
            spawn(functions, component, schedule);
        }
    }
}

fn spawn(functions: &Functions<'_>, component: &Component, schedule: Schedule) {
    let path = component
        .metadata
        .get("route")
        .cloned()
        .unwrap_or_else(|| format!("/{}", component.name));
    let app_ids = functions
        .app_ids
        .iter()
        .filter(|id| component.scopes.is_empty() || component.scopes.contains(id));
    let calls: Vec<Arc<Call>> = app_ids
        .map(|id| {
            Arc::new(Call {
                apps: Arc::clone(functions.apps),
                app_id: id.clone(),
                path: path.clone(),
                token: functions.token.to_owned(),
                free: Arc::new(Semaphore::new(AT_WORK)),
            })
        })
        .collect();
    let mut stopped = functions.stopping.subscribe();
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
                    Err(cron) => wait_for_next(cron, Utc::now).await,
                }
            };
            tokio::select! {
                () = tick => {}
                _ = stopped.wait_for(|stop| *stop) => return,
            }
            for call in &calls {
                match Arc::clone(&call.free).try_acquire_owned() {
                    Ok(turn) => {
                        let call = Arc::clone(call);
                        tokio::spawn(async move {
                            call.fire().await;
                            drop(turn);
                        });
                    }
                    Err(_) => warn!(
                        "a tick of {} is left out: {AT_WORK} are at work",
                        call.app_id
                    ),
                }
            }
        }
    });
}

/// Waits for the next time of a schedule by the wall clock, which may be set meanwhile: forward, then what was passed over is
/// due at once, and once; back, then the next time is another one.
async fn wait_for_next(cron: &Cron, now: impl Fn() -> DateTime<Utc>) {
    let mut begun = now();
    loop {
        let seen = now();
        if seen < begun {
            begun = seen;
        }
        // A schedule that has no next time is never due.
        let next = cron.find_next_occurrence(&begun, false).ok();
        let left = match next {
            Some(next) if next <= seen => return,
            Some(next) => (next - seen).to_std().unwrap_or(LONGEST_SLEEP),
            None => LONGEST_SLEEP,
        };
        tokio::time::sleep(left.min(LONGEST_SLEEP)).await;
    }
}

/// Whom a cron calls.
struct Call {
    apps: Arc<dyn Apps>,
    app_id: String,
    path: String,
    token: String,
    free: Arc<Semaphore>,
}

impl Call {
    async fn fire(&self) {
        let app_id = &self.app_id;
        let request = Request::post(&self.path)
            .extension(Cause::Tick)
            .header(header::HOST, "127.0.0.1")
            .header(header::CONTENT_TYPE, "application/json")
            .header("dapr-api-token", &self.token)
            .body(Bytes::new());
        let request = match request {
            Ok(request) => request,
            Err(error) => {
                error!("the route {} of {app_id} is no path: {error}", self.path);
                return;
            }
        };
        match self.apps.call(app_id, request).await {
            Ok(response) if response.status().is_success() => {}
            Ok(response) => warn!("a tick of {app_id} was answered {}", response.status()),
            Err(reason) => warn!("a tick of {app_id} was not answered: {reason}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// A wall clock that runs with tokio's, and can be set.
    struct Clock {
        begun: tokio::time::Instant,
        /// What it said then.
        said: Mutex<DateTime<Utc>>,
    }

    impl Clock {
        fn at(text: &str) -> Arc<Self> {
            Arc::new(Self {
                begun: tokio::time::Instant::now(),
                said: Mutex::new(text.parse().expect(text)),
            })
        }

        fn set(&self, ahead: chrono::Duration) {
            *self.said.lock().expect("no panic") += ahead;
        }

        fn now(&self) -> DateTime<Utc> {
            *self.said.lock().expect("no panic") + self.begun.elapsed()
        }
    }

    /// A clock that is set while a schedule sleeps delays nothing by more than a look at it.
    ///
    /// Seen to fail: with one sleep until the time that was next when it began.
    #[tokio::test(start_paused = true)]
    async fn a_clock_that_is_set_meanwhile() {
        let Ok(Schedule::Cron(cron)) = Schedule::parse("0 * * * *") else {
            panic!("hourly");
        };
        // Set by so many minutes a minute after 10:00, and how long the next firing takes from there.
        for (ahead, minutes) in [
            (0, 59),
            (30, 29),
            (180, 0),
            (-30, 29),
            (-600, 59),
            (525_600, 0),
        ] {
            let clock = Clock::at("2031-03-01T10:00:30Z");
            let waiting = Arc::clone(&clock);
            let cron = cron.clone();
            let fired = tokio::spawn(async move { wait_for_next(&cron, || waiting.now()).await });
            tokio::time::sleep(Duration::from_secs(30)).await;
            clock.set(chrono::Duration::minutes(ahead));
            let set = tokio::time::Instant::now();
            fired.await.expect("it fires");
            let late = set
                .elapsed()
                .saturating_sub(Duration::from_secs(60 * minutes));
            assert!(
                late <= LONGEST_SLEEP && set.elapsed() >= Duration::from_secs(60 * minutes),
                "{ahead}: {:?}",
                set.elapsed()
            );
        }
    }
}
