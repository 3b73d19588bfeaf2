//! JSON schemas of Kubernetes' kinds, strict: a field that a kind does not have is an error, as the API server's strict
//! validation has it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

use super::objects::{items, text};
use super::tools::{KUBERNETES, go_module};

const INT_OR_STRING: &str = "io.k8s.apimachinery.pkg.util.intstr.IntOrString";
const QUANTITY: &str = "io.k8s.apimachinery.pkg.api.resource.Quantity";
const DEFINITIONS: &str = "_definitions.json";

/// Where kubeconform finds the schemas in `folder`.
pub(super) fn location(folder: &Path) -> String {
    format!(
        "{}/{{{{.ResourceKind}}}}-{{{{.Group}}}}-{{{{.ResourceAPIVersion}}}}.json",
        folder.display()
    )
}

/// Writes a schema for every built-in kind, and for every kind and version of `definitions`.
pub(super) fn write(folder: &Path, definitions: &[Value]) -> Result<()> {
    fs::create_dir_all(folder)?;
    let swagger = swagger()?;
    let swagger = fs::read_to_string(&swagger)
        .with_context(|| format!("can't read {}", swagger.display()))?;
    let mut files = built_in(serde_json::from_str(&swagger)?);
    for definition in definitions {
        files.extend(custom(definition));
    }
    for (name, schema) in files {
        fs::write(folder.join(name), schema.to_string())?;
    }
    Ok(())
}

fn swagger() -> Result<PathBuf> {
    Ok(go_module("k8s.io/kubernetes", KUBERNETES)?.join("api/openapi-spec/swagger.json"))
}

fn file_name(kind: &str, group: &str, version: &str) -> String {
    // The core group has no name; kubeconform then takes the version's.
    let group = if group.is_empty() { version } else { group };
    format!("{}-{group}-{version}.json", kind.to_lowercase())
}

/// The schemas of a CustomResourceDefinition, one a version.
fn custom(definition: &Value) -> Vec<(String, Value)> {
    let spec = &definition["spec"];
    let (group, kind) = (text(&spec["group"]), text(&spec["names"]["kind"]));
    let versions = items(&spec["versions"]).iter();
    versions
        .map(|version| {
            let mut schema = version["schema"]["openAPIV3Schema"].clone();
            if let Some(properties) = schema["properties"].as_object_mut() {
                properties.insert("apiVersion".to_owned(), json!({ "type": "string" }));
                properties.insert("kind".to_owned(), json!({ "type": "string" }));
                // Kubernetes' own; the API server validates it in the second part of the checks.
                properties.insert("metadata".to_owned(), json!({ "type": "object" }));
            }
            tighten(&mut schema);
            (file_name(kind, group, text(&version["name"])), schema)
        })
        .collect()
}

/// Turns OpenAPI's dialect of a structural schema into JSON Schema, and closes every object.
fn tighten(schema: &mut Value) {
    let Some(map) = schema.as_object_mut() else {
        return;
    };
    let open = map.remove("x-kubernetes-preserve-unknown-fields") == Some(Value::Bool(true));
    if map.contains_key("properties") && !map.contains_key("additionalProperties") && !open {
        map.insert("additionalProperties".to_owned(), Value::Bool(false));
    }
    if map.remove("x-kubernetes-int-or-string") == Some(Value::Bool(true)) {
        map.remove("type");
        map.insert(
            "anyOf".to_owned(),
            json!([{ "type": "integer" }, { "type": "string" }]),
        );
    }
    if map.remove("nullable") == Some(Value::Bool(true))
        && let Some(Value::String(kind)) = map.get("type").cloned()
    {
        map.insert("type".to_owned(), json!([kind, "null"]));
    }
    if let Some(properties) = map.get_mut("properties").and_then(Value::as_object_mut) {
        properties.values_mut().for_each(tighten);
    }
    for name in ["items", "additionalProperties"] {
        if let Some(inner) = map.get_mut(name) {
            tighten(inner);
        }
    }
}

/// The schemas of Kubernetes' OpenAPI document: its definitions as one file, and a file a kind that points into it.
fn built_in(mut swagger: Value) -> BTreeMap<String, Value> {
    let mut definitions = match swagger["definitions"].take() {
        Value::Object(definitions) => definitions,
        _ => Map::new(),
    };
    let mut files = BTreeMap::new();
    for (name, definition) in &mut definitions {
        match name.as_str() {
            INT_OR_STRING => *definition = json!({ "type": ["string", "integer"] }),
            QUANTITY => *definition = json!({ "type": ["string", "number"] }),
            _ => close(definition),
        }
        // Kinds of many groups (DeleteOptions and the like) are no objects of their own.
        if let [kind] = items(&definition["x-kubernetes-group-version-kind"]) {
            let file = file_name(
                text(&kind["kind"]),
                text(&kind["group"]),
                text(&kind["version"]),
            );
            files.insert(
                file,
                json!({ "$ref": format!("{DEFINITIONS}#/definitions/{name}") }),
            );
        }
    }
    let mut all = json!({ "definitions": definitions });
    point_into_file(&mut all);
    files.insert(DEFINITIONS.to_owned(), all);
    files
}

fn close(definition: &mut Value) {
    if let Some(map) = definition.as_object_mut()
        && map.contains_key("properties")
        && !map.contains_key("additionalProperties")
    {
        map.insert("additionalProperties".to_owned(), Value::Bool(false));
    }
}

fn point_into_file(value: &mut Value) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                match inner {
                    Value::String(target) if key == "$ref" && target.starts_with('#') => {
                        target.insert_str(0, DEFINITIONS)
                    }
                    _ => point_into_file(inner),
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(point_into_file),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_custom_kinds_objects_are_closed_unless_they_say_otherwise() {
        let definition = json!({"spec": {"group": "g.dev", "names": {"kind": "Thing"}, "versions": [{"name": "v1", "schema": {"openAPIV3Schema": {
            "type": "object",
            "properties": {"spec": {"type": "object", "properties": {
                "port": {"x-kubernetes-int-or-string": true, "anyOf": [{"type": "integer"}, {"type": "string"}]},
                "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": true, "properties": {}},
                "list": {"type": "array", "items": {"type": "object", "properties": {"a": {"type": "string", "nullable": true}}}},
                "map": {"type": "object", "additionalProperties": {"type": "object", "properties": {}}}
            }}}
        }}}]}});
        let made = custom(&definition);
        let (name, schema) = &made[0];
        let spec = &schema["properties"]["spec"];
        assert_eq!(name, "thing-g.dev-v1.json");
        assert_eq!(schema["additionalProperties"], json!(false));
        assert_eq!(spec["additionalProperties"], json!(false));
        let inner = &spec["properties"];
        assert_eq!(inner["port"]["type"], Value::Null);
        assert_eq!(inner["free"]["additionalProperties"], Value::Null);
        assert_eq!(inner["list"]["items"]["additionalProperties"], json!(false));
        assert_eq!(
            inner["list"]["items"]["properties"]["a"]["type"],
            json!(["string", "null"])
        );
        assert_eq!(
            inner["map"]["additionalProperties"]["additionalProperties"],
            json!(false)
        );
    }

    #[test]
    fn built_in_kinds_point_into_one_file() {
        let files = built_in(json!({"definitions": {
            "io.k8s.api.core.v1.Pod": {
                "properties": {"spec": {"$ref": "#/definitions/io.k8s.api.core.v1.PodSpec"}},
                "x-kubernetes-group-version-kind": [{"group": "", "kind": "Pod", "version": "v1"}]
            },
            "io.k8s.api.core.v1.PodSpec": {"properties": {}}
        }}));
        assert_eq!(
            files["pod-v1-v1.json"]["$ref"],
            json!("_definitions.json#/definitions/io.k8s.api.core.v1.Pod")
        );
        let pod = &files[DEFINITIONS]["definitions"]["io.k8s.api.core.v1.Pod"];
        assert_eq!(pod["additionalProperties"], json!(false));
        assert_eq!(
            pod["properties"]["spec"]["$ref"],
            json!("_definitions.json#/definitions/io.k8s.api.core.v1.PodSpec")
        );
    }
}
