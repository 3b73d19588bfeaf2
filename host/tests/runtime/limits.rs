//! Components that loop, eat memory or trap: ended, while the others go on.

use std::sync::Arc;
use std::time::{Duration, Instant};

use nudge_host::function::CallError;
use nudge_host::manifest::Manifest;
use tempfile::TempDir;

use crate::{EmptyDapr, cache, functions, get};

/// What a component does with a request, as the body of its core function.
const BODIES: [(&str, &str); 5] = [
    ("good", ""),
    ("looping", "(loop (br 0))"),
    // Grows by 1 MiB until it gets no more, and then says so with a trap.
    (
        "eating",
        "(loop (br_if 0 (i32.ne (memory.grow (i32.const 16)) (i32.const -1)))) \
         (if (i32.gt_u (memory.size) (i32.const 1024)) (then (loop (br 1)))) (unreachable)",
    ),
    ("trapping", "(unreachable)"),
    // Recurses until the stack is used up.
    ("recursing", "(call 0 (local.get 0) (local.get 1))"),
];

/// A manifest with these components.
fn bad_components() -> (TempDir, Manifest) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut text = "spin_manifest_version = 2\n[application]\nname = \"bad\"\n".to_owned();
    for (id, body) in BODIES {
        let wat = include_str!("handler.wat").replace("(; body ;)", body);
        let wasm = wat::parse_str(wat).expect(id);
        std::fs::write(folder.path().join(format!("{id}.wasm")), wasm).expect("written");
        text.push_str(&format!(
            "[[trigger.http]]\nroute = \"/{id}\"\ncomponent = \"{id}\"\n[component.{id}]\nsource = \"{id}.wasm\"\n"
        ));
    }
    let path = folder.path().join("spin.toml");
    std::fs::write(&path, text).expect("written");
    let manifest = Manifest::read(&path).expect("a manifest");
    (folder, manifest)
}

/// Each ends in its own way, and the next request finds the host as it was.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_components_are_ended() {
    const LIMIT: Duration = Duration::from_secs(1);
    let (_folder, manifest) = bad_components();
    let dapr = Arc::new(EmptyDapr::default());
    let functions = functions(&manifest, &cache(), &dapr, None).expect("linked");
    let functions = functions.with_time_limit(LIMIT);
    for (id, expected) in [
        ("trapping", "unreachable"),
        ("eating", "unreachable"),
        ("recursing", "call stack exhausted"),
        ("good", "ended without an answer"),
    ] {
        let error = get(&functions, id, "/").await.map(|_| ()).expect_err(id);
        assert!(matches!(&error, CallError::Failed(_)), "{id}: {error:?}");
        assert!(error.to_string().contains(expected), "{id}: {error}");
    }
    // More of them than there are threads: they give way to each other and to the clock.
    let begun = Instant::now();
    let looping = (0..8).map(|_| get(&functions, "looping", "/"));
    for result in futures::future::join_all(looping).await {
        assert!(matches!(result, Err(CallError::TimedOut)), "{result:?}");
    }
    assert!(begun.elapsed() >= LIMIT);
    let unknown = get(&functions, "unknown", "/").await;
    assert!(matches!(unknown, Err(CallError::Unknown(_))));
    functions.finish().await;
}
