//! The example of docs/your-own-function.md, added to the application as the document says: its lines behind those of
//! spin.toml, its files beside those of dapr-components.

use std::fs;
use std::path::Path;

use http::Method;
use scenarios::{Host, HostSettings, Person, eventually, task};
use serde_json::json;

use crate::start::copy;

/// The application over `folder`, with the example `name` as one function more.
fn with_example(folder: &Path, name: &str) -> HostSettings {
    let mut settings = HostSettings::new(&folder.join("data"));
    let root = settings.manifest.parent().expect("the repository");
    let example = root.join("examples").join(name);
    let read = |path: &Path| fs::read_to_string(path).expect("a manifest");
    let text = read(&settings.manifest) + &read(&example.join("spin.toml"));
    // The copy lies elsewhere, and its paths are relative to it.
    let target = format!("\"{}/target/", root.display());
    let (manifest, components) = (folder.join("spin.toml"), folder.join("dapr-components"));
    fs::write(&manifest, text.replace("\"target/", &target)).expect("written");
    copy(&settings.components, &components);
    copy(&example.join("dapr-components"), &components);
    settings.manifest = manifest;
    settings.components = components;
    settings
}

async fn has_done(person: &Person, count: u64) {
    eventually(&format!("a count of {count}"), async || {
        let answer = person.gets("/api/done-count").await.expect(200);
        (answer.json() == json!({ "done": count })).then_some(())
    })
    .await;
}

/// The function hears what the task service says, answers people, and is closed to everybody else like the other eight.
///
/// Seen to fail: without the subscription's file.
#[tokio::test]
async fn a_ninth_function_counts_what_people_complete() {
    let folder = tempfile::tempdir().expect("a folder");
    let host = Host::start(with_example(folder.path(), "done-counter")).await;
    let (mia, kai) = (host.person("mia").await, host.person("kai").await);
    has_done(&mia, 0).await;
    let milk = mia.creates(task("Milk")).await;
    let bread = mia.creates(task("Bread")).await;
    mia.completes(&milk).await;
    mia.completes(&bread).await;
    has_done(&mia, 2).await;
    mia.reopens(&bread).await;
    has_done(&mia, 1).await;
    has_done(&kai, 0).await;

    let stranger = Person::new(host.address(), "stranger", None);
    stranger.gets("/api/done-count").await.problem(401);
    let health = stranger.gets("/done-counter/health").await.expect(200);
    assert_eq!(health.json()["function"], "done-counter");
    stranger
        .posts("/done-counter/events", &json!({}))
        .await
        .expect(404);

    let host = host.restart().await;
    let mia = mia.at(host.address());
    has_done(&mia, 1).await;
    let erase = mia.asks(Method::DELETE, "/api/account");
    let erase = erase.json(&json!({ "confirm": "erase" }));
    erase.answer().await.expect(202);
    has_done(&mia, 0).await;
}
