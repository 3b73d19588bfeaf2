//! The clock of a daprd and that of the broker are set, by an hour and by a year, and back again: cron ticks, a delivery is
//! tried again, and what is published is delivered, as if nothing had happened.
//!
//! Seen to fail: with Dapr's own cron, which waits for as long as the clock was set back.

use std::time::{Duration, Instant};

use conformance::{Group, Member, wall_clock};

const HOUR: i32 = 3_600;
const YEAR: i32 = 365 * 24 * HOUR;
/// Kafka takes no message that its publisher has dated more than an hour ahead (`message.timestamp.after.max.ms`).
const TAKEN_AHEAD: i32 = HOUR - 600;
/// How long what comes every second may take to come five times more, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// What must go on, whatever the clock says.
async fn goes_on(group: &Group, what: &str) {
    let (ticks, tries) = counts(group);
    let began = Instant::now();
    loop {
        let now = counts(group);
        if now.0 >= ticks + 5 && now.1 >= tries + 5 {
            return;
        }
        assert!(
            began.elapsed() < PATIENCE,
            "{what}: from {ticks} ticks and {tries} tries to {now:?}"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn counts(group: &Group) -> (usize, usize) {
    let ticks = group.app.heard("/tick", "").len();
    (ticks, group.app.heard("/events", "endless").len())
}

async fn is_delivered(group: &Group, member: &Member, what: &str) {
    for key in 0..6 {
        let marker = format!("{what}-{key}.");
        group
            .publish(member, &format!("{what}-{key}"), &[&marker])
            .await;
    }
    // Some share the partition of the delivery that is tried without end.
    group.app.hears("/events", &format!("{what}-"), 3).await;
    group.is_whole(1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs real parts: cargo xtask test dapr"]
async fn clocks_are_set_ahead_and_back() {
    let group = Group::open().await;
    let member = group.joins().await;
    group.app.answers("endless", &[(503, "")]);
    group.publish(&member, "endless", &["endless"]).await;
    group.app.hears("/events", "endless", 1).await;

    let broker = std::env::var("CONFORMANCE_KAFKA_PID").expect("CONFORMANCE_KAFKA_PID");
    let broker = broker.parse().expect("a process");
    for (name, pid, ahead) in [
        ("daprd-by-minutes", member.pid(), TAKEN_AHEAD),
        ("daprd-by-a-year", member.pid(), YEAR),
        ("broker-by-an-hour", broker, HOUR),
    ] {
        wall_clock::set_ahead(pid, ahead);
        goes_on(&group, name).await;
        // A publisher who is further ahead has to wait for its clock; a broker may be ahead of its publishers.
        if ahead < YEAR {
            is_delivered(&group, &member, &format!("{name}-ahead")).await;
        }
        wall_clock::set_ahead(pid, 0);
        goes_on(&group, name).await;
        is_delivered(&group, &member, &format!("{name}-back")).await;
    }

    group.app.recovers("endless");
    group.app.hears("/events", "-back-", 18).await;
    group.app.hears("/events", "-ahead-", 12).await;
}
