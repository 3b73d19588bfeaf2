//! By whose clocks a sentence is meant.

use dapr::fake::Interleaving;
use serde_json::{Value, json};

use super::fixture::World;

const SENTENCES: [(&str, &str); 3] = [
    ("/api/chat", "message"),
    ("/api/quick-add", "text"),
    ("/api/quick-add/preview", "text"),
];

/// Without a zone in the request it is that of the preferences; where there is none yet, UTC.
#[test]
fn the_persons_own_zone_counts() {
    let _clock = Interleaving::new(0);
    let world = World::new();
    let preview = || {
        let body = json!({ "text": "call the bank tomorrow at 9" });
        world.sends("/api/quick-add/preview", "k", &body).1["time_zone"].clone()
    };
    assert_eq!(preview(), "UTC");
    world.prefers(200, json!({ "time_zone": "America/New_York" }));
    assert_eq!(preview(), "America/New_York");
}

/// What a service answers that can't or may not say it is no zone: nothing is understood by another one's clocks.
///
/// Seen to fail: the access lists refused the question, and everybody's sentences were read in UTC.
#[test]
fn a_refusal_is_no_zone() {
    let _clock = Interleaving::new(0);
    for (status, answer) in [
        (403, json!({ "errorCode": "ERR_DIRECT_INVOKE" })),
        (500, json!({ "errorCode": "ERR_DIRECT_INVOKE" })),
        (404, json!({})),
        (200, Value::Null),
        (200, json!({ "time_zone": "Mars/Olympus" })),
    ] {
        let world = World::new();
        world.prefers(status, answer.clone());
        for (path, field) in SENTENCES {
            let body = json!({ field: "call the bank tomorrow at 9" });
            let (said, problem) = world.sends(path, path, &body);
            assert_eq!(said, 503, "{path} {answer}: {problem}");
        }
        assert!(world.titles("open").is_empty());
        for (path, field) in SENTENCES {
            let body = json!({ field: "call the bank", "time_zone": "Europe/Berlin" });
            let (said, problem) = world.sends(path, &format!("{path} 2"), &body);
            assert!(said < 300, "{path} {answer}: {problem}");
        }
    }
}
