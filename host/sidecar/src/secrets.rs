//! Secret stores: the environment, or a JSON file.

use std::collections::HashMap;
use std::fs;

use crate::components::Component;
use crate::environment::variable;

/// The secret `key` of a store; `None` when there is none.
pub(crate) fn read(store: &Component, key: &str) -> Option<String> {
    if store.kind == "secretstores.local.env" {
        let prefix = store.metadata.get("prefix").map_or("", String::as_str);
        return variable(&format!("{prefix}{key}"));
    }
    let text = fs::read_to_string(store.metadata.get("secretsFile")?).ok()?;
    serde_json::from_str::<HashMap<String, String>>(&text)
        .ok()?
        .remove(key)
}
