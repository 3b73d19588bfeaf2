//! The phrases of `matchers/mark`.

/// What stands before the name of a list: "in list work".
pub(crate) const LIST_LEADS: &[&str] = &[
    "in list",
    "to list",
    "on list",
    "in the list",
    "to the list",
    "on the list",
    "in my list",
    "to my list",
    "on my list",
];

/// Lists that are also "the" list: "on the grocery list".
pub(crate) const USUAL_LISTS: &[&str] = &[
    "shopping",
    "grocery",
    "groceries",
    "work",
    "home",
    "reading",
    "packing",
    "wish",
    "bucket",
];

/// What stands before a list that ends with "list": "to my shopping list".
pub(crate) const OWNED_LEADS: &[&str] = &[
    "to my", "on my", "in my", "to the", "on the", "in the", "to our", "on our",
];

/// What is no name of a list: "to my todo list" is where tasks go anyway.
pub(crate) const NO_LISTS: &[&str] = &["todo", "to-do", "task", "tasks", "list", "default"];
