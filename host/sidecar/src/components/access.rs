//! Who may invoke whom: `accessControl` of Dapr's `Configuration`s, as far as it goes by app-ids.

use std::collections::HashMap;

use serde::Deserialize;

/// `accessControl` of one app. Trust domains and namespaces are those of a cluster: in one process nobody is anybody else.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct AccessControl {
    default_action: Action,
    #[serde(rename = "trustDomain")]
    _trust_domain: Option<String>,
    #[serde(default)]
    policies: Vec<Policy>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Policy {
    app_id: String,
    default_action: Action,
    #[serde(rename = "trustDomain")]
    _trust_domain: Option<String>,
    #[serde(rename = "namespace")]
    _namespace: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Action {
    Allow,
    Deny,
}

/// The lists of all apps that have one, by app-id.
#[derive(Debug, Default)]
pub(crate) struct Access(HashMap<String, AccessControl>);

impl Access {
    /// False when `app_id` has a list already.
    pub(super) fn add(&mut self, app_id: String, list: AccessControl) -> bool {
        self.0.insert(app_id, list).is_none()
    }

    /// Whether `caller` may invoke `app_id`. As in Dapr, everybody may where there is no list.
    pub(crate) fn allows(&self, caller: &str, app_id: &str) -> bool {
        self.0.get(app_id).is_none_or(|list| {
            let policy = list.policies.iter().find(|policy| policy.app_id == caller);
            policy.map_or(list.default_action, |policy| policy.default_action) == Action::Allow
        })
    }
}
