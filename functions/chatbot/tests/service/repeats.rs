//! Requests that come twice under one key: each has its effect once, whole, and answers nothing but itself.

use std::cell::RefCell;
use std::rc::Rc;

use dapr::fake::{Fault, Interleaving};
use serde_json::{Value, json};

use super::fixture::World;

/// Something that is sent, and may be again.
type Sending<'a> = &'a dyn Fn() -> (u16, Value);

/// More operations than any request here needs.
const MOST_OPERATIONS: u64 = 80;

/// Faults at each operation of a request, as long as it still has one of that number.
fn faults() -> impl Iterator<Item = Fault> {
    (1..=MOST_OPERATIONS).flat_map(|at| {
        [
            Fault::CrashAt(at),
            Fault::LoseAnswerAt(at),
            Fault::FailAt(at),
        ]
    })
}

/// Seen to fail: a message under the key of another one was answered that one's success, and did nothing.
#[test]
fn a_key_stands_for_one_message() {
    let _clock = Interleaving::new(0);
    let world = World::new();
    let (status, first) = world.says("k", "add buy stamps");
    assert_eq!(status, 200, "{first}");
    assert_eq!(world.says("k", "add buy stamps"), (200, first));
    for message in ["add buy envelopes", "delete buy stamps", "add buy stamps "] {
        let (status, problem) = world.says("k", message);
        assert_eq!(status, 409, "{message}: {problem}");
    }
    let text = json!({ "text": "buy stamps", "time_zone": "Europe/Berlin" });
    assert_eq!(world.sends("/api/quick-add", "k", &text).0, 409);
    assert_eq!(world.titles("open"), ["Buy stamps"]);
    assert_eq!(world.sends("/api/quick-add", "q", &text).0, 201);
    assert_eq!(world.says("q", "buy stamps").0, 409);
}

/// What a message comes to depends on the time; a repeat is the same message all the same.
///
/// Seen to fail: the repeat was refused, for its task was due a minute later.
#[test]
fn a_text_is_the_same_a_minute_later() {
    for path in ["/api/quick-add", "/api/chat"] {
        let mut clock = Interleaving::new(0);
        let world = World::new();
        let body = match path {
            "/api/chat" => {
                json!({ "message": "stir the soup in 5 minutes", "time_zone": "Europe/Berlin" })
            }
            _ => json!({ "text": "stir the soup in 5 minutes", "time_zone": "Europe/Berlin" }),
        };
        let (status, first) = world.sends(path, "k", &body);
        assert!(matches!(status, 200 | 201), "{first}");
        clock.wait_ms(61_000);
        assert_eq!(world.sends(path, "k", &body), (status, first), "{path}");
        assert_eq!(world.titles("open"), ["Stir the soup"]);
    }
}

/// A request that ended anywhere on its way is carried out to its end by a repeat, however late: all of it, nothing twice, and
/// with an answer that tells all of it and can take all of it back.
///
/// Seen to fail: by a plan that was made anew of what the first try had left.
#[test]
fn a_message_that_ended_half_way_is_carried_on() {
    let chores: Vec<String> = (1..=5).map(|number| format!("Chore {number}")).collect();
    let message = "complete everything due today";
    let mut interrupted = 0;
    for fault in faults() {
        let mut clock = Interleaving::new(0);
        let world = World::new();
        let today = dapr::fake::clock().date_naive();
        for chore in &chores {
            world.adds(
                &json!({ "title": chore, "due": { "date": today, "time_zone": "Europe/Berlin" } }),
            );
        }
        world.says("warm up", "hello");
        world.dapr().set_fault(Some(fault));
        let (status, _) = world.says("k", message);
        world.dapr().set_fault(None);
        interrupted += u32::from(status != 200);
        clock.wait_ms(2_000);
        let (status, answer) = world.says("k", message);
        assert_eq!(status, 200, "{fault:?}: {answer}");
        let done = answer["actions"].as_array().map_or(0, Vec::len);
        assert_eq!(done, chores.len(), "{fault:?}: {answer}");
        assert_eq!(world.titles("completed"), chores, "{fault:?}");
        assert_eq!(world.says("k", message), (200, answer.clone()), "{fault:?}");
        let undo = answer["actions"][0]["undo"].as_str().expect("an undo");
        let (_, undone) = world.says("u", undo);
        assert_eq!(world.titles("open"), chores, "{fault:?}: {undone}");
    }
    assert!(interrupted > 10, "{interrupted} requests were interrupted");
}

/// The same of what makes tasks, and of what takes that back: none is lost, and there is none twice.
#[test]
fn nothing_is_made_twice_by_a_repeat() {
    for fault in faults() {
        let _clock = Interleaving::new(0);
        let world = World::new();
        world.says("warm up", "hello");
        let text = json!({ "text": "water the plants tomorrow", "time_zone": "Europe/Berlin" });
        let steps: [(&str, Sending<'_>, &[&str]); 4] = [
            ("add", &|| world.says("a", "add buy milk"), &["Buy milk"]),
            ("delete", &|| world.says("d", "delete buy milk"), &[]),
            ("undo", &|| world.says("u", "undo"), &["Buy milk"]),
            (
                "quick-add",
                &|| world.sends("/api/quick-add", "q", &text),
                &["Buy milk", "Water the plants"],
            ),
        ];
        for (name, step, left) in steps {
            world.dapr().set_fault(Some(fault));
            step();
            world.dapr().set_fault(None);
            let (status, answer) = step();
            assert!(matches!(status, 200 | 201), "{name} {fault:?}: {answer}");
            assert_eq!(world.titles("open"), left, "{name} {fault:?}: {answer}");
            if name != "quick-add" {
                let actions = answer["actions"].as_array().map_or(0, Vec::len);
                assert_eq!(actions, 1, "{name} {fault:?}: {answer}");
            }
        }
    }
}

/// Of two messages at once, neither forgets what the other one did.
///
/// Seen to fail: when what is kept was written whatever had become of it meanwhile.
#[test]
fn messages_at_once_can_both_be_taken_back() {
    let mut clock = Interleaving::new(3);
    let world = Rc::new(World::new());
    world.says("warm up", "hello");
    for title in ["Milk", "Bread", "Eggs", "Salt"] {
        let world = Rc::clone(&world);
        clock.spawn(async move {
            let (status, answer) = world.says_in_turn(title, &format!("add {title}")).await;
            assert_eq!(status, 200, "{answer}");
        });
    }
    clock.run_out(0);
    assert_eq!(world.titles("open").len(), 4);
    for left in [3, 2, 1, 0] {
        let (_, answer) = world.says(&format!("undo {left}"), "undo");
        assert_eq!(world.titles("open").len(), left, "{answer}");
    }
}

/// The same message twice at once, as by somebody who presses again: it is done once, and both hear the same.
///
/// Seen to fail: when what a message comes to was kept whether or not somebody else had kept it first.
#[test]
fn the_same_message_at_once_is_done_once() {
    for seed in 0..40 {
        let mut clock = Interleaving::new(seed);
        let world = Rc::new(World::new());
        world.says("warm up", "hello");
        let answers = Rc::new(RefCell::new(Vec::new()));
        for _ in 0..3 {
            let (world, answers) = (Rc::clone(&world), Rc::clone(&answers));
            clock.spawn(async move {
                let answer = world.says_in_turn("k", "stir the soup in 5 minutes").await;
                answers.borrow_mut().push(answer);
            });
            clock.turn(0);
        }
        clock.run_out(30_000);
        let answers = answers.take();
        assert_eq!(world.titles("open"), ["Stir the soup"], "seed {seed}");
        let (status, first) = &answers[0];
        assert_eq!(*status, 200, "seed {seed}: {first}");
        for answer in &answers {
            assert_eq!(answer, &answers[0], "seed {seed}");
        }
        let (_, undone) = world.says("u", "undo");
        assert!(world.titles("open").is_empty(), "seed {seed}: {undone}");
    }
}
