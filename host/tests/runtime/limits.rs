//! Components that loop, eat memory or trap: ended, while the others go on.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use nudge_host::allowance::{Chain, Source};
use nudge_host::function::{CallError, Functions};
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

/// A call that is the first of a chain.
async fn call_from(functions: &Functions, id: &str, source: Source) -> Result<(), CallError> {
    call_in(functions, id, Chain::from(source)).await
}

async fn call_in(functions: &Functions, id: &str, chain: Chain) -> Result<(), CallError> {
    let mut request = Request::get("http://127.0.0.1/").body(Full::new(Bytes::new()));
    if let Ok(request) = &mut request {
        request.extensions_mut().insert(chain);
    }
    let response = functions.call(id, request.expect("a request")).await;
    response.map(|_| ())
}

/// What comes from outside and comes to no end leaves deliveries and ticks theirs, which are done while it is still at work.
///
/// Seen to fail: with one allowance for all.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn endless_requests_leave_deliveries_theirs() {
    let (_folder, manifest) = bad_components();
    let dapr = Arc::new(EmptyDapr::default());
    let functions = functions(&manifest, &cache(), &dapr, None).expect("linked");
    let functions = Arc::new(functions.with_time_limit(Duration::from_secs(600)));
    let endless: Vec<_> = (0..300)
        .map(|_| {
            let functions = Arc::clone(&functions);
            tokio::spawn(async move { call_from(&functions, "looping", Source::Outside).await })
        })
        .collect();
    tokio::time::sleep(Duration::from_secs(1)).await;
    for source in [Source::Delivery, Source::Tick, Source::Socket] {
        let answer = call_from(&functions, "good", source).await;
        assert!(matches!(answer, Err(CallError::Failed(_))), "{answer:?}");
        assert!(endless.iter().any(|one| !one.is_finished()), "too late");
    }
    // When the process ends, what is at work gets a while and no more.
    let left = functions.finish_within(Duration::from_millis(100)).await;
    assert!(left > 0);
    for one in endless {
        one.abort();
    }
}

/// More calls at once than there are instances: each gets one in its turn, and none finds the pool full.
///
/// The order itself, first the instance and then the permit, is one of microseconds: it was seen by reading only.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_permit_means_that_there_is_an_instance() {
    let (_folder, manifest) = bad_components();
    let dapr = Arc::new(EmptyDapr::default());
    let functions = functions(&manifest, &cache(), &dapr, None).expect("linked");
    let sources = [
        Source::Outside,
        Source::Delivery,
        Source::Tick,
        Source::Socket,
    ];
    let chains = sources.into_iter().flat_map(|source| {
        let first = Chain::from(source);
        [first, first.deeper(), first.deeper().deeper()]
    });
    let functions = Arc::new(functions);
    let calls = chains
        .flat_map(|chain| std::iter::repeat_n(chain, 1_000))
        .map(|chain| {
            let functions = Arc::clone(&functions);
            async move {
                let called = tokio::spawn(async move { call_in(&functions, "good", chain).await });
                called.await.expect("no panic")
            }
        });
    for answer in futures::future::join_all(calls).await {
        let said = answer.expect_err("it says nothing").to_string();
        assert!(said.contains("ended without an answer"), "{said}");
    }
}
