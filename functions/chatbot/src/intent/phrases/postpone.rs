//! The phrases of `readers/postpone`.

/// What begins a message that gives a task another due date.
pub(crate) const MOVE: &[&str] = &[
    "move",
    "reschedule",
    "postpone",
    "push",
    "shift",
    "delay",
    "bump",
    "defer",
    "put off",
    "change",
    "set",
    "bring",
    "push back",
    "move back",
    "bring forward",
    "move forward",
    "pull forward",
    "snooze",
    "move up",
    "change the date of",
    "change date of",
    "change due date of",
    "set due date of",
    "change time of",
    "change the due date of",
    "change the time of",
    "set the due date of",
    "set the date of",
    "set the time of",
    "make",
    "update",
    "set the deadline of",
    "change the deadline of",
];

/// Those of them that begin new tasks as well.
pub(crate) const MOVE_OR_NEW: &[&str] = &["set", "make", "bring", "update", "push"];

/// What stands between a task and its new due date.
pub(crate) const MOVE_JOINTS: &[&str] = &[
    "to",
    "until",
    "till",
    "for",
    "on",
    "by",
    "due",
    "to be due",
    "due on",
    "back to",
    "forward to",
    "up to",
    "out to",
    "due by",
    "from today to",
    "over to",
];

/// What begins a new task when "for" or the like stands before the date: "set the alarm for 7".
pub(crate) const MOVE_STRICTLY: &[&str] = &["set", "make", "bring", "change", "update", "push"];

/// What stands before the date of a new task behind one of these.
pub(crate) const NEW_JOINTS: &[&str] = &["for", "on", "by", "until", "till"];

/// What stands before the new due date of the task last spoken of.
pub(crate) const MOVE_IT: &[&str] = &[
    "make it",
    "make that",
    "make this",
    "do it",
    "do that",
    "do this",
    "move it",
];

/// What says of a reminder that it is one of the task last spoken of.
pub(crate) const AGAIN: &[&str] = &[
    "again",
    "about it",
    "of it",
    "about that",
    "of that",
    "about this",
];

/// What begins a message that moves a due date by some time.
pub(crate) const SHIFT: &[&str] = &[
    "move",
    "postpone",
    "push",
    "shift",
    "delay",
    "bump",
    "defer",
    "put off",
    "push back",
    "move back",
    "bring forward",
    "move forward",
    "snooze",
    "reschedule",
    "bring",
    "pull forward",
    "move up",
];

/// What says that it is moved to before.
pub(crate) const EARLIER: &[&str] = &["forward", "earlier", "up", "ahead", "sooner", "forwards"];

/// What says that it is moved to behind.
pub(crate) const LATER: &[&str] = &["back", "later", "out", "off", "backwards", "down"];

/// What may stand between a task and by how much it is moved.
pub(crate) const SHIFT_JOINTS: &[&str] =
    &["by", "for", "in", "by another", "another", "for another"];

/// What stands between a task and its new due date in a report.
pub(crate) const IS_NOW: &[&str] = &[
    "is now",
    "is now on",
    "is now at",
    "is now due",
    "is actually",
    "is actually on",
    "is actually at",
    "is moved to",
    "was moved to",
    "has been moved to",
    "got moved to",
    "has moved to",
    "is postponed to",
    "was postponed to",
    "is rescheduled to",
    "was rescheduled to",
    "has been rescheduled to",
    "has been postponed to",
    "is now for",
];

/// What may begin a message that ends with "instead".
pub(crate) const INSTEAD_FRONTS: &[&str] = &[
    "do",
    "i'll do",
    "i will do",
    "let's do",
    "make",
    "can we do",
    "could we do",
];

/// What stands before a task that is to have no due date.
pub(crate) const NEVER_FRONTS: &[&str] = &[
    "unschedule",
    "remove the date from",
    "remove the due date from",
    "remove the deadline from",
    "remove the date of",
    "remove the due date of",
    "clear the date of",
    "clear the due date of",
    "clear the date for",
    "clear the due date for",
    "delete the date of",
    "delete the due date of",
    "take the date off",
    "no date for",
    "remove the time and date from",
];

/// What stands behind a task that is to have no due date.
pub(crate) const NEVER_ENDS: &[&str] = &[
    "no longer has a date",
    "no longer has a due date",
    "has no date",
    "has no due date",
    "doesn't have a date",
    "doesn't have a due date",
    "has no deadline",
    "to someday",
    "to no date",
    "to never",
    "no longer has a deadline",
    "doesn't need a date",
    "without a date",
];

/// What begins a question or a new task rather than a change.
pub(crate) const ASKING: &[&str] = &["what", "which", "show", "list", "add"];

/// What makes an hour of a number: "move it to 3".
pub(crate) const MOVE_TO_AN_HOUR: &[&str] = &[
    "move",
    "reschedule",
    "postpone",
    "push",
    "shift",
    "bump",
    "change",
];
