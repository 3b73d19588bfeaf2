//! Dapr's YAML files: components, endpoints, subscriptions, resiliency, access lists. What is not understood is refused by name.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use serde::Deserialize;
use serde_json::Value;

use crate::duration::duration;
use crate::environment;
use crate::schedule::Schedule;

mod access;

use access::{Access, AccessControl};

/// All that the folder says.
#[derive(Debug, Default)]
pub(crate) struct Components {
    pub(crate) components: HashMap<String, Component>,
    pub(crate) endpoints: HashMap<String, Endpoint>,
    pub(crate) subscriptions: Vec<Subscription>,
    pub(crate) retries: HashMap<String, RetryPolicy>,
    /// The retry policy of what a pub/sub component delivers, by component.
    pub(crate) inbound: HashMap<String, String>,
    pub(crate) access: Access,
}

/// One `Component`.
#[derive(Debug, Clone)]
pub(crate) struct Component {
    pub(crate) name: String,
    /// `state.postgresql`
    pub(crate) kind: String,
    pub(crate) metadata: HashMap<String, String>,
    /// When it fires, for a `bindings.cron`.
    pub(crate) schedule: Option<Schedule>,
    /// Empty: everybody.
    pub(crate) scopes: Vec<String>,
}

/// One `HTTPEndpoint`.
#[derive(Debug, Clone)]
pub(crate) struct Endpoint {
    /// Without a slash at the end.
    pub(crate) base_url: String,
    /// Empty: everybody.
    scopes: Vec<String>,
}

/// One `Subscription`, version v2alpha1.
#[derive(Debug, Clone)]
pub(crate) struct Subscription {
    pub(crate) app_id: String,
    pub(crate) pubsub: String,
    pub(crate) topic: String,
    pub(crate) route: String,
    pub(crate) dead_letter: Option<String>,
}

/// How a delivery is tried again.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RetryPolicy {
    pub(crate) first: Duration,
    pub(crate) most: Duration,
    pub(crate) exponential: bool,
    /// `None`: without limit.
    pub(crate) max_retries: Option<u32>,
    /// The statuses that are tried again; empty: all.
    pub(crate) statuses: Vec<(u16, u16)>,
}

/// Dapr's defaults: the first wait of an exponential policy and its longest, and the wait of a constant one.
const FIRST_WAIT: Duration = Duration::from_millis(500);
const MOST_WAIT: Duration = Duration::from_secs(60);
const CONSTANT_WAIT: Duration = Duration::from_secs(5);

impl RetryPolicy {
    /// How long to wait before the try number `retry` (the first retry is 0); `None` when it is not to be tried again.
    /// What failed without a status is tried again whatever statuses the policy names, as in Dapr.
    pub(crate) fn wait(&self, retry: u32, status: Option<u16>) -> Option<Duration> {
        let matches = self.statuses.is_empty()
            || status.is_none_or(|status| {
                let mut ranges = self.statuses.iter();
                ranges.any(|(from, to)| (*from..=*to).contains(&status))
            });
        if !matches || self.max_retries.is_some_and(|most| retry >= most) {
            return None;
        }
        let factor = if self.exponential {
            2_u32.saturating_pow(retry.min(20))
        } else {
            1
        };
        Some(self.first.saturating_mul(factor).min(self.most))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct File {
    #[serde(rename = "apiVersion")]
    api_version: String,
    kind: String,
    metadata: Metadata,
    #[serde(default)]
    spec: Value,
    #[serde(default)]
    scopes: Vec<String>,
}

#[derive(Deserialize)]
struct Metadata {
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ComponentSpec {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    metadata: Vec<Item>,
}

/// What else Dapr takes (headers, a certificate) is not understood here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct EndpointSpec {
    base_url: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    name: String,
    #[serde(default)]
    value: Value,
    secret_key_ref: Option<SecretRef>,
}

#[derive(Deserialize)]
struct SecretRef {
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SubscriptionSpec {
    pubsubname: String,
    topic: String,
    routes: Routes,
    dead_letter_topic: Option<String>,
}

#[derive(Deserialize)]
struct Routes {
    default: String,
}

#[derive(Deserialize)]
struct ResiliencySpec {
    policies: Policies,
    targets: Targets,
}

#[derive(Deserialize)]
struct Policies {
    #[serde(default)]
    retries: HashMap<String, RetrySpec>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RetrySpec {
    policy: String,
    duration: Option<String>,
    max_interval: Option<String>,
    max_retries: Option<i64>,
    matching: Option<Matching>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Matching {
    http_status_codes: Option<String>,
}

#[derive(Deserialize)]
struct Targets {
    #[serde(default)]
    components: HashMap<String, Directions>,
}

#[derive(Deserialize)]
struct Directions {
    inbound: Option<Direction>,
}

#[derive(Deserialize)]
struct Direction {
    retry: Option<String>,
}

/// The rest of a `Configuration` is what a cluster needs; nothing here would do what it says.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ConfigurationSpec {
    access_control: AccessControl,
}

/// The component types that this sidecar stands in for. Any store becomes the SQLite file, any broker its own.
const KINDS: [&str; 7] = [
    "state.",
    "pubsub.",
    "bindings.cron",
    "bindings.smtp",
    "bindings.http",
    "secretstores.local.env",
    "secretstores.local.file",
];

impl Components {
    /// Reads every `.yaml` file below `folder`.
    pub(crate) fn read(folder: &Path) -> Result<Self> {
        let mut components = Self::default();
        components.read_folder(folder)?;
        components.check(folder)?;
        Ok(components)
    }

    fn read_folder(&mut self, folder: &Path) -> Result<()> {
        let entries =
            fs::read_dir(folder).with_context(|| format!("can't read {}", folder.display()))?;
        let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
        paths.sort();
        for path in paths {
            if path.is_dir() {
                self.read_folder(&path)?;
            } else if path
                .extension()
                .is_some_and(|extension| extension == "yaml")
            {
                let text = fs::read_to_string(&path)
                    .with_context(|| format!("can't read {}", path.display()))?;
                self.take(&text)
                    .with_context(|| format!("{} is not what Dapr takes", path.display()))?;
            }
        }
        Ok(())
    }

    fn take(&mut self, text: &str) -> Result<()> {
        let file: File = serde_yaml_ng::from_str(text)?;
        match (file.kind.as_str(), file.api_version.as_str()) {
            ("Component", "dapr.io/v1alpha1") => self.component(file),
            ("HTTPEndpoint", "dapr.io/v1alpha1") => self.endpoint(file),
            ("Subscription", "dapr.io/v2alpha1") => self.subscription(file),
            ("Resiliency", "dapr.io/v1alpha1") => self.resiliency(file),
            ("Configuration", "dapr.io/v1alpha1") => self.configuration(file),
            (kind, version) => bail!("kind {kind} of {version} is not known here"),
        }
    }

    fn component(&mut self, file: File) -> Result<()> {
        let spec: ComponentSpec = serde_json::from_value(file.spec)?;
        if !KINDS.iter().any(|kind| spec.kind.starts_with(kind)) {
            bail!("the type {} is not known here", spec.kind);
        }
        let value = |item: &Item| match (&item.secret_key_ref, &item.value) {
            (Some(secret), _) => environment::variable(&secret.name).unwrap_or_default(),
            (None, Value::String(text)) => text.clone(),
            (None, other) => other.to_string(),
        };
        let metadata: HashMap<String, String> = spec
            .metadata
            .iter()
            .map(|item| (item.name.clone(), value(item)))
            .collect();
        let schedule = metadata.get("schedule").map_or("", String::as_str);
        let schedule = (spec.kind == "bindings.cron").then(|| Schedule::parse(schedule));
        let component = Component {
            name: file.metadata.name.clone(),
            kind: spec.kind,
            schedule: schedule.transpose().map_err(anyhow::Error::msg)?,
            metadata,
            scopes: file.scopes,
        };
        match self
            .components
            .insert(file.metadata.name.clone(), component)
        {
            Some(_) => bail!("there are two components called {}", file.metadata.name),
            None => Ok(()),
        }
    }

    fn endpoint(&mut self, file: File) -> Result<()> {
        let EndpointSpec { base_url } = serde_json::from_value(file.spec)?;
        if !["http://", "https://"]
            .iter()
            .any(|scheme| base_url.starts_with(scheme))
        {
            bail!("an endpoint's baseUrl begins with http:// or https://");
        }
        let endpoint = Endpoint {
            base_url: base_url.trim_end_matches('/').to_owned(),
            scopes: file.scopes,
        };
        match self.endpoints.insert(file.metadata.name.clone(), endpoint) {
            Some(_) => bail!("there are two endpoints called {}", file.metadata.name),
            None => Ok(()),
        }
    }

    fn subscription(&mut self, file: File) -> Result<()> {
        let spec: SubscriptionSpec = serde_json::from_value(file.spec)?;
        if file.scopes.is_empty() {
            bail!("a subscription needs scopes: the app-ids that it is for");
        }
        self.subscriptions
            .extend(file.scopes.into_iter().map(|app_id| Subscription {
                app_id,
                pubsub: spec.pubsubname.clone(),
                topic: spec.topic.clone(),
                route: spec.routes.default.clone(),
                dead_letter: spec.dead_letter_topic.clone(),
            }));
        Ok(())
    }

    fn resiliency(&mut self, file: File) -> Result<()> {
        let spec: ResiliencySpec = serde_json::from_value(file.spec)?;
        for (name, retry) in spec.policies.retries {
            self.retries.insert(name, retry.policy()?);
        }
        for (component, directions) in spec.targets.components {
            if let Some(retry) = directions.inbound.and_then(|inbound| inbound.retry) {
                self.inbound.insert(component, retry);
            }
        }
        Ok(())
    }

    /// A `Configuration` is called as the app that it is for.
    fn configuration(&mut self, file: File) -> Result<()> {
        let spec: ConfigurationSpec = serde_json::from_value(file.spec)?;
        match self
            .access
            .add(file.metadata.name.clone(), spec.access_control)
        {
            true => Ok(()),
            false => bail!("there are two configurations called {}", file.metadata.name),
        }
    }

    fn check(&self, folder: &Path) -> Result<()> {
        for subscription in &self.subscriptions {
            let known = self
                .components
                .get(&subscription.pubsub)
                .is_some_and(|found| found.kind.starts_with("pubsub."));
            if !known {
                bail!(
                    "{}: a subscription names the pub/sub component {}, which is not there",
                    folder.display(),
                    subscription.pubsub
                );
            }
        }
        match self
            .inbound
            .values()
            .find(|name| !self.retries.contains_key(*name))
        {
            Some(name) => bail!(
                "{}: the resiliency names the policy {name}, which is not there",
                folder.display()
            ),
            None => Ok(()),
        }
    }

    /// Where the endpoint `name` leads, if `app_id` is in its scope.
    pub(crate) fn endpoint_of(&self, name: &str, app_id: &str) -> Option<&str> {
        let endpoint = self.endpoints.get(name)?;
        in_scope(&endpoint.scopes, app_id).then_some(&endpoint.base_url)
    }

    /// The component `name`, if it is of a kind that begins with `kind` and `app_id` is in its scope.
    pub(crate) fn find(&self, name: &str, kind: &str, app_id: &str) -> Option<&Component> {
        self.components.get(name).filter(|component| {
            in_scope(&component.scopes, app_id) && component.kind.starts_with(kind)
        })
    }

    /// How deliveries of a pub/sub component are tried again. Dapr tries a delivery once where nothing is said.
    pub(crate) fn inbound_policy(&self, pubsub: &str) -> RetryPolicy {
        let policy = self
            .inbound
            .get(pubsub)
            .and_then(|name| self.retries.get(name));
        policy.cloned().unwrap_or(RetryPolicy {
            first: Duration::ZERO,
            most: Duration::ZERO,
            exponential: false,
            max_retries: Some(0),
            statuses: Vec::new(),
        })
    }
}

/// Without scopes, something is for everybody.
fn in_scope(scopes: &[String], app_id: &str) -> bool {
    scopes.is_empty() || scopes.iter().any(|scope| scope == app_id)
}

impl RetrySpec {
    fn policy(&self) -> Result<RetryPolicy> {
        let exponential = match self.policy.as_str() {
            "constant" => false,
            "exponential" => true,
            other => bail!("the retry policy {other} is not known; use constant or exponential"),
        };
        let stated = |text: &Option<String>, default| text.as_deref().map_or(Ok(default), duration);
        let (first, most) = if exponential {
            // Dapr takes `duration` for the constant policy only.
            (FIRST_WAIT, stated(&self.max_interval, MOST_WAIT)?)
        } else {
            let wait = stated(&self.duration, CONSTANT_WAIT)?;
            (wait, wait)
        };
        let codes = self
            .matching
            .as_ref()
            .and_then(|matching| matching.http_status_codes.as_deref());
        Ok(RetryPolicy {
            first,
            most,
            exponential,
            max_retries: u32::try_from(self.max_retries.unwrap_or(-1)).ok(),
            statuses: codes.map_or(Ok(Vec::new()), statuses)?,
        })
    }
}

/// `429,502-504`
fn statuses(text: &str) -> Result<Vec<(u16, u16)>> {
    let range = |part: &str| {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        Ok((from.trim().parse()?, to.trim().parse()?))
    };
    text.split(',')
        .map(|part| {
            range(part)
                .map_err(|_: std::num::ParseIntError| anyhow!("{part:?} is no range of statuses"))
        })
        .collect()
}

#[cfg(test)]
mod tests;
