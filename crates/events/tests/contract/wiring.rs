//! Topics, routes, app-ids and spin.toml agree.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use events::{SUBSCRIPTIONS, Topic};
use expect_test::expect_file;
use serde_yaml_ng::Value as Yaml;
use toml::Table;

use super::root;

fn subscription_files() -> Vec<Yaml> {
    let folder = root().join("dapr-components/subscriptions");
    let files = fs::read_dir(folder).expect("the folder");
    files
        .map(|file| {
            let path = file.expect("a file").path();
            let text = fs::read_to_string(&path).expect("text");
            serde_yaml_ng::from_str(&text).unwrap_or_else(|error| panic!("{path:?}: {error}"))
        })
        .collect()
}

/// App-id, topic, route and dead-letter topic.
type Row = (String, String, String, Option<String>);

#[test]
fn daprs_subscriptions_are_those_of_the_table() {
    let of_files: BTreeSet<Row> = subscription_files()
        .iter()
        .map(|file| {
            let text = |value: &Yaml| value.as_str().map(str::to_owned);
            let spec = &file["spec"];
            assert_eq!(file["scopes"].as_sequence().map(Vec::len), Some(1));
            (
                text(&file["scopes"][0]).expect("a scope"),
                text(&spec["topic"]).expect("a topic"),
                text(&spec["routes"]["default"]).expect("a route"),
                text(&spec["deadLetterTopic"]),
            )
        })
        .collect();
    let of_table: BTreeSet<Row> = SUBSCRIPTIONS
        .iter()
        .map(|subscription| {
            let (app_id, topic) = (subscription.app_id, subscription.topic);
            // Without one, a consumer that traps would hold up its partition for ever.
            let dead_letter = Some(topic.dead_letter(app_id));
            (
                app_id.to_owned(),
                topic.to_string(),
                format!("/{app_id}/events"),
                dead_letter,
            )
        })
        .collect();
    assert_eq!(of_files, of_table);
}

#[test]
fn every_event_that_is_acted_on_is_one_of_its_topic() {
    for subscription in SUBSCRIPTIONS {
        for event_type in subscription.acts_on.unwrap_or_default() {
            assert_eq!(
                event_type.topic(),
                Some(subscription.topic),
                "{event_type:?}"
            );
        }
    }
}

fn spin() -> Table {
    let text = fs::read_to_string(root().join("spin.toml")).expect("spin.toml");
    text.parse().expect("TOML")
}

#[test]
fn every_component_has_its_private_routes_and_reaches_only_its_own_dapr() {
    let spin = spin();
    let routes: BTreeSet<(&str, &str)> = spin["trigger"]["http"]
        .as_array()
        .expect("routes")
        .iter()
        .filter_map(|route| Some((route["component"].as_str()?, route["route"].as_str()?)))
        .collect();
    let components = spin["component"].as_table().expect("components");
    for (id, component) in components {
        let variable = format!("{{{{ {}_dapr_url }}}}", id.replace('-', "_"));
        let hosts = component.get("allowed_outbound_hosts");
        if id == "web-app" {
            assert!(
                hosts.is_none_or(|hosts| hosts.as_array().is_some_and(Vec::is_empty)
                    || hosts[0].as_str() == Some(&variable))
            );
            continue;
        }
        assert!(
            routes.contains(&(id.as_str(), format!("/{id}/...").as_str())),
            "{id}"
        );
        assert_eq!(
            hosts.and_then(|hosts| hosts[0].as_str()),
            Some(variable.as_str()),
            "{id}"
        );
        assert_eq!(
            component["variables"]["dapr_url"].as_str(),
            Some(variable.as_str())
        );
        let folder = root().join("functions").join(id);
        assert!(
            folder.join("Cargo.toml").is_file(),
            "folder = crate = component id: {id}"
        );
    }
    for subscription in SUBSCRIPTIONS {
        assert!(
            components.contains_key(subscription.app_id),
            "{}",
            subscription.app_id
        );
    }
}

#[test]
fn every_function_has_a_dapr_address_of_its_own() {
    let spin = spin();
    let variables = spin["variables"].as_table().expect("variables");
    let addresses: BTreeMap<&str, &str> = variables
        .iter()
        .filter(|(name, _)| name.ends_with("_dapr_url"))
        .filter_map(|(name, variable)| Some((variable["default"].as_str()?, name.as_str())))
        .collect();
    let count = variables
        .keys()
        .filter(|name| name.ends_with("_dapr_url"))
        .count();
    assert_eq!(
        addresses.len(),
        count,
        "two functions share a default: {addresses:?}"
    );
}

/// The diagram in docs/event-flows.md: who publishes, and who hears.
#[test]
fn the_diagram_of_topics_is_that_of_the_table() {
    let mut lines = vec!["flowchart LR".to_owned()];
    for topic in Topic::ALL {
        lines.push(format!("  {}[[{topic}]]", node(topic)));
        for source in topic.published_by() {
            lines.push(format!("  {source} --> {}", node(topic)));
        }
        for subscription in SUBSCRIPTIONS.iter().filter(|s| s.topic == topic) {
            let arrow = if topic.must_arrive() { "-->" } else { "-.->" };
            lines.push(format!("  {} {arrow} {}", node(topic), subscription.app_id));
        }
    }
    let path = root().join("docs/event-flows.md");
    let document = fs::read_to_string(&path).unwrap_or_default();
    let diagram = format!("```mermaid\n{}\n```", lines.join("\n"));
    let expected = match document.split_once("<!-- topics -->\n") {
        Some((before, rest)) => {
            let after = rest
                .split_once("<!-- /topics -->")
                .map_or("", |(_, after)| after);
            format!("{before}<!-- topics -->\n{diagram}\n<!-- /topics -->{after}")
        }
        None => format!("<!-- topics -->\n{diagram}\n<!-- /topics -->\n"),
    };
    expect_file!["../../../../docs/event-flows.md"].assert_eq(&expected);
}

fn node(topic: Topic) -> String {
    format!("topic-{topic}")
}
