//! The phrases of `readers/delete`.

/// What begins a message that deletes a task.
pub(crate) const DELETE: &[&str] = &[
    "delete",
    "erase",
    "discard",
    "scrap",
    "forget about",
    "nevermind",
    "never mind",
    "never mind about",
    "i don't need to",
    "i no longer need to",
    "no need to",
];

/// What deletes a task or is one: "cancel my gym membership on Friday".
pub(crate) const DELETE_OR_DO: &[&str] =
    &["remove", "cancel", "get rid of", "forget", "clear", "trash"];

/// Messages that delete all tasks.
pub(crate) const DELETE_ALL: &[&str] = &[
    "clear my list",
    "clear the list",
    "clear my whole list",
    "clear my to-do list",
    "clear my todo list",
    "clear my tasks",
    "empty my list",
    "empty the list",
    "delete my list",
    "wipe my list",
    "start over",
];

/// What stands before a task of which nobody wants to hear.
pub(crate) const UNWANTED: &[&str] = &[
    "don't remind me",
    "do not remind me",
    "never remind me",
    "stop reminding me",
    "you don't need to remind me",
    "you don't have to remind me",
    "no need to remind me",
];

/// What stands between that and the task.
pub(crate) const OF: &[&str] = &["about", "of", "to", "for"];

/// What says that the task is done, behind it.
pub(crate) const DONE_ALREADY: &[&str] = &[
    "i already",
    "i've already",
    "i have already",
    "it's already",
    "it's done",
    "already",
    "i did it",
    "i did that",
    "i just did",
];

/// What speaks of the list rather than of the world.
pub(crate) const LIST_TALK: &[&str] = &[
    "the task",
    "task",
    "the reminder",
    "reminder",
    "reminders",
    "my reminder",
    "todo",
    "to-do",
    "from my list",
    "off my list",
    "from the list",
    "from my tasks",
    "from my to-do list",
    "from my todo list",
    "the reminder to",
    "the todo",
];

/// What ends a message that takes a task off the list.
pub(crate) const OFF_THE_LIST: &[&str] = &[
    "off my list",
    "off the list",
    "off my to-do list",
    "from my list",
];

/// What somebody cancels in the world rather than on the list.
pub(crate) const CONTRACTS: &[&str] = &[
    "membership",
    "subscription",
    "trial",
    "account",
    "contract",
    "insurance",
    "booking",
    "reservation",
    "order",
    "flight",
    "flights",
    "hotel",
    "policy",
    "netflix",
    "spotify",
    "card",
    "service",
    "plan",
    "tickets",
    "ticket",
    "lease",
];
