//! The real components, as `spin.toml` names them.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use nudge_host::component::Cache;
use nudge_host::engine;

use crate::{EmptyDapr, cache, functions, get, manifest};

/// Every function is there, links with its dependencies, asks its own Dapr, and answers.
#[tokio::test(flavor = "multi_thread")]
async fn every_function_runs() {
    let manifest = manifest();
    let dapr = Arc::new(EmptyDapr::default());
    let functions = functions(&manifest, &cache(), &dapr, None).expect("all functions");
    for id in manifest.component.keys() {
        let path = format!("/{id}/health");
        let (status, body) = get(&functions, id, &path).await.expect(id);
        assert_eq!(status, 200, "{id}: {body}");
        assert!(body.contains(&format!("\"function\":\"{id}\"")), "{body}");
        let (status, body) = get(&functions, id, &format!("/{id}/nothing"))
            .await
            .expect(id);
        assert_eq!(status, 404, "{id}: {body}");
    }
    let asked = dapr.by.lock().expect("no panic").clone();
    assert!(asked.contains(&"task-service".to_owned()), "{asked:?}");
    functions.finish().await;
}

/// `allowed_outbound_hosts` is enforced: a function that may not call its Dapr does not reach it, and says so.
#[tokio::test(flavor = "multi_thread")]
async fn a_function_reaches_only_what_it_may() {
    let mut manifest = manifest();
    manifest.component.retain(|id, _| id == "task-service");
    for (allowed, status, asked) in [
        (&["http://127.0.0.1:3501"][..], 200, 1),
        (&["http://127.0.0.1:3502"][..], 503, 0),
        (&[][..], 503, 0),
    ] {
        let dapr = Arc::new(EmptyDapr::default());
        let functions = functions(&manifest, &cache(), &dapr, Some(allowed)).expect("a function");
        let answer = get(&functions, "task-service", "/task-service/health").await;
        let (found, body) = answer.expect("an answer");
        assert_eq!(found, status, "{allowed:?}: {body}");
        assert_eq!(dapr.asked.load(Ordering::SeqCst), asked, "{allowed:?}");
    }
}

/// A missing component is named, with what to do; so is an import that nothing fills.
#[test]
fn what_is_missing_is_named() {
    let dapr = Arc::new(EmptyDapr::default());
    let mut absent = manifest();
    let task_service = absent
        .component
        .get_mut("task-service")
        .expect("a component");
    task_service.source = "nowhere/task_service.wasm".into();
    let error = functions(&absent, &cache(), &dapr, None)
        .map(|_| ())
        .expect_err("missing");
    for word in [
        "task-service",
        "nowhere/task_service.wasm",
        "cargo xtask build",
    ] {
        assert!(error.contains(word), "{error}");
    }
    let mut unfilled = manifest();
    unfilled
        .component
        .retain(|id, _| id == "notification-service");
    let service = unfilled.component.get_mut("notification-service");
    service.expect("a component").dependencies.clear();
    let folder = tempfile::tempdir().expect("a folder");
    let own = Cache::new(folder.path().to_owned()).expect("a cache");
    let error = functions(&unfilled, &own, &dapr, None)
        .map(|_| ())
        .expect_err("unfilled");
    assert!(error.contains("nudge:channels/email"), "{error}");
}

/// A component is compiled once; a cached file that is damaged is compiled anew, and older versions go.
#[test]
fn compiled_once() {
    let manifest = manifest();
    let component = &manifest.component["websocket-gateway"];
    let folder = tempfile::tempdir().expect("a folder");
    let files = || -> Vec<_> {
        let entries = std::fs::read_dir(folder.path()).expect("a folder");
        entries.flatten().map(|entry| entry.path()).collect()
    };
    let engine = engine::new().expect("an engine");
    let cache = Cache::new(folder.path().to_owned()).expect("a cache");
    let load = || {
        cache
            .load(&engine, "websocket-gateway", component)
            .map(|_| ())
    };
    load().expect("compiled");
    let [compiled] = files().try_into().expect("one file");
    let written = || {
        std::fs::metadata(&compiled)
            .and_then(|file| file.modified())
            .expect("a time")
    };
    let first = written();
    load().expect("cached");
    assert_eq!(written(), first, "compiled again");

    std::fs::write(&compiled, "damaged").expect("written");
    load().expect("compiled anew");
    assert!(std::fs::metadata(&compiled).is_ok_and(|file| file.len() > 100_000));

    let old = folder
        .path()
        .join(format!("websocket-gateway-{}.cwasm", "0".repeat(32)));
    let other = folder
        .path()
        .join(format!("task-service-{}.cwasm", "0".repeat(32)));
    for path in [&old, &other] {
        std::fs::write(path, "old").expect("written");
    }
    std::fs::remove_file(&compiled).expect("removed");
    load().expect("compiled anew");
    assert!(!old.exists() && other.exists());
}
