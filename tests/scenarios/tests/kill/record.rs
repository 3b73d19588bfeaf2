//! What a person knows: what was acknowledged to them, and what they gave up on.

/// What a task is for, in this test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// To be changed, completed, reopened, deleted.
    Plain,
    /// Comes again the next day; completed and reopened.
    Recurring,
    /// Rings within seconds; never touched again.
    Ringing,
}

/// How an acknowledged command left a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Open,
    Completed,
    Deleted,
}

/// A task whose creation was acknowledged.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) kind: Kind,
    pub(crate) state: State,
    /// Acknowledged commands, each of which is one event.
    pub(crate) updated: usize,
    pub(crate) completed: usize,
    pub(crate) reopened: usize,
}

/// One person's record.
#[derive(Debug, Default)]
pub(crate) struct Record {
    pub(crate) known: Vec<Known>,
    /// Titles of tasks that were asked for once, without an answer.
    pub(crate) in_doubt: Vec<(String, Kind)>,
}

impl Record {
    /// How many commands were acknowledged.
    pub(crate) fn acknowledged(&self) -> usize {
        let of_task = |task: &Known| {
            let deleted = usize::from(task.state == State::Deleted);
            1 + task.updated + task.completed + task.reopened + deleted
        };
        self.known.iter().map(of_task).sum()
    }
}
