//! Who is to be woken by what, read from `dapr-components/` and not from the chart: the chart's templates read it as well,
//! and are what is checked.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::cluster::objects::{self, items, text};
use crate::commands::root;

/// What functions wait for.
pub(super) struct Expectations {
    /// The functions that listen to a topic.
    pub(super) by_topic: BTreeMap<String, BTreeSet<String>>,
    /// The routes of the crons of a function, which then looks into its timetable.
    pub(super) crons: BTreeMap<String, Vec<String>>,
}

impl Expectations {
    pub(super) fn read() -> Result<Self> {
        let mut by_topic: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for subscription in read_folder("dapr-components/subscriptions")? {
            let topic = text(&subscription["spec"]["topic"]).to_owned();
            by_topic
                .entry(topic)
                .or_default()
                .extend(scopes(&subscription));
        }
        let mut crons: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for component in read_folder("dapr-components")? {
            if component["spec"]["type"] != "bindings.cron" {
                continue;
            }
            let settings = items(&component["spec"]["metadata"]);
            let route = settings.iter().find(|setting| setting["name"] == "route");
            let route = route.context("a cron without a route")?;
            for function in scopes(&component) {
                let routes = crons.entry(function).or_default();
                routes.push(text(&route["value"]).to_owned());
            }
        }
        ensure!(
            !by_topic.is_empty() && !crons.is_empty(),
            "dapr-components/ has no subscriptions, or no crons"
        );
        Ok(Self { by_topic, crons })
    }

    /// The functions that listen to anything.
    pub(super) fn listeners(&self) -> BTreeSet<String> {
        self.by_topic.values().flatten().cloned().collect()
    }

    /// The functions that have a daprd here: those that consume, and those whose timetable is written to.
    pub(super) fn with_daprd(&self) -> BTreeSet<String> {
        let listening = self.by_topic.values().flatten();
        listening.chain(self.crons.keys()).cloned().collect()
    }
}

fn scopes(object: &Value) -> impl Iterator<Item = String> + use<'_> {
    items(&object["scopes"])
        .iter()
        .map(|scope| text(scope).to_owned())
}

fn read_folder(name: &str) -> Result<Vec<Value>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root().join(name)).with_context(|| format!("can't read {name}"))? {
        let path = entry?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "yaml")
        {
            found.extend(objects::parse(&fs::read_to_string(path)?)?);
        }
    }
    Ok(found)
}
