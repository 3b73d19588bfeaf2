//! The component as it ships serves the screen that was built.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use futures::future::BoxFuture;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use nudge_host::component::Cache;
use nudge_host::engine;
use nudge_host::function::{DaprPort, Definition, Functions};
use nudge_host::manifest::Manifest;
use nudge_host::outbound::AllowedHosts;
use wasmtime_wasi_http::Error as HttpError;

const ID: &str = "web-app";

/// A Dapr that nobody may need for a page.
struct NoDapr;

impl DaprPort for NoDapr {
    fn handle(
        &self,
        _: &str,
        request: Request<Bytes>,
    ) -> BoxFuture<'static, Result<Response<Bytes>, HttpError>> {
        panic!("the screen asked Dapr for {}", request.uri())
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn functions() -> Functions {
    let manifest = Manifest::read(&root().join("spin.toml")).expect("the manifest");
    let component = manifest.component.get(ID).expect("the web app");
    let engine = engine::new().expect("an engine");
    let cache = Cache::new(root().join("target/test-compiled")).expect("a cache");
    let component = cache
        .load(&engine, ID, component)
        .expect("build the components first: cargo xtask build");
    let definition = Definition {
        id: ID.to_owned(),
        component,
        variables: HashMap::new(),
        allowed: AllowedHosts::parse([]).expect("no hosts"),
    };
    let port: Arc<dyn DaprPort> = Arc::new(NoDapr);
    Functions::new(&engine, vec![definition], &port).expect("a function")
}

async fn get(functions: &Functions, path: &str) -> (Response<()>, Bytes) {
    let request = Request::get(path)
        .header("host", "localhost")
        .header("sec-fetch-mode", "navigate")
        .body(Full::new(Bytes::new()))
        .expect("a request");
    let response = functions.call(ID, request).await.expect("an answer");
    let (parts, body) = response.into_parts();
    let body = body.collect().await.expect("a body").to_bytes();
    (Response::from_parts(parts, ()), body)
}

#[tokio::test]
async fn the_component_serves_the_screen() {
    let functions = functions();
    let (page, html) = get(&functions, "/").await;
    assert_eq!(page.status(), StatusCode::OK);
    let html = String::from_utf8(html.to_vec()).expect("text");
    let built = std::fs::read_to_string(root().join("web/dist/index.html"));
    assert_eq!(html, built.expect("the built screen"));
    let assets: Vec<&str> = html
        .split('"')
        .filter(|text| text.starts_with("/assets/"))
        .collect();
    assert!(!assets.is_empty(), "the page has a script");
    for path in assets {
        let (asset, body) = get(&functions, path).await;
        assert_eq!(asset.status(), StatusCode::OK, "{path}");
        assert_eq!(
            asset.headers()["cache-control"],
            "public, max-age=31536000, immutable"
        );
        let built = std::fs::read(root().join("web/dist").join(&path[1..]));
        assert_eq!(body, built.expect("the built file"), "{path}");
    }
}
