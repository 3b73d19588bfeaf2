//! What is not written down.

use dapr::fake::Interleaving;
use serde_json::json;

use super::fixture::World;

/// What is taken back in the same breath, and what asks for no reminder, makes no task, however it is sent.
///
/// Seen to fail: all of them were added, and the first one rang.
#[test]
fn what_is_taken_back_is_not_written_down() {
    let _clock = Interleaving::new(0);
    let world = World::new();
    for (number, text) in [
        "Remind me in 1 minute to stretch, actually don't remind me",
        "add milk, no, don't",
        "I don't mind if you never remind me about the gym",
        "please do not remind me to stretch",
        "don't add milk to my list",
        "call the plumber tomorrow. Never mind.",
    ]
    .into_iter()
    .enumerate()
    {
        let (status, answer) = world.says(&format!("chat {number}"), text);
        assert_eq!(
            (status, &answer["actions"]),
            (200, &json!([])),
            "{text}: {answer}"
        );
        let body = json!({ "text": text, "time_zone": "Europe/Berlin" });
        let key = format!("quick-add {number}");
        let (status, problem) = world.sends("/api/quick-add", &key, &body);
        assert_eq!(status, 422, "{text}: {problem}");
    }
    assert!(world.titles("open").is_empty());
}

/// A date that is only a part of what was said is none; the answer says so, and nothing of the text is lost.
#[test]
fn half_a_date_is_none() {
    let _clock = Interleaving::new(0);
    let world = World::new();
    let (_, answer) = world.says("k", "board meeting on the fifth tuesday of february 2027");
    assert_eq!(
        answer["reply"],
        "Added “Board meeting on the fifth tuesday of february 2027”. I can't tell which day “on the fifth tuesday of february 2027” is, so I set none."
    );
    assert_eq!(answer["actions"][0]["task"]["due"], json!(null));
}

/// What a message puts right is what counts, in the same breath and in the next; a command with a "not" before it, or one that
/// is understood in part only, changes nothing and becomes no task.
///
/// Seen to fail: the first made a task for tomorrow, "no, saturday" left it there, and the others were added as tasks, some of
/// them with a date or a recurrence; the last one deleted the task.
#[test]
fn what_is_put_right_counts_and_half_a_command_does_nothing() {
    let _clock = Interleaving::new(0);
    let world = World::new();
    let (_, answer) = world.says("first", "call mom tomorrow at 9am, no wait, 8 may 2031");
    let due = &answer["actions"][0]["task"]["due"];
    assert_eq!(
        (&due["date"], &due["time"]),
        (&json!("2031-05-08"), &json!("09:00")),
        "{answer}"
    );
    let (_, answer) = world.says("second", "no, 9 may 2031");
    let due = &answer["actions"][0]["task"]["due"];
    assert_eq!(
        (&due["date"], &due["time"]),
        (&json!("2031-05-09"), &json!("09:00")),
        "{answer}"
    );
    for (number, text) in [
        "don't make it weekly",
        "make it weekly and move it to friday",
        "make it every 2 hours",
        "move call mom to friday or saturday",
        "don't delete call mom",
        "delete everything except call mom",
        "delete call mom, actually no, keep it",
        "remove the reminder from call mom",
    ]
    .into_iter()
    .enumerate()
    {
        let (status, answer) = world.says(&format!("chat {number}"), text);
        assert_eq!(
            (status, &answer["actions"]),
            (200, &json!([])),
            "{text}: {answer}"
        );
    }
    assert_eq!(world.titles("open"), ["Call mom"]);
}
