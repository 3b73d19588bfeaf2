//! The phrases of `readers/rename`.

/// What begins a message that renames a task.
pub(crate) const RENAME: &[&str] = &[
    "rename",
    "retitle",
    "change the title of",
    "change the name of",
    "set the title of",
    "edit the title of",
    "change",
    "change the text of",
    "update the title of",
    "rename the task",
];

/// What stands between a task and its new title.
pub(crate) const RENAME_JOINTS: &[&str] = &["to", "as", "into", "to be", "to say"];
