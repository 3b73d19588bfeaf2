//! The phrases of `readers/target`.

/// The task last spoken of.
pub(crate) const LAST: &[&str] = &[
    "it",
    "that",
    "this",
    "that one",
    "this one",
    "the last one",
    "the last task",
    "that task",
    "this task",
    "the task",
    "them",
    "those",
    "these",
    "the same",
    "it all",
    "this reminder",
    "that reminder",
    "the reminder",
    "last one",
    "the last",
    "the date",
    "the due date",
    "the time",
    "the deadline",
];

/// What may stand before the words of a task.
pub(crate) const BEFORE: &[&str] = &[
    "the task to",
    "the task called",
    "the task about",
    "the task",
    "task",
    "my task",
    "the reminder to",
    "the reminder for",
    "the reminder about",
    "the reminder",
    "my reminder to",
    "my reminder for",
    "my reminder",
    "reminder to",
    "reminder for",
    "the to-do",
    "the todo",
    "todo",
    "about",
    "the item",
];

/// What may stand behind the words of a task.
pub(crate) const BEHIND: &[&str] = &[
    "task",
    "reminder",
    "item",
    "todo",
    "to-do",
    "from my list",
    "off my list",
    "from the list",
    "off the list",
    "on my list",
    "from my to-do list",
    "from my todo list",
    "off my to-do list",
    "from my tasks",
    "from my todos",
    "off",
    "anymore",
    "any more",
    "any longer",
];

/// What may stand before the number of a task.
pub(crate) const NUMBER_LEADS: &[&str] = &[
    "number",
    "no",
    "nr",
    "the",
    "task",
    "task number",
    "item",
    "option",
    "item number",
];

/// What may stand behind the number of a task.
pub(crate) const NUMBER_TAILS: &[&str] = &[
    "one",
    "task",
    "item",
    "on the list",
    "in the list",
    "of them",
];
