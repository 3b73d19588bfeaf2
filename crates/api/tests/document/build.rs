//! The document as JSON, built of operations.

use schemars::JsonSchema;
use serde_json::{Map, Value, json};

use crate::schemas::Schemas;

/// One operation, with all that the document says of it.
pub(crate) struct Operation {
    method: &'static str,
    path: &'static str,
    id: &'static str,
    tag: &'static str,
    summary: &'static str,
    description: &'static str,
    parameters: Vec<Value>,
    body: Option<Value>,
    answers: Vec<(u16, Value)>,
    errors: Vec<u16>,
    needs_token: bool,
}

/// The document's sections: each with its operations.
pub(crate) struct Section {
    pub(crate) name: &'static str,
    pub(crate) description: &'static str,
}

/// What failures are: status, name of the component, what it says, and whether it has `Retry-After`.
const ERRORS: [(u16, &str, &str, bool); 10] = [
    (400, "BadRequest", "The request is malformed.", false),
    (
        401,
        "Unauthorized",
        "No token, or one that does not hold.",
        false,
    ),
    (404, "NotFound", "Nothing there for this person.", false),
    (
        409,
        "Conflict",
        "The state of things does not allow it.",
        false,
    ),
    (
        412,
        "PreconditionFailed",
        "It has changed meanwhile.",
        false,
    ),
    (413, "TooLarge", "The body is over 256 KiB.", false),
    (415, "UnsupportedMediaType", "The body is no JSON.", false),
    (
        422,
        "Invalid",
        "Fields are wrong; errors says which.",
        false,
    ),
    (
        429,
        "TooMany",
        "More is in progress for the caller, or for their network address, than may be at once; nothing was done.",
        true,
    ),
    (503, "Unavailable", "Nothing is lost; try again.", true),
];

/// What an answer has beside its body.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum With {
    Nothing,
    /// The version, for `If-Match`.
    Version,
    /// The same, and where it is.
    VersionAndPlace,
}

impl Operation {
    /// An operation of somebody who has signed in.
    pub(crate) fn new(method: &'static str, path: &'static str, id: &'static str) -> Self {
        Self {
            method,
            path,
            id,
            tag: "",
            summary: "",
            description: "",
            parameters: Vec::new(),
            body: None,
            answers: Vec::new(),
            errors: vec![401, 429, 503],
            needs_token: true,
        }
    }

    pub(crate) fn tag(mut self, tag: &'static str) -> Self {
        self.tag = tag;
        self
    }

    pub(crate) fn says(mut self, summary: &'static str, description: &'static str) -> Self {
        (self.summary, self.description) = (summary, description);
        self
    }

    /// Anybody may ask for it.
    pub(crate) fn for_everybody(mut self, errors: &[u16]) -> Self {
        self.needs_token = false;
        self.errors = errors.to_vec();
        self
    }

    pub(crate) fn takes(mut self, parameter: Value) -> Self {
        self.parameters.push(parameter);
        self
    }

    /// Repeats of it are harmless.
    pub(crate) fn repeatable(self) -> Self {
        self.takes(shared("IdempotencyKey"))
    }

    /// Only if the task is still as the caller has read it.
    pub(crate) fn if_match(self) -> Self {
        self.takes(shared("IfMatch")).fails(&[412])
    }

    /// A page of a list.
    pub(crate) fn paged(self) -> Self {
        self.takes(shared("Limit"))
            .takes(shared("Cursor"))
            .fails(&[400, 422])
    }

    pub(crate) fn body<T: JsonSchema>(self, schemas: &mut Schemas) -> Self {
        self.body_as::<T>(schemas, &["application/json"])
    }

    pub(crate) fn body_as<T: JsonSchema>(mut self, schemas: &mut Schemas, kinds: &[&str]) -> Self {
        let schema = schemas.request::<T>();
        let contents = kinds
            .iter()
            .map(|&kind| (kind.to_owned(), json!({ "schema": schema })));
        self.body = Some(json!({ "required": true, "content": contents.collect::<Map<_, _>>() }));
        self.fails(&[400, 413, 415, 422])
    }

    pub(crate) fn answers<T: JsonSchema>(
        self,
        schemas: &mut Schemas,
        status: u16,
        says: &str,
        with: With,
    ) -> Self {
        let schema = schemas.answer::<T>();
        self.answers_as(
            status,
            says,
            with,
            json!({ "application/json": { "schema": schema } }),
        )
    }

    pub(crate) fn answers_as(
        mut self,
        status: u16,
        says: &str,
        with: With,
        content: Value,
    ) -> Self {
        let text = |says: &str| json!({ "description": says, "schema": { "type": "string" } });
        let mut answer = json!({ "description": says });
        if !content.is_null() {
            answer["content"] = content;
        }
        if with != With::Nothing {
            answer["headers"] =
                json!({ "ETag": text("The version, in quotes: what If-Match takes.") });
        }
        if with == With::VersionAndPlace {
            answer["headers"]["Location"] = text("Where it is.");
        }
        self.answers.push((status, answer));
        self
    }

    /// Answers without a body.
    pub(crate) fn answers_nothing(self, status: u16, says: &str) -> Self {
        self.answers_as(status, says, With::Nothing, Value::Null)
    }

    pub(crate) fn fails(mut self, errors: &[u16]) -> Self {
        self.errors.extend(errors);
        self
    }

    fn value(&self) -> Value {
        let refused = self.errors.iter().map(|status| {
            let error = ERRORS.iter().find(|(known, ..)| known == status);
            let (_, name, ..) = error.expect("a known status");
            (
                *status,
                json!({ "$ref": format!("#/components/responses/{name}") }),
            )
        });
        let answers = self.answers.iter().cloned().chain(refused);
        let responses = answers.map(|(status, answer)| (status.to_string(), answer));
        let mut value = json!({
            "operationId": self.id,
            "tags": [self.tag],
            "summary": self.summary,
            "responses": responses.collect::<Map<_, _>>(),
        });
        if !self.description.is_empty() {
            value["description"] = json!(self.description);
        }
        if !self.parameters.is_empty() {
            value["parameters"] = json!(self.parameters);
        }
        if let Some(body) = &self.body {
            value["requestBody"] = body.clone();
        }
        if !self.needs_token {
            value["security"] = json!([]);
        }
        value
    }
}

/// A parameter in the query.
pub(crate) fn in_query(name: &str, says: &str, schema: Value) -> Value {
    json!({ "name": name, "in": "query", "description": says, "schema": schema })
}

/// A parameter of several operations.
pub(crate) fn shared(name: &str) -> Value {
    json!({ "$ref": format!("#/components/parameters/{name}") })
}

/// A part of the path.
pub(crate) fn in_path(name: &str, says: &str, schema: Value) -> Value {
    json!({ "name": name, "in": "path", "required": true, "description": says, "schema": schema })
}

fn parameters() -> Value {
    let uuid = || json!({ "type": "string", "format": "uuid" });
    json!({
        "TaskId": in_path("id", "The task's id.", uuid()),
        "ReminderId": in_path("id", "The reminder's id.", uuid()),
        "NotificationId": in_path("id", "The notification's id.", uuid()),
        "Limit": in_query(
            "limit", "Most items of a page.", json!({ "type": "integer", "minimum": 1, "maximum": 200, "default": 50 }),
        ),
        "Cursor": in_query("cursor", "next_cursor of the page before.", json!({ "type": "string" })),
        "IdempotencyKey": {
            "name": "Idempotency-Key", "in": "header",
            "description": "Makes repeats harmless. Another request under the same key is answered 409.",
            "schema": { "type": "string", "minLength": 1, "maxLength": 255 },
        },
        "IfMatch": {
            "name": "If-Match", "in": "header",
            "description": "Only if the task is still at this version (its ETag).",
            "schema": { "type": "string" },
        },
    })
}

fn responses(problem: &Value) -> Value {
    let responses = ERRORS.iter().map(|&(_, name, says, comes_again)| {
        let mut response = json!({
            "description": says,
            "content": { "application/problem+json": { "schema": problem } },
        });
        if comes_again {
            response["headers"] =
                json!({ "Retry-After": { "description": "In seconds.", "schema": { "type": "integer" } } });
        }
        (name.to_owned(), response)
    });
    responses.collect::<Map<_, _>>().into()
}

/// The whole document.
pub(crate) fn document(
    description: &str,
    (sections, operations, mut schemas): (Vec<Section>, Vec<Operation>, Schemas),
) -> Value {
    let problem = schemas.answer::<api::Problem>();
    let mut paths = Map::new();
    for operation in &operations {
        let path = paths.entry(operation.path).or_insert_with(|| json!({}));
        path[operation.method] = operation.value();
    }
    let tags: Vec<Value> = sections
        .iter()
        .map(|section| json!({ "name": section.name, "description": section.description }))
        .collect();
    let mut document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Nudge",
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
            "description": description,
        },
        "servers": [{ "url": "/" }],
        "security": [{ "token": [] }],
        "tags": tags,
        "paths": paths,
        "components": {
            "securitySchemes": {
                "token": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": TOKEN },
            },
            "parameters": parameters(),
            "responses": responses(&problem),
        },
    });
    document["components"]["schemas"] = schemas.settle(&mut document);
    document
}

/// How callers show who they are.
const TOKEN: &str = "An OpenID Connect access token; on your own machine: nudge token.";
