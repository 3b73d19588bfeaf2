//! The phrases of `readers/guard`.

/// Verbs that are said of tasks only.
pub(crate) const OF_THE_LIST: &[&str] = &[
    "snooze",
    "postpone",
    "reschedule",
    "defer",
    "unsnooze",
    "rename",
    "retitle",
    "delay",
    "bump",
    "skip",
];

/// What forbids the command behind it.
pub(crate) const FORBIDDING: &[&str] = &[
    "don't",
    "do not",
    "dont",
    "never",
    "don't ever",
    "don't you dare",
    "you shouldn't",
    "you should not",
    "i don't want to",
    "i don't want you to",
    "i do not want to",
    "i do not want you to",
];

/// What makes a task of a "don't": "don't forget …".
pub(crate) const NOT_FORBIDDING: &[&str] = &["forget", "let", "be", "repeat"];

/// What puts right what was said before it, whatever that was.
pub(crate) const TURNED: &[&str] = &[
    "no wait",
    "wait no",
    "actually no",
    "no actually",
    "sorry no",
    "no sorry",
    "scratch that",
    "strike that",
    "on second thought",
    "on second thoughts",
    "correction",
];

/// What says when, but nobody can tell when that is.
pub(crate) const VAGUE: &[&str] = &[
    "later",
    "soon",
    "in a bit",
    "in a while",
    "in a moment",
    "sometime",
    "some time",
    "twice",
    "never",
    "another time",
    "when i'm home",
    "when i get home",
];

/// What stands before it.
pub(crate) const VAGUE_FRONTS: &[&str] = &["remind me", "nudge me", "snooze it", "snooze"];

/// What names reminders rather than a task.
pub(crate) const REMINDERS: &[&str] = &[
    "the reminder",
    "the reminders",
    "reminder",
    "reminders",
    "all reminders",
    "my reminder",
    "my reminders",
    "the alarm",
    "alarm",
    "alarms",
    "the alert",
    "alerts",
    "the notification",
    "notifications",
    "all notifications",
];

/// What turns reminders off.
pub(crate) const TURN_OFF: &[&str] = &["turn off", "switch off", "disable", "mute", "silence"];

/// What takes reminders or tasks away.
pub(crate) const REMOVE: &[&str] = &["remove", "delete", "clear", "take", "cancel", "drop"];

/// What begins another command behind the first.
pub(crate) const ANOTHER: &[&str] = &[
    "remind me",
    "add",
    "delete",
    "complete",
    "mark",
    "move",
    "postpone",
    "reschedule",
    "snooze",
    "cancel",
    "rename",
    "undo",
    "tag",
    "remove",
    "reopen",
];

/// What leads to another thought.
pub(crate) const AND: &[&str] = &["and", "and then", "then", "and also", "also", "but"];

/// Verbs that begin a command or a task: of a pronoun they are a command.
pub(crate) const ALSO: &[&str] = &[
    "set", "make", "change", "update", "repeat", "mark", "do", "complete", "delete", "reopen",
    "show", "list",
];

/// What leads to when a task is to be seen again.
pub(crate) const UNTIL: &[&str] = &["until", "till", "to", "for", "by"];

/// What moves a task, so that "it" alone is too little to go by: "push it".
pub(crate) const MOVES: &[&str] = &["move", "push", "bring", "pull", "shift", "change", "update"];

/// What makes a thing to do of a verb and "it": "set it up".
pub(crate) const THINGS_TO_DO: &[&str] = &["up", "out", "down", "off", "away", "home"];

/// What speaks of when without a day.
pub(crate) const WHENS: &[&str] = &["yesterday", "ago", "later", "earlier"];

/// What names tasks by no words of theirs.
pub(crate) const PRONOUNS: &[&str] = &["it", "that", "this", "them", "everything", "all"];
