//! Whether operations are complete.

use std::collections::BTreeSet;

use serde_json::Value;

fn document() -> Value {
    serde_json::from_str(api::OPENAPI).expect("the document is JSON")
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
                let mut parameters = operation["parameters"].as_array().into_iter().flatten();
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
