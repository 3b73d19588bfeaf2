//! `openapi.json`, written from the types.

mod build;
mod complete;
mod operations;
mod references;
mod schemas;

use expect_test::expect_file;

use references::references;

/// Everything that the document has beside its operations.
const DESCRIPTION: &str = "A to-do list that you talk to, and that talks back at the right moment.\n\n\
    Instants are RFC 3339 in UTC, of the years 1970 to 9999 and without leap seconds; wall-clock values carry their zone, and \
    their dates are of the years 1970 to 9000. Errors are problem details (RFC 9457). Another person's ids answer 404. A command \
    with an Idempotency-Key can be sent again: for 24 hours it gets the first answer.";

#[test]
fn the_committed_document_is_that_of_the_types() {
    let document = build::document(DESCRIPTION, operations::all());
    let text = serde_json::to_string_pretty(&document).expect("JSON");
    expect_file!["../../openapi.json"].assert_eq(&format!("{text}\n"));
}

/// Every reference of the document leads somewhere, and every component is referred to.
#[test]
fn nothing_dangles_and_nothing_is_left_over() {
    let document = build::document(DESCRIPTION, operations::all());
    let mut referred = Vec::new();
    references(&document, &mut referred);
    for reference in &referred {
        let pointer = reference.trim_start_matches('#');
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
    for (kind, components) in document["components"].as_object().expect("components") {
        for name in components.as_object().expect("names").keys() {
            let reference = format!("#/components/{kind}/{name}");
            let is_used = kind == "securitySchemes"
                || schemas::BESIDE.contains(&name.as_str())
                || referred.contains(&reference);
            assert!(is_used, "{reference}");
        }
    }
}
