//! `GET /api/docs`: the API's document as a page for people, rendered here, without a script.

use std::fmt::Write;

use function::Response;
use http::StatusCode;
use serde_json::Value;

use crate::openapi;
use crate::page::{escape, page};

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

fn render(document: &Value) -> String {
    let mut html = String::from("<main>");
    let info = &document["info"];
    html.push_str(&format!(
        "<h1>{}</h1>{}<p><a href=\"/api/openapi.json\">openapi.json</a> (OpenAPI {}) · <a href=\"/\">Nudge</a></p>",
        text(&info["title"]),
        paragraphs(&info["description"]),
        text(&document["openapi"]),
    ));
    for tag in array(&document["tags"]) {
        html.push_str(&format!(
            "<h2>{}</h2><p class=quiet>{}</p>",
            text(&tag["name"]),
            text(&tag["description"])
        ));
        for (path, methods) in entries(&document["paths"]) {
            for method in METHODS {
                let operation = &methods[method];
                if array(&operation["tags"]).contains(&tag["name"]) {
                    operation_of(&mut html, document, path, method, operation);
                }
            }
        }
    }
    html.push_str("<h2>Schemas</h2>");
    for (name, schema) in entries(&document["components"]["schemas"]) {
        html.push_str(&format!(
            "<details id=\"{0}\"><summary><code>{0}</code><span class=quiet>{1}</span></summary><div>{2}</div></details>",
            escape(name),
            text(&schema["description"]),
            source(schema)
        ));
    }
    html.push_str("</main>");
    html
}

/// The answer.
pub(crate) fn page_for_people() -> Response {
    page(
        StatusCode::OK,
        "Nudge: API reference",
        &render(&openapi::parsed()),
    )
}

fn operation_of(html: &mut String, document: &Value, path: &str, method: &str, operation: &Value) {
    html.push_str(&format!(
        "<details><summary><span class=method>{}</span><code>{}</code><span class=quiet>{}</span></summary><div>{}",
        method.to_uppercase(),
        escape(path),
        text(&operation["summary"]),
        paragraphs(&operation["description"]),
    ));
    let shared = array(&document["paths"][path]["parameters"]).iter();
    let parameters: Vec<&Value> = shared
        .chain(array(&operation["parameters"]))
        .map(|parameter| resolve(document, parameter))
        .collect();
    if !parameters.is_empty() {
        html.push_str("<h3>Parameters</h3><table>");
        for parameter in parameters {
            html.push_str(&format!(
                "<tr><td><code>{}</code></td><td class=quiet>{}</td><td>{}</td></tr>",
                text(&parameter["name"]),
                text(&parameter["in"]),
                text(&parameter["description"]),
            ));
        }
        html.push_str("</table>");
    }
    for (media_type, content) in entries(&operation["requestBody"]["content"]) {
        html.push_str(&format!(
            "<h3>Body <code>{}</code></h3>{}",
            escape(media_type),
            source(&content["schema"])
        ));
    }
    html.push_str("<h3>Answers</h3><table>");
    for (status, response) in entries(&operation["responses"]) {
        let response = resolve(document, response);
        let schemas = entries(&response["content"]).map(|(_, content)| name(&content["schema"]));
        html.push_str(&format!(
            "<tr><td><code>{}</code></td><td>{}</td><td>{}</td></tr>",
            escape(status),
            text(&response["description"]),
            schemas.collect::<String>()
        ));
    }
    html.push_str("</table></div></details>");
}

/// What a `$ref` inside the document points at.
fn resolve<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    let target = value["$ref"].as_str().and_then(|at| at.strip_prefix('#'));
    target
        .and_then(|pointer| document.pointer(pointer))
        .unwrap_or(value)
}

/// A schema's name as a link, where it has one.
fn name(schema: &Value) -> String {
    let name = schema["$ref"].as_str().and_then(|at| at.rsplit('/').next());
    name.map_or(String::new(), |name| {
        format!("<a href=\"#{0}\"><code>{0}</code></a>", escape(name))
    })
}

fn source(schema: &Value) -> String {
    match name(schema) {
        link if !link.is_empty() => format!("<p>{link}</p>"),
        _ => format!(
            "<pre>{}</pre>",
            escape(&serde_json::to_string_pretty(schema).expect("a value is JSON"))
        ),
    }
}

fn paragraphs(value: &Value) -> String {
    let text = value.as_str().unwrap_or_default();
    text.split("\n\n")
        .filter(|paragraph| !paragraph.is_empty())
        .fold(String::new(), |mut html, paragraph| {
            write!(html, "<p>{}</p>", escape(paragraph)).expect("a String takes all");
            html
        })
}

fn text(value: &Value) -> String {
    escape(value.as_str().unwrap_or_default())
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn entries(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let fields = value.as_object().into_iter().flatten();
    fields.map(|(name, value)| (name.as_str(), value))
}
