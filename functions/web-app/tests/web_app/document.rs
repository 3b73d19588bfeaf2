//! The API's document: references that lead somewhere, operations that are complete.

use std::collections::BTreeSet;

use serde_json::Value;

fn document() -> Value {
    serde_json::from_str(web_app::OPENAPI).expect("the document is JSON")
}

fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::String(target) if name == "$ref" => found.push(target),
                    _ => references(value, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

#[test]
fn references_lead_somewhere_and_nothing_is_left_over() {
    let document = document();
    let mut found = Vec::new();
    references(&document, &mut found);
    for target in &found {
        let pointer = target.strip_prefix('#').expect("inside the document");
        assert!(document.pointer(pointer).is_some(), "{target}");
    }
    for kind in ["schemas", "parameters", "responses"] {
        let components = document["components"][kind].as_object().expect("a map");
        for name in components.keys() {
            let target = format!("#/components/{kind}/{name}");
            assert!(found.contains(&target.as_str()), "{target} is not used");
        }
    }
}

#[test]
fn operations_are_complete() {
    let document = document();
    let tags: Vec<&Value> = document["tags"]
        .as_array()
        .expect("tags")
        .iter()
        .map(|tag| &tag["name"])
        .collect();
    let mut ids = BTreeSet::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("a path") {
            if method == "parameters" {
                continue;
            }
            let id = operation["operationId"].as_str().expect("an id");
            assert!(ids.insert(id), "{id} twice");
            assert!(operation["summary"].is_string(), "{method} {path}");
            assert!(tags.contains(&&operation["tags"][0]), "{method} {path}");
            let is_public = operation.get("security").is_some();
            let refuses = operation["responses"].get("401").is_some();
            assert!(is_public || refuses, "{method} {path} takes a token");
            for name in path
                .split('/')
                .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
            {
                let mut parameters = item["parameters"].as_array().into_iter().flatten();
                let declares = |parameter: &Value| {
                    let target = parameter["$ref"]
                        .as_str()
                        .and_then(|at| at.strip_prefix('#'));
                    let parameter = target
                        .and_then(|pointer| document.pointer(pointer))
                        .unwrap_or(parameter);
                    parameter["name"] == name && parameter["in"] == "path"
                };
                assert!(parameters.any(declares), "{path} declares {name}");
            }
        }
    }
}
