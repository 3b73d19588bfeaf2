//! Kubernetes objects as data: parsing, and the ways to look at them that several checks need.

use anyhow::Result;
use serde::Deserialize;
use serde_json::Value;

/// All objects of a YAML stream.
pub(super) fn parse(text: &str) -> Result<Vec<Value>> {
    let mut objects = Vec::new();
    for document in serde_yaml_ng::Deserializer::from_str(text) {
        let object = Value::deserialize(document)?;
        if !object.is_null() {
            objects.push(object);
        }
    }
    Ok(objects)
}

/// `Kind/name`, for messages.
pub(super) fn name(object: &Value) -> String {
    format!(
        "{}/{}",
        text(&object["kind"]),
        text(&object["metadata"]["name"])
    )
}

/// The text of a string; empty when it is none.
pub(super) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The items of a list; none when it is no list.
pub(super) fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// The pod that an object makes.
pub(super) fn pod(object: &Value) -> Option<&Value> {
    match text(&object["kind"]) {
        "Pod" => Some(object),
        "Deployment" | "StatefulSet" | "Job" => Some(&object["spec"]["template"]),
        _ => None,
    }
}

/// All containers of a pod, those that run first too.
pub(super) fn containers(pod: &Value) -> impl Iterator<Item = &Value> {
    let spec = &pod["spec"];
    items(&spec["initContainers"])
        .iter()
        .chain(items(&spec["containers"]))
}
