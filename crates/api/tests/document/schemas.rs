//! The schemas of bodies: one of each type, or two where a request may say less than an answer does.

use std::collections::{BTreeMap, BTreeSet};

use schemars::generate::{Contract, SchemaSettings};
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value};

use crate::references::references;

/// Schemas that no operation refers to: the messages of the WebSocket.
pub(crate) const BESIDE: [&str; 2] = ["ClientMessage", "ServerMessage"];

/// Where a document has its schemas.
const PLACE: &str = "#/components/schemas/";

/// Gathers the schemas of all types that are asked for.
pub(crate) struct Schemas {
    answers: SchemaGenerator,
    requests: SchemaGenerator,
}

impl Schemas {
    pub(crate) fn new() -> Self {
        let generator = |contract: Contract| {
            let mut settings = SchemaSettings::draft2020_12();
            settings.definitions_path = "/components/schemas".into();
            settings.contract = contract;
            settings.into_generator()
        };
        Self {
            answers: generator(Contract::Serialize),
            requests: generator(Contract::Deserialize),
        }
    }

    /// What an answer says.
    pub(crate) fn answer<T: JsonSchema>(&mut self) -> Value {
        self.answers.subschema_for::<T>().to_value()
    }

    /// What a request may say. The reference is right only after [`settle`](Self::settle).
    pub(crate) fn request<T: JsonSchema>(&mut self) -> Value {
        let mut schema = self.requests.subschema_for::<T>().to_value();
        mark(&mut schema);
        schema
    }

    /// All schemas. References to requests in `document` are settled: to the answer's schema where that is the same, else to
    /// one of their own, with `Input` behind the name.
    pub(crate) fn settle(mut self, document: &mut Value) -> Value {
        let answers = plain_fields(definitions(&mut self.answers));
        let mut requests = definitions(&mut self.requests);
        for schema in requests.values_mut() {
            every(schema, &mut refuse_more);
        }
        let shared = plain_fields(requests.clone());
        let own = of_their_own(&answers, &shared);
        let mut all = Map::new();
        for (name, schema) in &answers {
            // An answer may say more in a later version.
            all.insert(name.clone(), lenient(schema));
        }
        for (name, schema) in requests {
            let (name, mut schema) = match (own.contains(&name), answers.contains_key(&name)) {
                (true, _) => (format!("{name}Input"), schema),
                // The request's refuses what it does not know.
                (false, true) => (name.clone(), shared[&name].clone()),
                (false, false) => (name, schema),
            };
            mark(&mut schema);
            unmark(&mut schema, &own);
            all.insert(name, schema);
        }
        unmark(document, &own);
        let mut all = Value::Object(all);
        plain(&mut all);
        all
    }
}

fn definitions(generator: &mut SchemaGenerator) -> BTreeMap<String, Value> {
    generator.take_definitions(true).into_iter().collect()
}

/// A request has no other fields than those of its type.
fn refuse_more(schema: &mut Map<String, Value>) {
    if schema.contains_key("properties") {
        let more = schema.entry("additionalProperties");
        more.or_insert(Value::Bool(false));
    }
}

/// An answer leaves out a field that need not be there where there is nothing, and has no `null` in its place.
fn plain_fields(mut schemas: BTreeMap<String, Value>) -> BTreeMap<String, Value> {
    for schema in schemas.values_mut() {
        every(schema, &mut leave_out_instead_of_null);
    }
    schemas
}

fn leave_out_instead_of_null(schema: &mut Map<String, Value>) {
    let required = schema.get("required").cloned().unwrap_or_default();
    let Some(Value::Object(fields)) = schema.get_mut("properties") else {
        return;
    };
    for (name, field) in fields {
        let is_required = required
            .as_array()
            .is_some_and(|required| required.contains(&Value::from(name.as_str())));
        if let (false, Value::Object(field)) = (is_required, field) {
            refuse_null(field);
        }
    }
}

fn refuse_null(schema: &mut Map<String, Value>) {
    if schema.get("default").is_some_and(Value::is_null) {
        schema.remove("default");
    }
    if let Some(Value::Array(values)) = schema.get_mut("enum") {
        values.retain(|value| !value.is_null());
    }
    if let Some(Value::Array(kinds)) = schema.get_mut("type") {
        kinds.retain(|kind| kind != "null");
        if let [kind] = kinds.as_slice() {
            let kind = kind.clone();
            schema.insert("type".to_owned(), kind);
        }
    }
    if let Some(Value::Array(choices)) = schema.get_mut("anyOf") {
        choices.retain(|choice| choice["type"] != "null");
        if let [Value::Object(only)] = choices.as_slice() {
            let only = only.clone();
            schema.remove("anyOf");
            schema.extend(only);
        }
    }
}

/// The requests that are not the same as the answer of their name, or that have such a part.
fn of_their_own(
    answers: &BTreeMap<String, Value>,
    requests: &BTreeMap<String, Value>,
) -> BTreeSet<String> {
    let differs = |(name, schema): (&String, &Value)| {
        let answer = answers.get(name)?;
        (lenient(answer) != lenient(schema)).then(|| name.clone())
    };
    let mut own: BTreeSet<String> = requests.iter().filter_map(differs).collect();
    loop {
        let has_own_part = |(name, schema): (&String, &Value)| {
            let mut found = Vec::new();
            references(schema, &mut found);
            let is_new = answers.contains_key(name) && !own.contains(name);
            let has = found.iter().any(|reference| {
                let part = reference.trim_start_matches(PLACE);
                own.contains(part)
            });
            (is_new && has).then(|| name.clone())
        };
        let more: Vec<String> = requests.iter().filter_map(has_own_part).collect();
        if more.is_empty() {
            return own;
        }
        own.extend(more);
    }
}

/// The schema without whether other fields are refused.
fn lenient(schema: &Value) -> Value {
    let mut schema = schema.clone();
    every(&mut schema, &mut |fields| {
        if fields.get("additionalProperties") == Some(&Value::Bool(false)) {
            fields.remove("additionalProperties");
        }
    });
    schema
}

/// Marks the references of a request.
fn mark(schema: &mut Value) {
    every(schema, &mut |fields| {
        if let Some(Value::String(reference)) = fields.get_mut("$ref") {
            reference.push('?');
        }
    });
}

/// Settles marked references.
fn unmark(schema: &mut Value, own: &BTreeSet<String>) {
    every(schema, &mut |fields| {
        let Some(Value::String(reference)) = fields.get_mut("$ref") else {
            return;
        };
        let Some(settled) = reference.strip_suffix('?').map(str::to_owned) else {
            return;
        };
        let is_own = own.contains(settled.trim_start_matches(PLACE));
        *reference = format!("{settled}{}", if is_own { "Input" } else { "" });
    });
}

/// Leaves out what says nothing to a reader: Rust's sizes of numbers, and where its comments break lines.
fn plain(schemas: &mut Value) {
    every(schemas, &mut |fields| {
        if let Some(Value::String(text)) = fields.get_mut("description") {
            let paragraphs: Vec<String> = text
                .split("\n\n")
                .map(|text| text.replace('\n', " "))
                .collect();
            *text = paragraphs.join("\n\n");
        }
        let is_size = |format: &Value| {
            let format = format.as_str().unwrap_or_default();
            format.starts_with("uint") || format.starts_with("int")
        };
        if fields.get("format").is_some_and(is_size) {
            fields.remove("format");
        }
    });
}

fn every(value: &mut Value, change: &mut impl FnMut(&mut Map<String, Value>)) {
    match value {
        Value::Object(fields) => {
            change(fields);
            fields.values_mut().for_each(|value| every(value, change));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| every(item, change)),
        _ => {}
    }
}
