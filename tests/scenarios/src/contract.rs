//! Answers and messages, held against the API's document.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};

use jsonschema::Validator;
use serde_json::{Value, json};

use crate::Answer;

/// The document, in which an answer has the fields that are documented and no others.
static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    let mut document = serde_json::from_str(api::OPENAPI).expect("the document is JSON");
    refuse_more(&mut document);
    document
});

/// What was compiled, by the schema's pointer.
static VALIDATORS: LazyLock<Mutex<HashMap<String, Arc<Validator>>>> = LazyLock::new(Mutex::default);

/// Holds an answer against what the document says of its operation and status.
///
/// # Panics
/// When it is another, with what is wrong.
pub(crate) fn check_answer(answer: &Answer) {
    let (method, target) = answer.asked.split_once(' ').expect("METHOD path");
    let path = target.split('?').next().unwrap_or_default();
    let Some(template) = template_of(path) else {
        return;
    };
    let operation = &DOCUMENT["paths"][template][method.to_lowercase()];
    let status = answer.status.as_u16().to_string();
    let response = followed(&operation["responses"][&status]);
    if response.is_null() {
        let is_known = operation.is_object() && answer.status.is_success();
        assert!(!is_known, "{} has no answer {status}", answer.asked);
        return;
    }
    let content = response["content"].as_object();
    let kind = answer.header("content-type").unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default();
    match content.map(|content| &content[essence]["schema"]) {
        None => assert_eq!(answer.body, "", "{} has no body", answer.asked),
        Some(_) if essence.starts_with("text/") => {}
        Some(schema) => check(schema, &answer.json(), &answer.asked),
    }
}

/// Holds a message of the gateway against the document.
///
/// # Panics
/// When it is another, with what is wrong.
pub(crate) fn check_message(message: &Value) {
    let schema = json!({ "$ref": "#/components/schemas/ServerMessage" });
    check(&schema, message, "the socket");
}

fn check(schema: &Value, value: &Value, said_by: &str) {
    let validator = validator(schema);
    let wrong: Vec<String> = validator
        .iter_errors(value)
        .map(|error| format!("{} at {}", error, error.instance_path()))
        .collect();
    assert!(
        wrong.is_empty(),
        "{said_by} says {value}, which is not as documented: {}",
        wrong.join("; ")
    );
}

fn validator(schema: &Value) -> Arc<Validator> {
    let mut validators = VALIDATORS.lock().expect("no test panics in here");
    let known = validators.entry(schema.to_string());
    let compile = || {
        let mut whole = schema.clone();
        whole["components"] = DOCUMENT["components"].clone();
        whole["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
        Arc::new(jsonschema::validator_for(&whole).expect("a schema"))
    };
    Arc::clone(known.or_insert_with(compile))
}

/// The path of the document that `path` is one of; a fixed one before one with an id.
fn template_of(path: &str) -> Option<&'static str> {
    let paths = DOCUMENT["paths"].as_object().expect("paths").keys();
    let fits = |template: &&String| {
        let (mut asked, mut known) = (path.split('/'), template.split('/'));
        loop {
            match (asked.next(), known.next()) {
                (None, None) => return true,
                (Some(asked), Some(known)) if asked == known => {}
                (Some(asked), Some(known)) if known.starts_with('{') && !asked.is_empty() => {}
                _ => return false,
            }
        }
    };
    let found = paths
        .filter(fits)
        .min_by_key(|path| path.matches('{').count());
    found.map(String::as_str)
}

fn followed(value: &'static Value) -> &'static Value {
    let target = value["$ref"].as_str().and_then(|at| at.strip_prefix('#'));
    target.map_or(value, |pointer| {
        DOCUMENT.pointer(pointer).expect("what is referred to")
    })
}

/// Refuses fields that no schema names: an answer may have them in a later version, and not in the one that is tested.
fn refuse_more(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            if fields
                .get("properties")
                .is_some_and(|fields| fields.is_object())
                && fields["type"] == "object"
            {
                fields.entry("additionalProperties").or_insert(json!(false));
            }
            fields.values_mut().for_each(refuse_more);
        }
        Value::Array(items) => items.iter_mut().for_each(refuse_more),
        _ => {}
    }
}
