//! What is remembered from one message to the next.

use events::{Timestamp, UnknownFields};
use serde::{Deserialize, Serialize};

use crate::Known;
use crate::command::Command;

/// Most turns that can be undone.
const MAX_UNDO: usize = 20;

/// The document `conversation/{user}/{id}`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Conversation {
    /// How many messages there were.
    pub turn: u32,
    /// The tasks last shown, in the order of their numbers.
    pub shown: Vec<Mention>,
    /// The task last spoken of.
    pub last: Option<Mention>,
    /// What the person was asked.
    pub question: Option<Question>,
    /// How to take back what was done, oldest first.
    pub undo: Vec<Undo>,
    /// What a newer version says besides.
    #[serde(flatten)]
    pub unknown: UnknownFields,
}

/// A task that was spoken of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mention {
    /// Its id.
    pub id: String,
    /// Its title then.
    pub title: String,
    /// What a newer version says besides.
    #[serde(flatten)]
    pub unknown: UnknownFields,
}

impl From<&Known> for Mention {
    fn from(task: &Known) -> Self {
        Self {
            id: task.id.clone(),
            title: task.title.clone(),
            unknown: UnknownFields::default(),
        }
    }
}

/// A question that waits for its answer: the message is understood again, as it was when it was said, for the tasks
/// that the person chooses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// What the person had said.
    pub message: String,
    /// When.
    pub asked_at: Timestamp,
    /// By whose clocks.
    pub time_zone: String,
    /// What was asked.
    pub kind: QuestionKind,
    /// The tasks that may be meant.
    pub candidates: Vec<Mention>,
    /// What a newer version says besides.
    #[serde(flatten)]
    pub unknown: UnknownFields,
}

/// What a question asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QuestionKind {
    /// Which of these?
    Which,
    /// Really all of these?
    Sure,
}

/// How one turn is taken back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Undo {
    /// The turn.
    pub turn: u32,
    /// In the order in which they are to be carried out.
    pub commands: Vec<Command>,
    /// Whether the turn itself took one back: then only its number brings that again, so that "undo" goes further back
    /// each time.
    #[serde(default)]
    pub was_undo: bool,
    /// What a newer version says besides.
    #[serde(flatten)]
    pub unknown: UnknownFields,
}

impl Conversation {
    /// The key of a person's conversation.
    #[must_use]
    pub fn key(user: &str, id: &str) -> String {
        format!("conversation/{user}/{id}")
    }

    /// Remembers how this turn is taken back. `was_undo`: whether it took one back itself.
    pub fn can_undo(&mut self, commands: Vec<Command>, was_undo: bool) {
        if commands.is_empty() {
            return;
        }
        self.undo.push(Undo {
            turn: self.turn,
            commands,
            was_undo,
            unknown: UnknownFields::default(),
        });
        let surplus = self.undo.len().saturating_sub(MAX_UNDO);
        self.undo.drain(..surplus);
    }

    /// What takes back the turn with this number, or the last one. It can be taken back once.
    pub fn take_undo(&mut self, turn: Option<u32>) -> Option<Undo> {
        let at = match turn {
            Some(turn) => self.undo.iter().position(|undo| undo.turn == turn)?,
            None => self.undo.iter().rposition(|undo| !undo.was_undo)?,
        };
        Some(self.undo.remove(at))
    }
}

/// The message that takes back a turn: what an action of an answer has as its `undo`.
#[must_use]
pub fn undo_message(turn: u32) -> String {
    format!("undo {turn}")
}

/// The turn that a message such as `undo 3` is to take back.
#[must_use]
pub fn undo_turn(message: &str) -> Option<u32> {
    let (undo, turn) = message.trim().split_once(' ')?;
    let turn = undo.eq_ignore_ascii_case("undo").then(|| turn.parse().ok());
    turn.flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_are_taken_back_once_and_the_last_first() {
        let mut conversation = Conversation::default();
        for turn in 1..=25 {
            conversation.turn = turn;
            let delete = Command::Delete {
                id: turn.to_string(),
            };
            conversation.can_undo(vec![delete], turn == 20);
        }
        let turns = |undo: Option<Undo>| undo.map(|undo| undo.turn);
        assert_eq!(turns(conversation.take_undo(None)), Some(25));
        assert_eq!(turns(conversation.take_undo(Some(7))), Some(7));
        assert_eq!(turns(conversation.take_undo(Some(7))), None);
        assert_eq!(turns(conversation.take_undo(Some(3))), None, "too long ago");
        for turn in [24, 23, 22, 21, 19] {
            assert_eq!(turns(conversation.take_undo(None)), Some(turn));
        }
        assert_eq!(turns(conversation.take_undo(Some(20))), Some(20));
    }

    #[test]
    fn undo_messages() {
        assert_eq!(undo_turn(&undo_message(3)), Some(3));
        assert_eq!(undo_turn(" Undo 12 "), Some(12));
        assert_eq!(undo_turn("undo"), None);
        assert_eq!(undo_turn("undo the last one"), None);
    }

    #[test]
    fn what_a_newer_version_remembers_stays() {
        let later = || serde_json::json!({ "deep": [1] });
        let mention = serde_json::json!({ "id": "7", "title": "x", "later": later() });
        let stored = serde_json::json!({
            "turn": 3, "shown": [mention], "last": mention, "later": later(),
            "question": {
                "message": "x", "asked_at": "2026-01-01T00:00:00.000Z", "time_zone": "UTC", "kind": "which",
                "candidates": [mention], "later": later(),
            },
            "undo": [{
                "turn": 2, "commands": [{ "command": "delete", "id": "7" }], "was_undo": false, "later": later(),
            }],
        });
        let read: Conversation = serde_json::from_value(stored.clone()).expect("a conversation");
        assert_eq!(serde_json::to_value(read).expect("JSON"), stored);
    }
}
