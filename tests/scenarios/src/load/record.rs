//! What a person knows: what was acknowledged to them, what they gave up on, and what they should not have been answered.

use std::time::SystemTime;

/// What a task is for, in this test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// To be changed, completed, reopened, deleted.
    Plain,
    /// Comes again the next day; completed and reopened.
    Recurring,
    /// Rings within seconds; never touched again.
    Ringing,
}

/// How an acknowledged command left a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// To be done.
    Open,
    /// Done.
    Completed,
    /// Gone.
    Deleted,
}

/// A task whose creation was acknowledged.
#[derive(Debug, Clone)]
pub struct Known {
    /// Its id.
    pub id: String,
    /// Its title, which no other task of this person has, but its next occurrences.
    pub title: String,
    /// What it is for.
    pub kind: Kind,
    /// How the last acknowledged command left it.
    pub state: State,
    /// How often a change was acknowledged: each is one event, as are the next two.
    pub updated: usize,
    /// How often completing it was acknowledged.
    pub completed: usize,
    /// How often reopening it was acknowledged.
    pub reopened: usize,
}

/// A request that had no answer.
#[derive(Debug, Clone)]
pub struct Unanswered {
    /// When it was sent.
    pub from: SystemTime,
    /// When it was given up.
    pub to: SystemTime,
    /// What was asked, and why there was no answer.
    pub how: String,
}

/// One person's record.
#[derive(Debug, Default)]
pub struct Record {
    /// Tasks whose creation was acknowledged.
    pub known: Vec<Known>,
    /// Titles of tasks that were asked for once, without an answer.
    pub in_doubt: Vec<(String, Kind)>,
    /// How many requests were put off, as is allowed: 503 with `Retry-After`.
    pub put_off: usize,
    /// Requests without an answer.
    pub unanswered: Vec<Unanswered>,
    /// Answers that nobody may get, whatever is broken behind.
    pub wrong: Vec<String>,
}

impl Record {
    /// How many commands were acknowledged.
    #[must_use]
    pub fn acknowledged(&self) -> usize {
        let of_task = |task: &Known| {
            let deleted = usize::from(task.state == State::Deleted);
            1 + task.updated + task.completed + task.reopened + deleted
        };
        self.known.iter().map(of_task).sum()
    }
}
